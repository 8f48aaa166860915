"""Run the app with uvicorn: one process per device."""

import functools
import gc
import sys
from contextlib import suppress

import uvicorn

from service.http.app import create_app
from service.http.connection import Connection
from service.http.connections import Connections, connection_limit
from service.http.gathered_reads import GatheredReads
from service.http.graceful_server import GracefulServer
from service.http.logs import configure_logging
from service.settings import Settings

STARTUP_FAILED = 3
"""Exit status if the server could not start, as uvicorn's."""


def serve(settings: Settings) -> None:
    """Run the service until SIGINT or SIGTERM. Running requests then have `drain_seconds` to finish."""
    log = configure_logging(as_json=settings.log_json)
    app = create_app(settings)
    services = app.state.services
    telemetry = services.telemetry
    telemetry.watch_log(log)
    connections = Connections(connection_limit(settings.max_connections))
    reads = GatheredReads(services.controls.computing.overloaded)
    telemetry.registry.register(connections)
    telemetry.registry.register(reads)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=int(settings.drain_seconds) or 1,
        timeout_keep_alive=settings.idle_seconds,
        server_header=False,
        http=functools.partial(  # type: ignore[arg-type]  # uvicorn only calls it
            Connection,
            connections=connections,
            reads=reads,
            response_seconds=settings.upload_seconds,
        ),
        ws="none",
    )
    server = GracefulServer(
        config,
        delay=settings.shutdown_delay_seconds,
        on_signal=lambda: setattr(app.state, "draining", True),
        on_stopped=log.close,
    )
    _exempt_from_garbage_collection()
    with suppress(KeyboardInterrupt):  # SIGINT is the usual way to stop it
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILED)


def _exempt_from_garbage_collection() -> None:
    """Exempt all objects that exist now from garbage collection.

    Modules and the app are some 250,000 objects. Each full collection would look at all of them, which takes
    0.15 s and stops all threads.
    """
    gc.collect()
    gc.freeze()
