"""Admission by estimated time: a request is refused at once if it would not be answered by its deadline.

The estimate of a request's time is the sum of the costs of all admitted requests and of itself. The cost of
an operation is learned from the requests that end: if a request took longer than its estimate, the cost
rises, otherwise it falls. It rises ten times as fast as it falls, so most requests take less time than
estimated.

A fixed number of waiting requests cannot do this. One number is too large for a slow machine, whose answers
then come after their clients have left, and too small for a fast one.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from math import ceil, exp, log
from time import monotonic

from service.errors import Overloaded

COMPUTED = frozenset({"/translate", "/analogy", "/embed", "/retrieve", "/sbir/search"})
"""Paths of the operations that run a model."""
_ADD_PHOTOS = re.compile(r"/galleries/[^/]+/photos")

FIRST_COST = 0.05
"""Seconds that an operation is assumed to cost before it was measured."""
MIN_COST, MAX_COST = 1e-4, 60.0
RISE, FALL = 0.3, 0.03
"""How much of the error, in logarithms, is corrected if a request took more or less time than estimated."""
MAX_ERROR = log(4)
HEADROOM = 0.7
"""Share of the time until the deadline that the estimate may take. Estimates are wrong at times."""
MAX_RETRY_AFTER = 60


@dataclass(eq=False)
class Ticket:
    """An admitted request.

    Attributes:
        operation: its operation.
        ahead: number of requests of each operation that were admitted before it and had not ended.
        started: when it was admitted, in seconds of `time.monotonic`.
    """

    operation: str
    ahead: Counter[str]
    started: float


class AdmissionControl:
    """Admits requests that share resources, such as the device. Only the event loop's thread may use it.

    Attributes:
        refused: number of requests that were refused.
        late: number of requests that were admitted and not answered by their deadline.
    """

    def __init__(self) -> None:
        self._costs: dict[str, float] = {}
        self._in_flight: Counter[str] = Counter()
        self.refused = 0
        self.late = 0

    @property
    def in_flight(self) -> int:
        """Number of admitted requests that have not ended."""
        return self._in_flight.total()

    def cost(self, operation: str) -> float:
        """Return the estimated seconds that a request of this operation adds to the time of all others."""
        return self._costs.get(operation, FIRST_COST)

    def estimate(self, operation: str) -> float:
        """Return the estimated seconds until a request would be answered if it were admitted now."""
        return self._sum(self._in_flight) + self.cost(operation)

    def check(self, operation: str, seconds: float) -> None:
        """Raise Overloaded if a request would not be answered within `seconds`.

        If no request is in flight, a request is always admitted: the estimate may be wrong, and only admitted
        requests correct it.
        """
        estimate = self.estimate(operation)
        if not self._in_flight or estimate <= HEADROOM * seconds:
            return
        self.refused += 1
        raise Overloaded(
            f"the request would take about {estimate:.1f} s, because {self.in_flight} requests are ahead; "
            f"it has {seconds:g} s; try again after the time in Retry-After",
            retry_after=max(1, min(ceil(estimate - HEADROOM * seconds), MAX_RETRY_AFTER)),
        )

    def enter(self, operation: str) -> Ticket:
        """Count a request as in flight. Call `leave` when it ends."""
        ticket = Ticket(operation, self._in_flight.copy(), monotonic())
        self._in_flight[operation] += 1
        return ticket

    def leave(self, ticket: Ticket, *, answered: bool) -> None:
        """End a request, and correct the cost of its operation.

        Args:
            answered: whether the request was computed and answered. The time of a refused or cancelled
                request is a lower bound: it can only raise the cost.
        """
        self._in_flight[ticket.operation] -= 1
        self._in_flight += Counter()  # removes zeros
        # With the costs of now, not of the admission: if many requests are late for one reason, the cost must
        # not rise for each of them.
        expected = self._sum(ticket.ahead) + self.cost(ticket.operation)
        error = log(max(monotonic() - ticket.started, MIN_COST) / expected)
        if error < 0 and not answered:
            return
        error = max(-MAX_ERROR, min(error, MAX_ERROR))
        cost = self.cost(ticket.operation) * exp(error * (RISE if error > 0 else FALL))
        self._costs[ticket.operation] = max(MIN_COST, min(cost, MAX_COST))

    def _sum(self, counts: Counter[str]) -> float:
        return sum(count * self.cost(operation) for operation, count in counts.items())


@dataclass(frozen=True, kw_only=True)
class Controls:
    """The admission controls of a service, one for each group of operations that wait for one another.

    Attributes:
        computing: translate, analogy, embed, retrieve and search.
        adding: adding photos. It has its own control, so adding many photos does not refuse searches.
    """

    computing: AdmissionControl = field(default_factory=AdmissionControl)
    adding: AdmissionControl = field(default_factory=AdmissionControl)

    def find(self, method: str, path: str) -> tuple[AdmissionControl, str] | None:
        """Return the control and the operation's name, or None if the operation is always admitted."""
        if method != "POST":
            return None
        if path in COMPUTED:
            return self.computing, path
        return (self.adding, "add photos") if _ADD_PHOTOS.fullmatch(path) else None
