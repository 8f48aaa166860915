"""Spans of OpenTelemetry traces. Without a tracer, a span costs less than a microsecond and does nothing.

`service.http.middleware.trace_requests` gives each request a tracer, if traces are switched on. Work outside
of requests, such as a reindex, is not traced.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # an optional dependency
    from opentelemetry.trace import Tracer

Attribute = str | int | float | bool


class Span(Protocol):
    """The part of OpenTelemetry's span that the service uses."""

    def set_attribute(self, key: str, value: Attribute) -> None:
        """Add a fact to the span."""


class _NoSpan:
    def set_attribute(self, key: str, value: Attribute) -> None:
        pass


_NO_SPAN = nullcontext(_NoSpan())
_tracer: ContextVar["Tracer | None"] = ContextVar("tracer", default=None)


def use_tracer(tracer: "Tracer") -> None:
    """Trace the current task, and the tasks that it creates from now on."""
    _tracer.set(tracer)


def span(name: str, **attributes: Attribute) -> AbstractContextManager[Span]:
    """Return a context manager that records the block as a span, inside of the current span."""
    tracer = _tracer.get()
    return _NO_SPAN if tracer is None else tracer.start_as_current_span(name, attributes=attributes)


def record_span(name: str, start: float, end: float, **attributes: Attribute) -> None:
    """Record work that another thread has done for this request.

    Args:
        start: when it began, in seconds of `time.perf_counter`.
        end: when it ended.
    """
    tracer = _tracer.get()
    if tracer is None:
        return
    now, now_ns = time.perf_counter(), time.time_ns()
    recorded = tracer.start_span(name, attributes=attributes, start_time=now_ns - int((now - start) * 1e9))
    recorded.end(now_ns - int((now - end) * 1e9))
