"""Spans: nothing without a tracer, and a tree with one."""

import asyncio
import time

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.tracing import record_span, span, use_tracer


def test_a_span_without_a_tracer_does_nothing():
    with span("a", size=1) as current:
        current.set_attribute("outcome", "hit")
    record_span("b", 0.0, 1.0)
    with pytest.raises(ZeroDivisionError), span("c"):
        raise ZeroDivisionError


def test_spans_form_a_tree_across_tasks_and_threads():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def in_a_thread() -> None:
        with span("thread"):
            pass

    async def in_a_task() -> None:
        with span("task") as current:
            current.set_attribute("outcome", "hit")
            now = time.perf_counter()
            record_span("forward", now - 0.5, now - 0.2, items=3)
            await asyncio.to_thread(in_a_thread)

    async def request() -> None:
        use_tracer(provider.get_tracer("test"))
        with span("request"):
            await asyncio.gather(in_a_task(), in_a_task())

    async def run() -> None:
        await asyncio.create_task(request())
        with span("after the request"):  # not traced
            pass

    asyncio.run(run())
    spans = exporter.get_finished_spans()
    by_id = {each.context.span_id: each for each in spans}
    parents = sorted((each.name, by_id[each.parent.span_id].name) for each in spans if each.parent)
    assert parents == [("forward", "task")] * 2 + [("task", "request")] * 2 + [("thread", "task")] * 2
    assert len({each.context.trace_id for each in spans}) == 1
    forward = next(each for each in spans if each.name == "forward")
    assert 0.29 < (forward.end_time - forward.start_time) / 1e9 < 0.31
    assert forward.attributes["items"] == 3
