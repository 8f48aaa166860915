"""Deadlines of requests, and admission by estimated time when a body is complete."""

import asyncio
import re
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.deadline import Deadline, start_deadline
from service.errors import DeadlineExceeded, Overloaded
from service.http.controls import READING_POSTS, Controls
from service.http.problems import AbortRequest
from service.http.request_body import declares_body
from service.inference.admission import AdmissionControl, Ticket, carry_ticket

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
MAX_PREFER = 1000
"""Characters of a `Prefer` header that is read. Longer ones are ignored."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """The deadlines of requests.

    A client may shorten its deadline with the header `Prefer: wait=SECONDS` (RFC 7240, section 4.3).

    Args:
        seconds: for requests that read or compute.
        change_seconds: for requests that change something, such as adding photos.
    """

    seconds: float
    change_seconds: float

    def of(self, scope: Scope, preferred: float | None) -> float:
        """Return the seconds that a request has. `preferred` is what its client asks for."""
        reads = scope["method"] in READING or scope["path"] in READING_POSTS
        longest = self.seconds if reads else self.change_seconds
        return longest if preferred is None else min(preferred, longest)


class Admission:
    """Give every request a deadline, and count the requests that run a model.

    The deadline starts when the body is complete, because the client decides how long the upload takes. It
    ends when the response starts. A request that is not answered by then gets 503, and its work is cancelled.

    Args:
        controls: decide which requests are admitted.
    """

    def __init__(self, app: ASGIApp, *, controls: Controls, deadlines: Deadlines) -> None:
        self.app, self.controls, self.deadlines = app, controls, deadlines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        admitted = self.controls.find(scope["method"], scope["path"])
        preferred = preferred_wait(Headers(scope=scope))
        seconds = self.deadlines.of(scope, preferred)
        request = _Request(admitted, seconds, applied=preferred is not None)
        try:
            async with asyncio.timeout(None) as timer:
                if not has_body(scope):
                    request.start(timer)
                await self.app(scope, request.receiving(receive, timer), request.sending(send, timer))
        except TimeoutError:
            if not timer.expired():
                raise
            raise request.late() from None
        finally:
            request.end()


class _Request:
    """The deadline and the admission ticket of one request."""

    def __init__(
        self, admitted: tuple[AdmissionControl, str] | None, seconds: float, *, applied: bool
    ) -> None:
        self._admitted = admitted
        self._seconds = seconds
        self._applied = applied
        self._ticket: Ticket | None = None
        self._deadline: Deadline | None = None
        self._status = 0

    def receiving(self, receive: Receive, timer: asyncio.Timeout) -> Receive:
        complete = False

        async def receive_and_start() -> Message:
            nonlocal complete
            message = await receive()
            if not complete and not message.get("more_body", False):
                complete = True
                self._enter()
                self.start(timer)
            return message

        return receive_and_start

    def sending(self, send: Send, timer: asyncio.Timeout) -> Send:
        async def send_and_stop(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                timer.reschedule(None)
                self.end()
                if self._applied:
                    MutableHeaders(scope=message)["Preference-Applied"] = f"wait={self._seconds:g}"
            await send(message)

        return send_and_stop

    def start(self, timer: asyncio.Timeout) -> None:
        """Start the deadline."""
        self._deadline = start_deadline(self._seconds)
        timer.reschedule(asyncio.get_running_loop().time() + self._seconds)

    def end(self) -> None:
        """Return the ticket, if there is one."""
        if self._admitted is not None and self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            blocked = self._deadline is not None and self._deadline.blocked
            self._admitted[0].leave(ticket, answered=200 <= self._status < 300, blocked=blocked)

    def late(self) -> DeadlineExceeded:
        """Return the error of a request that was not answered in time."""
        if self._admitted is not None:
            self._admitted[0].late += 1
        return DeadlineExceeded(
            f"the request was not answered within {self._seconds:g} s and was cancelled; try again later"
        )

    def _enter(self) -> None:
        """Check again, because other bodies may have become complete since the first check."""
        if self._admitted is None:
            return
        control, operation = self._admitted
        try:
            control.check(operation, self._seconds)
        except Overloaded as error:
            raise AbortRequest(error) from error
        self._ticket = control.enter(operation)
        carry_ticket(control, self._ticket)


def has_body(scope: Scope) -> bool:
    """Return whether a request has a body that the app reads."""
    return scope["method"] in WITH_BODY and declares_body(scope)


def preferred_wait(headers: Headers) -> float | None:
    """Return the seconds of `Prefer: wait=SECONDS`, or None. The first `wait` counts.

    Preferences that cannot be parsed are ignored, as RFC 7240 says.
    """
    text = ",".join(headers.getlist("prefer"))
    if len(text) > MAX_PREFER:
        return None
    for preference in _QUOTED.sub(_unquoted, text).split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "wait":
            return float(value) if _NUMBER.fullmatch(value.strip()) else None
    return None


def _unquoted(quoted: re.Match[str]) -> str:
    """Return a quoted number without its quotes, and nothing for other texts: they may have commas."""
    return quoted[1] if _NUMBER.fullmatch(quoted[1]) else ""
