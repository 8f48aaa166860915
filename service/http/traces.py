"""The export of traces to an OpenTelemetry collector, with the optional packages of the extra `otel`."""

import asyncio
import threading
from typing import TYPE_CHECKING

from model.checkpoint import code_version
from model.errors import UserError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TIMEOUT = 5.0
"""Seconds for one export."""
STOP_SECONDS = 2.0
"""Seconds for the last export. A collector that does not answer must not delay the shutdown."""


class Traces:
    """Collects spans and exports them in the background. If the collector is slow or down, spans are dropped.

    Args:
        provider: creates the tracer, and exports the spans.
    """

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self.tracer = provider.get_tracer("iiae")

    async def stop(self) -> None:
        """Export the remaining spans, for at most `STOP_SECONDS`."""
        stopping = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        stopping.start()
        await asyncio.to_thread(stopping.join, STOP_SECONDS)


def open_traces(url: str) -> Traces:
    """Return the traces of this process.

    Args:
        url: base URL of an OTLP/HTTP receiver, such as `http://collector:4318`.

    Raises:
        UserError: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise UserError(
            "IIAE_TRACES_URL or OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed; "
            "run pip install 'iiae[otel]', or unset the variable"
        ) from error
    named = Resource({"service.name": "iiae", "service.version": code_version()})
    resource = named.merge(OTELResourceDetector().detect())  # OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=url.rstrip("/") + "/v1/traces", timeout=TIMEOUT)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Traces(provider)
