"""The engine, compared with direct calls: no request is lost, mixed up or computed in vain."""

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from service.deadline import start_deadline
from service.errors import DeadlineExceeded, NotReady, Overloaded, ParameterInvalid
from service.http import app
from service.inference import batching
from service.inference import engine as engine_module
from service.inference.engine import Batch, Engine
from service.inference.forward import Outcome
from service.inference.queue import Request
from service.settings import Settings
from service.tracebacks import forget_cancellation


def double(x: Tensor) -> Tensor:
    return 2 * x


def column(*values: float) -> Tensor:
    return torch.tensor(values).unsqueeze(1)


@dataclass
class Gate:
    """A function that blocks the forward pass until the test opens it, and records its inputs."""

    opened: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    calls: list[list[float]] = field(default_factory=list)

    def __call__(self, x: Tensor) -> Tensor:
        self.calls.append(x.flatten().tolist())
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
    """Let every ready task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_result_equals_a_direct_call_and_is_an_ordinary_tensor() -> None:
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


def test_requests_that_arrive_during_a_forward_pass_form_the_next_batch_of_their_key() -> None:
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
        assert gate.calls == [[0], [1, -1, 2, -2, 3, -3]]
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
    """Make the engine run a batch of three requests with the key `a`."""
    gate = Gate()
    tasks = [asyncio.create_task(engine.run("other", gate, column(0)))]
    await gate.wait_entered()
    tasks += [asyncio.create_task(engine.run("a", double, column(i))) for i in range(3)]
    await settle()
    gate.opened.set()
    await asyncio.gather(*tasks)


def test_batch_waits_for_as_many_requests_as_the_last_one_had() -> None:
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


def test_batch_waits_at_most_wait_ms_and_not_if_it_is_full() -> None:
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


def test_single_client_does_not_wait() -> None:
    async def check() -> None:
        async with running(wait_ms=10_000) as engine:
            for batch_key in ("a", "a", "b", "a"):
                await asyncio.wait_for(engine.run(batch_key, double, column(1, 2)), 5)
            await three_at_once(engine)
            await asyncio.wait_for(engine.run("b", double, column(1)), 5)  # another key than the last batch

    asyncio.run(check())


def test_key_with_the_oldest_request_is_served_next() -> None:
    async def check() -> None:
        gate, batches = Gate(), list[Batch]()
        async with running(batch_items=2, on_batch=batches.append) as engine:
            tasks = [asyncio.create_task(engine.run("busy", gate, column(0)))]
            await gate.wait_entered()
            for batch_key in ["busy", "busy", "busy", "rare", "busy", "busy"]:
                tasks.append(asyncio.create_task(engine.run(batch_key, gate, column(1))))
                await settle()
            gate.opened.set()
            await asyncio.gather(*tasks)
        assert [batch.key for batch in batches] == ["busy", "busy", "busy", "rare", "busy"]

    asyncio.run(check())


def test_large_request_is_cut_into_batches_and_reassembled() -> None:
    async def check() -> None:
        batches: list[Batch] = []
        async with running(batch_items=4, on_batch=batches.append) as engine:
            x = torch.randn(11, 2)
            assert torch.equal(await engine.run("a", double, x), 2 * x)
        assert [batch.items for batch in batches] == [4, 4, 3]

    asyncio.run(check())


def test_full_queue_refuses_with_retry_after() -> None:
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
            last = asyncio.create_task(engine.run("b", double, column(5)))  # fills the queue exactly
            gate.opened.set()
            await asyncio.gather(first, waiting, last)
            with pytest.raises(ParameterInvalid):  # larger than the whole queue
                await engine.run("a", double, torch.zeros(5, 1))

    asyncio.run(check())


def test_cancelled_requests_are_not_computed_and_free_the_queue() -> None:
    async def check() -> None:
        gate = Gate()
        async with running(queue_items=4, batch_items=2) as engine:
            first = asyncio.create_task(engine.run("a", gate, column(0)))
            await gate.wait_entered()
            cancelled = asyncio.create_task(engine.run("a", gate, column(1, 2, 3)))
            staying = asyncio.create_task(engine.run("a", gate, column(4)))
            await settle()
            assert engine.depth == 4
            cancelled.cancel()
            await asyncio.gather(cancelled, return_exceptions=True)
            assert cancelled.cancelled()
            assert engine.depth == 1
            gate.opened.set()
            await asyncio.gather(first, staying)
        assert gate.calls == [[0], [4]]

    asyncio.run(check())


def test_cancelling_a_cut_request_drops_its_remaining_items() -> None:
    async def check() -> None:
        gate = Gate()
        async with running(batch_items=2) as engine:
            cancelled = asyncio.create_task(engine.run("a", gate, column(1, 2, 3, 4, 5)))
            await gate.wait_entered()
            cancelled.cancel()
            await settle()
            assert engine.depth == 0
            gate.opened.set()
            assert torch.equal(await engine.run("a", gate, column(6)), column(12))
        assert gate.calls == [[1, 2], [6]]

    asyncio.run(check())


def test_failure_of_a_cut_request_drops_its_remaining_items() -> None:
    calls: list[int] = []

    def fail(x: Tensor) -> Tensor:
        calls.append(len(x))
        raise ValueError("bad")

    async def check() -> None:
        async with running(batch_items=2) as engine:
            with pytest.raises(ValueError, match="bad"):
                await engine.run("a", fail, torch.zeros(5, 1))
        assert calls == [2]

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


def test_slices_of_one_request_that_do_not_fit_together_are_an_error() -> None:
    async def check() -> None:
        async with running(batch_items=2) as engine:
            widths = iter((1, 2))
            with pytest.raises(RuntimeError):
                await engine.run("a", lambda x: x.expand(-1, next(widths)), column(1, 2, 3, 4))
            assert (await engine.run("a", double, column(1))).item() == 2

    asyncio.run(check())


def test_failing_batch_callback_does_not_fail_requests() -> None:
    def on_batch(batch: Batch) -> None:
        raise RuntimeError("metrics are down")

    async def check() -> None:
        async with running(on_batch=on_batch) as engine:
            for value in range(3):
                assert (await engine.run("a", double, column(value))).item() == 2 * value

    asyncio.run(check())


def test_stop_computes_waiting_requests_and_refuses_new_ones() -> None:
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


def test_stop_rejects_requests_that_still_wait_at_its_deadline() -> None:
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
class Call:
    """One call of a random schedule. Times are in steps of the event loop or of half a millisecond."""

    batch_key: int
    items: int
    starts_after: int
    cancelled_after: int | None
    fails: bool


calls = st.lists(
    st.builds(
        Call,
        batch_key=st.integers(0, 2),
        items=st.integers(1, 7),
        starts_after=st.integers(0, 4),
        cancelled_after=st.none() | st.integers(0, 4),
        fails=st.integers(0, 5).map(lambda n: n == 0),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calls, st.integers(1, 5), st.integers(4, 16), st.sampled_from([0.0, 0.5]), st.integers(0, 30))
def test_every_caller_gets_its_own_answer_in_any_schedule(
    schedule: list[Call], batch_items: int, queue_items: int, wait_ms: float, stop_after: int
) -> None:
    def function(x: Tensor) -> Tensor:
        assert len(x) <= batch_items
        if x.isnan().any():
            raise ValueError("bad")
        return 2 * x

    async def make(engine: Engine, number: int, call: Call) -> None:
        x = number + torch.rand(call.items, 2)
        if call.fails:
            x[call.items // 2] = float("nan")
        for _ in range(call.starts_after):
            await asyncio.sleep(0.0005)
        task = asyncio.create_task(engine.run(call.batch_key, function, x))
        if call.cancelled_after is not None:
            for _ in range(call.cancelled_after):
                await asyncio.sleep(0)
            task.cancel()
        try:
            assert torch.equal(await task, 2 * x)
            assert not call.fails
        except ValueError:
            assert call.fails
        except asyncio.CancelledError:
            assert call.cancelled_after is not None
        except ParameterInvalid:
            assert call.items > queue_items
        except (Overloaded, NotReady):
            pass

    async def check() -> None:
        engine = Engine(queue_items=queue_items, batch_items=batch_items, wait_ms=wait_ms)
        await engine.start()
        callers = [asyncio.create_task(make(engine, number, each)) for number, each in enumerate(schedule)]
        for _ in range(stop_after):
            await asyncio.sleep(0.0005)
        await engine.stop()
        await asyncio.gather(*callers)
        assert engine.depth == 0

    asyncio.run(asyncio.wait_for(check(), 20))


# background requests and idle time


def test_foreground_goes_before_an_older_background_request_that_takes_no_queue_room() -> None:
    async def check() -> None:
        order: list[str] = []

        def recording(name: str) -> Callable[[Tensor], Tensor]:
            def forward(x: Tensor) -> Tensor:
                order.append(name)
                return 2 * x

            return forward

        async with running(queue_items=3) as engine:
            gate = Gate()
            first = asyncio.create_task(engine.run("gate", gate, column(0)))
            await gate.wait_entered()
            background = asyncio.create_task(
                engine.run("background", recording("background"), column(1, 2, 3, 4, 5), background=True)
            )
            await settle()
            assert engine.depth == 0
            requests = [
                asyncio.create_task(engine.run(name, recording(name), column(6))) for name in ("a", "b", "c")
            ]
            await settle()
            assert engine.depth == 3
            with pytest.raises(Overloaded):
                await engine.run("d", double, column(7))
            gate.opened.set()
            results = await asyncio.wait_for(asyncio.gather(first, background, *requests), 10)
            assert results[1].tolist() == column(2, 4, 6, 8, 10).tolist()
            assert order == ["a", "b", "c", "background"]
            assert engine.depth == 0
            alone = await asyncio.wait_for(engine.run("background", double, column(3), background=True), 10)
            assert alone.tolist() == [[6]]

    asyncio.run(check())


def test_background_request_can_be_cancelled_and_is_refused_after_stop() -> None:
    async def check() -> None:
        async with running() as engine:
            gate = Gate()
            first = asyncio.create_task(engine.run("gate", gate, column(0)))
            await gate.wait_entered()
            cancelled = asyncio.create_task(engine.run("background", double, column(1, 2), background=True))
            await settle()
            cancelled.cancel()
            await asyncio.wait([cancelled])
            assert engine.depth == 0
            gate.opened.set()
            await first
        with pytest.raises(NotReady):
            await engine.run("background", double, column(1), background=True)

    asyncio.run(check())


def test_idle_callback_runs_once_after_work_and_its_failures_are_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "IDLE_SECONDS", 0.1)
    idle_calls: list[str] = []

    def on_idle() -> None:
        idle_calls.append(threading.current_thread().name)
        raise OSError("it cannot")

    async def check() -> None:
        async with running(on_idle=on_idle) as running_engine:
            await asyncio.sleep(0.25)
            assert idle_calls == []  # no batch has run yet
            for _ in range(4):
                await running_engine.run("double", double, column(1.0))
                await asyncio.sleep(0.03)
            assert idle_calls == []
            await asyncio.sleep(0.4)
            assert idle_calls == ["forward"]
            assert (await running_engine.run("double", double, column(2.0))).item() == 4.0
            await asyncio.sleep(0.25)
            assert idle_calls == ["forward"] * 2

    asyncio.run(check())


def test_the_services_engine_returns_memory_when_idle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls_of_give_back: list[bool] = []
    monkeypatch.setattr(batching, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(app, "give_back", lambda: calls_of_give_back.append(True))

    async def check() -> None:
        service_engine = app.compose(Settings(home=tmp_path, device="cpu")).engine
        await service_engine.start()
        await service_engine.run("double", double, column(1.0))
        await asyncio.sleep(0.3)
        await service_engine.stop()

    asyncio.run(check())
    assert calls_of_give_back == [True]


def test_late_request_gets_deadline_exceeded_and_is_not_computed() -> None:
    async def check() -> None:
        gate = Gate()

        async def call(value: float, seconds: float) -> Tensor:
            start_deadline(seconds)
            return await engine.run("k", gate, column(value))

        async with running() as engine:
            first = asyncio.create_task(call(1, 60))
            await gate.wait_entered()
            late, patient = asyncio.create_task(call(2, 0.05)), asyncio.create_task(call(3, 60))
            await asyncio.sleep(0.1)
            gate.opened.set()
            await asyncio.gather(first, patient)
            with pytest.raises(DeadlineExceeded):
                await late
        assert gate.calls == [[1], [3]]

    asyncio.run(check())


def test_caller_that_is_cancelled_after_a_failure_keeps_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sibling of a failed request is cancelled when its own error is there and not yet raised."""

    async def check() -> bool:
        async with running() as engine:

            def fail(x: Tensor) -> Tensor:
                raise RuntimeError("out of memory")

            kept = weakref.ref(fail)  # the request refers to it, as to its inputs
            task = asyncio.create_task(engine.run("k", fail, column(1)))
            answer = engine_module._answer

            def answer_then_cancel(outcomes: list[tuple[Request, Outcome | None]]) -> None:
                answer(outcomes)
                task.cancel()

            monkeypatch.setattr(engine_module, "_answer", answer_then_cancel)
            await asyncio.wait({task})
            assert task.cancelled()
            forget_cancellation(task)
            del fail, task
            await asyncio.sleep(0.1)  # the forward thread frees its batch
            return kept() is None

    gc.disable()
    try:
        assert asyncio.run(check())
    finally:
        gc.enable()
