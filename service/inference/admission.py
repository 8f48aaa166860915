"""Admission by estimated time: a request is refused at once if it would not be answered by its deadline.

The estimate of a request's time is the work of all admitted requests plus its own. Work is counted in units,
such as pictures to embed or to generate. The cost of a unit, in seconds, is learned for each operation: while
requests wait, the time between two answers is the cost of the second one. Answers that come together, as
those of a micro-batch do, share the time since the answers before them.

A request whose embeddings are all cached takes no time of others. So a request has no units until a use case
calls `add_work`. Until then, it counts as much as its operation needed on average.

A fixed number of waiting requests cannot do this. One number is too large for a slow machine, whose answers
then come after their clients have left, and too small for a fast one.
"""

from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import ceil, exp, inf, log
from time import monotonic

from service.errors import Overloaded

FIRST_COST = 0.05
"""Seconds that a unit is assumed to cost before it was measured."""
MIN_COST, MAX_COST = 1e-4, 60.0
SMOOTHING = 0.02
"""Weight of the newest request in the averages: the cost of a unit, and the units of a request."""
TOGETHER = 0.01
"""Seconds between two answers that count as given together."""
LATE_RISE = 0.3
"""Share of the error, in logarithms, that is corrected after a request that missed its deadline."""
HEADROOM = 0.5
"""Share of the time until the deadline that the estimate may take, because estimates are wrong at times."""
MAX_RETRY_AFTER = 60
OVERLOADED_SECONDS = 1.0
"""How long an overload is expected to last after a refusal."""
OVERLOAD_BACKLOG = 1.0
"""Seconds of admitted work that make an overload. With less, a refused request just had little time."""


@dataclass(eq=False)
class Ticket:
    """An admitted request.

    Attributes:
        operation: its operation.
        units: its work so far; 0 while everything came from a cache.
        ahead: units of each operation that were in progress when its own work began.
        started: when its own work began, in seconds of `time.monotonic`.
        ended: whether the request has ended.
    """

    operation: str
    units: int = 0
    ahead: Counter[str] = field(default_factory=Counter)
    started: float = 0.0
    ended: bool = False


@dataclass
class _Answers:
    """The units of answers that came together.

    Attributes:
        began: when the last answer before them was given, or when the first of them began if that was later.
        ended: when the last of them was given.
    """

    began: float
    ended: float
    units: Counter[str] = field(default_factory=Counter)


class AdmissionControl:
    """Admits requests that wait for one another. Only the event loop's thread may use it.

    Attributes:
        refused: number of requests that were refused.
        late: number of requests that were admitted and not answered by their deadline.
    """

    def __init__(self) -> None:
        self._costs: dict[str, float] = {}
        self._average_units: dict[str, float] = {}
        self._units: Counter[str] = Counter()  # of the requests that have begun their work
        self._idle: Counter[str] = Counter()  # number of requests that have no work yet
        self._in_flight: Counter[str] = Counter()  # requests of each operation
        self._answers = _Answers(0.0, 0.0)
        self._refused_at = -inf
        self.refused = 0
        self.late = 0

    @property
    def in_flight(self) -> int:
        """Number of admitted requests that have not ended."""
        return self._in_flight.total()

    def cost(self, operation: str) -> float:
        """Return the estimated seconds of a unit of this operation."""
        return self._costs.get(operation, FIRST_COST)

    def average_units(self, operation: str) -> float:
        """Return the average number of units of a request of this operation."""
        return self._average_units.get(operation, 1.0)

    @property
    def backlog(self) -> float:
        """Estimated seconds until all admitted requests are answered."""
        pending = sum(count * self._average_cost(operation) for operation, count in self._idle.items())
        return self._seconds(self._units) + pending

    def overloaded(self) -> bool:
        """Return whether a request was refused a moment ago, because there was much work ahead of it."""
        return monotonic() - self._refused_at < OVERLOADED_SECONDS

    def check(self, operation: str, seconds: float) -> None:
        """Raise Overloaded if a request would not be answered within `seconds`.

        The first request of an operation is admitted even if its own cost seems too high. The cost may be
        wrong, and only admitted requests correct it.
        """
        backlog = self.backlog
        estimate = backlog + (self._average_cost(operation) if self._in_flight[operation] else 0)
        if estimate <= HEADROOM * seconds:
            return
        self.refused += 1
        if backlog >= OVERLOAD_BACKLOG:
            self._refused_at = monotonic()
        raise Overloaded(
            f"the request would take about {estimate:.1f} s, because {self.in_flight} requests are ahead; "
            f"it has {seconds:g} s; try again after the time in Retry-After",
            retry_after=max(1, min(ceil(estimate - HEADROOM * seconds), MAX_RETRY_AFTER)),
        )

    def enter(self, operation: str) -> Ticket:
        """Count a request as in flight. Call `leave` when it ends."""
        self._in_flight[operation] += 1
        self._idle[operation] += 1
        return Ticket(operation)

    def add_work(self, ticket: Ticket, units: int) -> None:
        """Add work to a request. Does nothing if it has ended: then others wait for what it started."""
        if ticket.ended:
            return
        if not ticket.units:
            self._idle[ticket.operation] -= 1
            ticket.ahead, ticket.started = self._units.copy(), monotonic()
        ticket.units += units
        self._units[ticket.operation] += units

    def leave(self, ticket: Ticket, *, answered: bool, blocked: bool = False) -> None:
        """End a request, and learn from it.

        Args:
            answered: whether the request was computed and answered.
            blocked: whether it waited for something outside of this process. Nothing is learned from that.
        """
        operation, now = ticket.operation, monotonic()
        ticket.ended = True
        self._in_flight[operation] -= 1
        if not ticket.units:
            self._idle[operation] -= 1
        self._units[operation] -= ticket.units
        if answered:
            average = self.average_units(operation)
            self._average_units[operation] = average + SMOOTHING * (ticket.units - average)
        if answered and ticket.units:
            self._learn_from_answer(ticket, now)
        elif ticket.units and not blocked:
            self._learn_from_wait(ticket, now)

    def _learn_from_answer(self, ticket: Ticket, now: float) -> None:
        """Collect answers that come together. Learn from the ones before, if this one comes later."""
        if now - self._answers.ended > TOGETHER:
            self._learn_from(self._answers)
            self._answers = _Answers(began=max(self._answers.ended, ticket.started), ended=now)
        self._answers.ended = now
        self._answers.units[ticket.operation] += ticket.units

    def _learn_from(self, answers: _Answers) -> None:
        """Move the costs of the answers' operations towards the time that these answers took."""
        expected = self._seconds(answers.units)
        if not expected:
            return
        error = (answers.ended - answers.began) / expected - 1
        for operation, units in answers.units.items():
            weight = 1 - (1 - SMOOTHING) ** units
            self._set_cost(operation, self.cost(operation) * (1 + weight * error))

    def _learn_from_wait(self, ticket: Ticket, now: float) -> None:
        """Raise the costs if a request without an answer took longer than its estimate.

        The estimate uses the costs of now, not of its admission. If many requests are late for one reason,
        the costs must not rise for each of them.
        """
        units = ticket.ahead + Counter({ticket.operation: ticket.units})
        expected = self._seconds(units)
        error = log(max(now - ticket.started, MIN_COST) / expected)
        if error <= 0:
            return
        for operation, count in units.items():
            cost = self.cost(operation)
            self._set_cost(operation, cost * exp(LATE_RISE * error * count * cost / expected))

    def _set_cost(self, operation: str, cost: float) -> None:
        self._costs[operation] = max(MIN_COST, min(cost, MAX_COST))

    def _average_cost(self, operation: str) -> float:
        return self.average_units(operation) * self.cost(operation)

    def _seconds(self, units: Counter[str]) -> float:
        return sum(count * self.cost(operation) for operation, count in units.items())


_current: ContextVar[tuple[AdmissionControl, Ticket]] = ContextVar("ticket")


def carry_ticket(control: AdmissionControl, ticket: Ticket) -> None:
    """Make `add_work` in the current task, and in the tasks that it creates from now on, add to a ticket."""
    _current.set((control, ticket))


def add_work(units: int) -> None:
    """Add units of work to the current request. Outside of an admitted request, this does nothing."""
    if (current := _current.get(None)) is not None:
        control, ticket = current
        control.add_work(ticket, units)
