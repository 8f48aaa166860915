"""Uvicorn around the app: one process for one device, which drains before it stops."""

import json
import logging

import uvicorn

from service.app import create_app
from service.settings import Settings


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": self.formatTime(record), "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def serve(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM; running requests may take `drain_seconds` to end."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines() if settings.log_json else logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    uvicorn.run(
        create_app(settings), host=settings.host, port=settings.port, log_config=None, access_log=False,
        timeout_graceful_shutdown=int(settings.drain_seconds) or 1,
        timeout_keep_alive=30, server_header=False,
    )  # fmt: skip
