"""Admission by estimated time: what is refused, and how costs are learned."""

from collections.abc import Iterator

import pytest

from service.errors import Overloaded
from service.http import admission
from service.http.admission import FIRST_COST, HEADROOM, AdmissionControl, Controls


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(admission, "monotonic", clock)
    return clock


def run(control: AdmissionControl, clock: Clock, operation: str, seconds: float, count: int = 1) -> None:
    for _ in range(count):
        ticket = control.enter(operation)
        clock.now += seconds
        control.leave(ticket, answered=True)


def test_request_is_refused_when_the_ones_ahead_take_too_long(clock: Clock) -> None:
    control = AdmissionControl()
    ahead = int(HEADROOM * 10 / FIRST_COST) - 1
    for _ in range(ahead):
        control.check("search", 10)
        control.enter("search")
    control.check("search", 10)
    control.enter("search")
    with pytest.raises(Overloaded) as refused:
        control.check("search", 10)
    assert refused.value.retry_after == 1
    assert control.refused == 1
    with pytest.raises(Overloaded) as refused:
        control.check("search", 1)
    assert refused.value.retry_after == 7


def test_first_request_is_admitted_whatever_it_costs(clock: Clock) -> None:
    control = AdmissionControl()
    run(control, clock, "search", 50, count=100)
    assert control.cost("search") > 30
    control.check("search", 10)
    control.enter("search")
    with pytest.raises(Overloaded):
        control.check("search", 10)


def test_cost_follows_the_measured_time(clock: Clock) -> None:
    control = AdmissionControl()
    run(control, clock, "search", 0.4, count=30)
    assert control.cost("search") == pytest.approx(0.4, rel=0.01)
    run(control, clock, "search", 0.2, count=300)
    assert control.cost("search") == pytest.approx(0.2, rel=0.05)


def test_cost_is_the_time_divided_by_the_requests_ahead(clock: Clock) -> None:
    """A server that answers one request every 0.1 s, with 20 requests always waiting."""
    control = AdmissionControl()
    waiting = [control.enter("search") for _ in range(20)]
    for _ in range(300):
        clock.now += 0.1
        control.leave(waiting.pop(0), answered=True)
        waiting.append(control.enter("search"))
    assert control.cost("search") == pytest.approx(0.1, rel=0.1)
    assert control.estimate("search") == pytest.approx(2.1, rel=0.1)


def test_many_late_requests_raise_the_cost_once(clock: Clock) -> None:
    control = AdmissionControl()
    waiting = [control.enter("search") for _ in range(100)]
    for ticket in waiting:  # each takes 0.2 s, four times the first cost
        clock.now += 0.2
        control.leave(ticket, answered=True)
    assert control.cost("search") < 0.4


def test_fast_refusals_do_not_lower_the_cost(clock: Clock) -> None:
    control = AdmissionControl()
    for _ in range(100):
        control.leave(control.enter("search"), answered=False)
    assert control.cost("search") == FIRST_COST


def test_operations_have_their_own_costs(clock: Clock) -> None:
    control = AdmissionControl()
    run(control, clock, "slow", 1.0, count=40)
    run(control, clock, "fast", 0.01, count=400)
    control.enter("slow")
    assert control.estimate("fast") == pytest.approx(1.01, rel=0.05)


@pytest.mark.parametrize(
    ("method", "path", "group"),
    [
        ("POST", "/sbir/search", "computing"),
        ("POST", "/translate", "computing"),
        ("POST", "/galleries/g/photos", "adding"),
        ("POST", "/galleries/g/reindex", None),
        ("GET", "/galleries/g/photos", None),
        ("GET", "/health/ready", None),
    ],
)
def test_groups_of_operations(method: str, path: str, group: str | None) -> None:
    controls = Controls()
    found = controls.find(method, path)
    assert (found and found[0]) is (group and getattr(controls, group))
