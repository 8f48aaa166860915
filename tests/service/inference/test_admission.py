"""Admission by estimated time: what is refused, and how costs are learned."""

import asyncio
from collections.abc import Iterator

import pytest

from service.errors import Overloaded
from service.inference import admission
from service.inference.admission import FIRST_COST, HEADROOM, AdmissionControl, add_work, carry_ticket


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(admission, "monotonic", clock)
    return clock


def begin(control: AdmissionControl, operation: str = "search", units: int = 1) -> admission.Ticket:
    ticket = control.enter(operation)
    control.add_work(ticket, units)
    return ticket


def run(
    control: AdmissionControl, clock: Clock, operation: str, seconds: float, count: int = 1, units: int = 1
) -> None:
    for _ in range(count):
        ticket = begin(control, operation, units)
        clock.now += seconds
        control.leave(ticket, answered=True)


def test_request_is_refused_when_the_ones_ahead_take_too_long(clock: Clock) -> None:
    control = AdmissionControl()
    for _ in range(int(HEADROOM * 10 / FIRST_COST)):
        control.check("search", 10)
        begin(control)
    with pytest.raises(Overloaded) as refused:
        control.check("search", 10)
    assert refused.value.retry_after == 1
    with pytest.raises(Overloaded) as refused:
        control.check("search", 1)
    assert refused.value.retry_after == 5
    assert control.refused == 2


def test_first_request_of_an_operation_is_admitted_whatever_it_costs(clock: Clock) -> None:
    control = AdmissionControl()
    run(control, clock, "slow", 50, count=200)
    assert control.cost("slow") > 30
    begin(control, "fast")
    control.check("slow", 10)
    begin(control, "slow")
    with pytest.raises(Overloaded):
        control.check("slow", 10)


def test_first_request_of_an_operation_is_refused_if_the_others_take_too_long(clock: Clock) -> None:
    control = AdmissionControl()
    begin(control, "fast", units=1000)
    with pytest.raises(Overloaded):
        control.check("slow", 10)


def test_cost_follows_the_measured_time(clock: Clock) -> None:
    control = AdmissionControl()
    run(control, clock, "search", 0.4, count=400)
    assert control.cost("search") == pytest.approx(0.4, rel=0.01)
    run(control, clock, "search", 0.2, count=400)
    assert control.cost("search") == pytest.approx(0.2, rel=0.01)


def test_cost_is_of_one_unit(clock: Clock) -> None:
    control = AdmissionControl()
    run(control, clock, "translate", 1.6, count=300, units=16)
    assert control.cost("translate") == pytest.approx(0.1, rel=0.01)


def test_cost_is_the_time_between_two_answers_while_requests_wait(clock: Clock) -> None:
    control = AdmissionControl()
    waiting = [begin(control) for _ in range(20)]
    for _ in range(300):
        clock.now += 0.1
        control.leave(waiting.pop(0), answered=True)
        waiting.append(begin(control))
    assert control.cost("search") == pytest.approx(0.1, rel=0.01)
    assert control.backlog == pytest.approx(2.0, rel=0.01)


def test_idle_time_is_no_cost(clock: Clock) -> None:
    control = AdmissionControl()
    for _ in range(200):
        clock.now += 60
        run(control, clock, "search", 0.02)
    assert control.cost("search") == pytest.approx(0.02, rel=0.05)


def test_answers_that_come_together_share_their_time(clock: Clock) -> None:
    """Batches of 16 that take 1.6 s."""
    control, costs = AdmissionControl(), list[float]()
    for _ in range(40):
        waiting = [begin(control) for _ in range(16)]
        clock.now += 1.6
        for ticket in waiting:
            clock.now += 0.0001
            control.leave(ticket, answered=True)
            costs.append(control.cost("search"))
    assert min(costs[300:]) == pytest.approx(0.1, rel=0.05)
    assert max(costs[300:]) == pytest.approx(0.1, rel=0.05)


def test_requests_answered_from_a_cache_do_not_count(clock: Clock) -> None:
    control = AdmissionControl()
    run(control, clock, "search", 0.4, count=400)
    for _ in range(1000):
        ticket = control.enter("search")
        clock.now += 0.001
        control.leave(ticket, answered=True)
    assert control.cost("search") == pytest.approx(0.4, rel=0.02)
    assert control.average_units("search") < 0.01
    for _ in range(100):
        control.enter("search")
    assert control.backlog < 0.4


def test_late_requests_raise_the_cost_even_if_none_is_answered(clock: Clock) -> None:
    control = AdmissionControl()
    for _ in range(20):
        waiting = [begin(control) for _ in range(10)]
        clock.now += 10
        for ticket in waiting:
            control.leave(ticket, answered=False)
    assert control.cost("search") > 5


def test_fast_refusals_do_not_lower_the_cost(clock: Clock) -> None:
    control = AdmissionControl()
    for _ in range(100):
        control.leave(begin(control), answered=False)
    assert control.cost("search") == FIRST_COST


def test_nothing_is_left_when_all_requests_have_ended(clock: Clock) -> None:
    control = AdmissionControl()
    tickets = [begin(control, "a", 3), begin(control, "b"), control.enter("a")]
    for ticket in tickets:
        control.leave(ticket, answered=True)
    assert (control.in_flight, control.backlog) == (0, 0)


def test_work_is_added_to_the_request_of_the_task() -> None:
    async def check() -> None:
        control = AdmissionControl()
        ticket = control.enter("search")
        add_work(5)  # outside of a request
        carry_ticket(control, ticket)

        async def child() -> None:
            add_work(2)

        await asyncio.create_task(child())
        assert ticket.units == 2
        control.leave(ticket, answered=True)
        add_work(7)  # others wait for work that this request started
        assert (ticket.units, control.backlog) == (2, 0)

    asyncio.run(check())


def test_waiting_for_something_outside_of_the_process_teaches_nothing(clock: Clock) -> None:
    control = AdmissionControl()
    run(control, clock, "search", 0.1, count=50)
    before = control.cost("search")
    for _ in range(20):
        tickets = [begin(control) for _ in range(4)]
        clock.now += 9
        for ticket in tickets:
            control.leave(ticket, answered=False, blocked=True)
    assert control.cost("search") == before
    assert control.in_flight == 0 and control.backlog == 0


def test_a_refusal_behind_much_work_is_an_overload_for_a_moment(clock: Clock) -> None:
    control = AdmissionControl()
    for _ in range(int(admission.OVERLOAD_BACKLOG / FIRST_COST) + 1):
        begin(control)
    assert not control.overloaded()
    with pytest.raises(Overloaded):
        control.check("search", admission.OVERLOAD_BACKLOG)
    assert control.overloaded()
    clock.now += admission.OVERLOADED_SECONDS
    assert not control.overloaded()


def test_a_refusal_for_too_little_time_is_no_overload(clock: Clock) -> None:
    control = AdmissionControl()
    begin(control)
    with pytest.raises(Overloaded):
        control.check("search", FIRST_COST)
    assert not control.overloaded()
