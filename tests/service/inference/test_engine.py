"""The engine against plain calls of the same function: nothing lost, nothing mixed up, nothing computed in vain."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from service.errors import NotReady, Overloaded, ParameterInvalid
from service.http import app
from service.inference import engine
from service.inference.engine import Batch, Engine
from service.inference.queue import BACKGROUND_DELAY, Request, RequestQueues
from service.settings import Settings


def double(x: Tensor) -> Tensor:
    return 2 * x


def column(*values: float) -> Tensor:
    return torch.tensor(values).unsqueeze(1)


@dataclass
class Gate:
    """A function of tensors that waits inside the forward pass until it is opened, and notes what it was given."""

    opened: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    seen: list[list[float]] = field(default_factory=list)

    def __call__(self, x: Tensor) -> Tensor:
        self.seen.append(x.flatten().tolist())
        self.entered.set()
        assert self.opened.wait(10)
        return 2 * x

    async def wait_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, 10)


@asynccontextmanager
async def running(
    *,
    queue_items: int = 64,
    batch_items: int = 8,
    wait_ms: float = 0,
    on_batch: Callable[[Batch], None] | None = None,
    on_idle: Callable[[], None] | None = None,
) -> AsyncIterator[Engine]:
    engine = Engine(
        queue_items=queue_items, batch_items=batch_items, wait_ms=wait_ms, on_batch=on_batch, on_idle=on_idle
    )
    await engine.start()
    try:
        yield engine
    finally:
        await asyncio.wait_for(engine.stop(), 10)


async def settle() -> None:
    """Lets every task that can run now run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_results_are_those_of_a_plain_call_and_ordinary_tensors() -> None:
    async def check() -> None:
        async with running() as engine:
            x, y = torch.randn(5, 3), torch.randn(5, 3)
            result = await engine.run("add", torch.add, x, y)
            assert torch.equal(result, x + y)
            assert not result.is_inference()
            assert not result.requires_grad
            weight = torch.ones(3, requires_grad=True)
            assert not (await engine.run("multiply", lambda x: x * weight, x)).requires_grad

    asyncio.run(check())


def test_what_came_in_during_a_forward_is_the_next_batch_of_its_lane() -> None:
    async def check() -> None:
        gate, batches = Gate(), list[Batch]()
        async with running(on_batch=batches.append) as engine:
            first = asyncio.create_task(engine.run("a", gate, column(0)))
            await gate.wait_entered()
            others = [asyncio.create_task(engine.run("a", gate, column(i, -i))) for i in (1, 2, 3)]
            elsewhere = asyncio.create_task(engine.run("b", double, column(9)))
            await settle()
            assert engine.depth == 7
            gate.opened.set()
            results = await asyncio.gather(first, *others, elsewhere)
        assert gate.seen == [[0], [1, -1, 2, -2, 3, -3]]
        assert [result.flatten().tolist() for result in results] == [[0], [2, -2], [4, -4], [6, -6], [18]]
        assert [(batch.key, batch.requests, batch.items) for batch in batches] == [
            ("a", 1, 1),
            ("a", 3, 6),
            ("b", 1, 1),
        ]
        assert batches[1].wait_seconds > 0
        assert batches[0].forward_seconds > 0

    asyncio.run(check())


async def three_at_once(engine: Engine) -> None:
    """Makes the engine's last batch one of three requests."""
    gate = Gate()
    tasks = [asyncio.create_task(engine.run("other", gate, column(0)))]
    await gate.wait_entered()
    tasks += [asyncio.create_task(engine.run("a", double, column(i))) for i in range(3)]
    await settle()
    gate.opened.set()
    await asyncio.gather(*tasks)


def test_a_batch_waits_until_as_many_are_back_as_the_last_one_answered() -> None:
    async def check() -> None:
        batches: list[Batch] = []
        async with running(wait_ms=10_000, on_batch=batches.append) as engine:
            await three_at_once(engine)
            tasks = [asyncio.create_task(engine.run("a", double, column(1, 2)))]
            await asyncio.sleep(0.05)
            assert engine.depth == 2
            tasks += [asyncio.create_task(engine.run("a", double, column(i))) for i in range(2)]
            await asyncio.wait_for(asyncio.gather(*tasks), 5)
        assert (batches[-1].requests, batches[-1].items) == (3, 4)
        assert batches[-1].wait_seconds >= 0.05

    asyncio.run(check())


def test_a_batch_waits_no_longer_than_told_nor_when_it_is_full() -> None:
    async def check() -> None:
        batches: list[Batch] = []
        async with running(wait_ms=30, on_batch=batches.append) as engine:
            await three_at_once(engine)
            await asyncio.wait_for(engine.run("a", double, column(1)), 5)
            assert 0.03 <= batches[-1].wait_seconds < 5
        async with running(wait_ms=10_000, batch_items=4, on_batch=batches.append) as engine:
            await three_at_once(engine)
            await asyncio.wait_for(engine.run("a", double, column(1, 2, 3, 4)), 5)

    asyncio.run(check())


def test_who_comes_alone_does_not_wait() -> None:
    async def check() -> None:
        async with running(wait_ms=10_000) as engine:
            for queue in ("a", "a", "b", "a"):
                await asyncio.wait_for(engine.run(queue, double, column(1, 2)), 5)
            await three_at_once(engine)
            await asyncio.wait_for(engine.run("b", double, column(1)), 5)  # another queue than the last

    asyncio.run(check())


def test_the_lane_that_waited_longest_goes_next() -> None:
    async def check() -> None:
        gate, batches = Gate(), list[Batch]()
        async with running(batch_items=2, on_batch=batches.append) as engine:
            tasks = [asyncio.create_task(engine.run("busy", gate, column(0)))]
            await gate.wait_entered()
            for queue in ["busy", "busy", "busy", "rare", "busy", "busy"]:
                tasks.append(asyncio.create_task(engine.run(queue, gate, column(1))))
                await settle()
            gate.opened.set()
            await asyncio.gather(*tasks)
        assert [batch.key for batch in batches] == ["busy", "busy", "busy", "rare", "busy"]

    asyncio.run(check())


def test_a_request_larger_than_a_batch_is_cut_and_put_together_again() -> None:
    async def check() -> None:
        batches: list[Batch] = []
        async with running(batch_items=4, on_batch=batches.append) as engine:
            x = torch.randn(11, 2)
            assert torch.equal(await engine.run("a", double, x), 2 * x)
        assert [batch.items for batch in batches] == [4, 4, 3]

    asyncio.run(check())


def test_a_full_queue_refuses_with_a_time_to_come_back_after() -> None:
    async def check() -> None:
        gate = Gate()
        async with running(queue_items=4) as engine:
            first = asyncio.create_task(engine.run("a", gate, column(0)))
            await gate.wait_entered()
            waiting = asyncio.create_task(engine.run("a", gate, column(1, 2, 3)))
            await settle()
            with pytest.raises(Overloaded) as refused:
                await engine.run("b", double, column(1, 2))
            assert refused.value.retry_after == 1
            last = asyncio.create_task(engine.run("b", double, column(5)))  # exactly one place left
            gate.opened.set()
            await asyncio.gather(first, waiting, last)
            with pytest.raises(ParameterInvalid):  # would never fit
                await engine.run("a", double, torch.zeros(5, 1))

    asyncio.run(check())


def test_items_whose_caller_left_are_not_computed_and_free_their_places() -> None:
    async def check() -> None:
        gate = Gate()
        async with running(queue_items=4, batch_items=2) as engine:
            first = asyncio.create_task(engine.run("a", gate, column(0)))
            await gate.wait_entered()
            leaving = asyncio.create_task(engine.run("a", gate, column(1, 2, 3)))
            staying = asyncio.create_task(engine.run("a", gate, column(4)))
            await settle()
            assert engine.depth == 4
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            assert leaving.cancelled()
            assert engine.depth == 1
            gate.opened.set()
            await asyncio.gather(first, staying)
        assert gate.seen == [[0], [4]]

    asyncio.run(check())


def test_the_rest_of_a_cut_request_is_dropped_when_its_caller_leaves() -> None:
    async def check() -> None:
        gate = Gate()
        async with running(batch_items=2) as engine:
            leaving = asyncio.create_task(engine.run("a", gate, column(1, 2, 3, 4, 5)))
            await gate.wait_entered()
            leaving.cancel()
            await settle()
            assert engine.depth == 0
            gate.opened.set()
            assert torch.equal(await engine.run("a", gate, column(6)), column(12))
        assert gate.seen == [[1, 2], [6]]

    asyncio.run(check())


def test_one_bad_item_hurts_only_its_caller() -> None:
    def picky(x: Tensor) -> Tensor:
        if (x < 0).any():
            raise ValueError("negative")
        return 2 * x

    async def check() -> None:
        gate = Gate()
        async with running() as engine:
            first = asyncio.create_task(engine.run("gate", gate, column(0)))
            await gate.wait_entered()
            values = [column(1), column(-1), torch.ones(1, 2), column(2)]  # the third does not fit the others
            tasks = [asyncio.create_task(engine.run("a", picky, value)) for value in values]
            await settle()
            gate.opened.set()
            results = await asyncio.gather(first, *tasks, return_exceptions=True)
        assert isinstance(results[2], ValueError)
        assert str(results[2]) == "negative"
        assert [result.tolist() for result in results if isinstance(result, Tensor)] == [
            [[0]],
            [[2]],
            [[2, 2]],
            [[4]],
        ]

    asyncio.run(check())


def test_the_rest_of_a_cut_request_is_dropped_when_its_first_part_fails() -> None:
    seen: list[int] = []

    def fail(x: Tensor) -> Tensor:
        seen.append(len(x))
        raise ValueError("bad")

    async def check() -> None:
        async with running(batch_items=2) as engine:
            with pytest.raises(ValueError, match="bad"):
                await engine.run("a", fail, torch.zeros(5, 1))
        assert seen == [2]

    asyncio.run(check())


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), StopIteration(), MemoryError()])
def test_no_exception_stops_the_forward_thread(error: BaseException) -> None:
    def fail(x: Tensor) -> Tensor:
        raise error

    async def check() -> None:
        async with running() as engine:
            with pytest.raises((RuntimeError, MemoryError)):
                await engine.run("a", fail, column(1))
            assert (await engine.run("a", double, column(1))).item() == 2

    asyncio.run(check())


def test_a_function_that_gives_back_another_number_of_items_is_an_error() -> None:
    async def check() -> None:
        async with running(batch_items=2) as engine:
            with pytest.raises(RuntimeError, match="2 items gave a result of shape"):
                await engine.run("a", lambda x: x.sum(), column(1, 2))
            widths = iter((1, 2))
            with pytest.raises(RuntimeError):  # the slices of one request do not fit together
                await engine.run("a", lambda x: x.expand(-1, next(widths)), column(1, 2, 3, 4))
            assert (await engine.run("a", double, column(1))).item() == 2

    asyncio.run(check())


def test_a_failing_observer_hurts_nobody() -> None:
    def observer(batch: Batch) -> None:
        raise RuntimeError("metrics are down")

    async def check() -> None:
        async with running(on_batch=observer) as engine:
            for value in range(3):
                assert (await engine.run("a", double, column(value))).item() == 2 * value

    asyncio.run(check())


def test_stop_computes_what_waits_and_refuses_what_comes() -> None:
    async def check() -> None:
        gate = Gate()
        engine = Engine(queue_items=8, batch_items=2, wait_ms=0)
        with pytest.raises(NotReady):
            await engine.run("a", double, column(1))
        await engine.start()
        tasks = [asyncio.create_task(engine.run("a", gate, column(i))) for i in range(5)]
        await gate.wait_entered()
        stopping = asyncio.create_task(engine.stop())
        await settle()
        with pytest.raises(NotReady):
            await engine.run("a", double, column(1))
        gate.opened.set()
        assert [result.item() for result in await asyncio.gather(*tasks)] == [0, 2, 4, 6, 8]
        await stopping
        await engine.stop()

    asyncio.run(check())


def test_what_does_not_fit_into_the_time_to_drain_is_answered_too() -> None:
    async def check() -> None:
        gate = Gate()
        engine = Engine(queue_items=8, batch_items=1, wait_ms=0)
        await engine.start()
        running_now = asyncio.create_task(engine.run("a", gate, column(1)))
        await gate.wait_entered()
        waiting = asyncio.create_task(engine.run("a", gate, column(2)))
        await settle()
        stopping = asyncio.create_task(engine.stop(within=0.05))
        with pytest.raises(NotReady):
            await asyncio.wait_for(waiting, 10)
        gate.opened.set()
        assert (await running_now).item() == 2
        await stopping

    asyncio.run(check())


@dataclass(frozen=True)
class Visit:
    """One caller of a random schedule: when it comes, what it brings, and whether it leaves early."""

    queue: int
    items: int
    comes_after: int
    leaves_after: int | None
    bad: bool


visits = st.lists(
    st.builds(
        Visit,
        queue=st.integers(0, 2),
        items=st.integers(1, 7),
        comes_after=st.integers(0, 4),
        leaves_after=st.none() | st.integers(0, 4),
        bad=st.integers(0, 5).map(lambda n: n == 0),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(visits, st.integers(1, 5), st.integers(4, 16), st.sampled_from([0.0, 0.5]), st.integers(0, 30))
def test_any_schedule_every_caller_gets_its_own_answer(
    schedule: list[Visit], batch_items: int, queue_items: int, wait_ms: float, stops_after: int
) -> None:
    def function(x: Tensor) -> Tensor:
        assert len(x) <= batch_items
        if x.isnan().any():
            raise ValueError("bad")
        return 2 * x

    async def visit(engine: Engine, number: int, visit: Visit) -> None:
        x = number + torch.rand(visit.items, 2)
        if visit.bad:
            x[visit.items // 2] = float("nan")
        for _ in range(visit.comes_after):
            await asyncio.sleep(0.0005)
        task = asyncio.create_task(engine.run(visit.queue, function, x))
        if visit.leaves_after is not None:
            for _ in range(visit.leaves_after):
                await asyncio.sleep(0)
            task.cancel()
        try:
            assert torch.equal(await task, 2 * x)
            assert not visit.bad
        except ValueError:
            assert visit.bad
        except asyncio.CancelledError:
            assert visit.leaves_after is not None
        except ParameterInvalid:
            assert visit.items > queue_items
        except (Overloaded, NotReady):
            pass

    async def check() -> None:
        engine = Engine(queue_items=queue_items, batch_items=batch_items, wait_ms=wait_ms)
        await engine.start()
        callers = [asyncio.create_task(visit(engine, number, each)) for number, each in enumerate(schedule)]
        for _ in range(stops_after):
            await asyncio.sleep(0.0005)
        await engine.stop()
        await asyncio.gather(*callers)
        assert engine.depth == 0

    asyncio.run(asyncio.wait_for(check(), 20))


# in the background


def test_requests_go_before_what_came_sooner_in_the_background_and_find_the_queue_empty() -> None:
    async def check() -> None:
        order: list[str] = []

        def noting(name: str) -> Callable[[Tensor], Tensor]:
            def forward(x: Tensor) -> Tensor:
                order.append(name)
                return 2 * x

            return forward

        async with running(queue_items=3) as engine:
            gate = Gate()
            first = asyncio.create_task(engine.run("gate", gate, column(0)))
            await gate.wait_entered()
            behind = asyncio.create_task(
                engine.run("behind", noting("behind"), column(1, 2, 3, 4, 5), background=True)
            )
            await settle()
            assert engine.depth == 0
            requests = [
                asyncio.create_task(engine.run(name, noting(name), column(6))) for name in ("a", "b", "c")
            ]
            await settle()
            assert engine.depth == 3
            with pytest.raises(Overloaded):
                await engine.run("d", double, column(7))
            gate.opened.set()
            results = await asyncio.wait_for(asyncio.gather(first, behind, *requests), 10)
            assert results[1].tolist() == column(2, 4, 6, 8, 10).tolist()
            assert order == ["a", "b", "c", "behind"]
            assert engine.depth == 0
            alone = await asyncio.wait_for(engine.run("behind", double, column(3), background=True), 10)
            assert alone.tolist() == [[6]]

    asyncio.run(check())


@pytest.mark.parametrize(("later", "first"), [(0.5, "requests"), (0.99, "requests"), (1.01, "behind")])
def test_what_came_its_patience_later_leaves_the_background_its_turn(later: float, first: str) -> None:
    async def check() -> None:
        waiting = RequestQueues()
        for key, arrived in (("behind", 10.0), ("requests", 10.0 + later * BACKGROUND_DELAY)):
            future = asyncio.get_running_loop().create_future()
            waiting.push(
                Request(
                    batch_key=key,
                    function=double,
                    inputs=(column(1),),
                    items=1,
                    arrived=arrived,
                    background=key == "behind",
                    future=future,
                )
            )
        assert waiting.depth == 1
        assert waiting.next_key() == first
        for _ in range(2):
            waiting.take(waiting.next_key(), 8)
        assert waiting.empty

    asyncio.run(check())


def test_the_background_is_dropped_with_its_caller_and_stops_with_the_engine() -> None:
    async def check() -> None:
        async with running() as engine:
            gate = Gate()
            first = asyncio.create_task(engine.run("gate", gate, column(0)))
            await gate.wait_entered()
            leaving = asyncio.create_task(engine.run("behind", double, column(1, 2), background=True))
            await settle()
            leaving.cancel()
            await asyncio.wait([leaving])
            assert engine.depth == 0
            gate.opened.set()
            await first
        with pytest.raises(NotReady):
            await engine.run("behind", double, column(1), background=True)

    asyncio.run(check())


def test_after_work_and_only_then_it_rests_once_and_its_failures_harm_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "IDLE_SECONDS", 0.1)
    rests: list[str] = []

    def rest() -> None:
        rests.append(threading.current_thread().name)
        raise OSError("it cannot")

    async def check() -> None:
        async with running(on_idle=rest) as made:
            await asyncio.sleep(0.25)
            assert rests == []  # there was nothing to rest from
            for _ in range(4):
                await made.run("double", double, column(1.0))
                await asyncio.sleep(0.03)
            assert rests == []
            await asyncio.sleep(0.4)
            assert rests == ["forward"]
            assert (await made.run("double", double, column(2.0))).item() == 4.0
            await asyncio.sleep(0.25)
            assert rests == ["forward"] * 2

    asyncio.run(check())


def test_the_services_engine_gives_memory_back_when_it_rests(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[bool] = []
    monkeypatch.setattr(engine, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(app, "give_back", lambda: given.append(True))

    async def check() -> None:
        made = app.compose(Settings(home=tmp_path, device="cpu")).engine
        await made.start()
        await made.run("double", double, column(1.0))
        await asyncio.sleep(0.3)
        await made.stop()

    asyncio.run(check())
    assert given == [True]
