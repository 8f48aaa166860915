"""The log of the server: text or JSON lines, with the id of the request that an entry belongs to."""

import json
import logging

from asgi_correlation_id import correlation_id

NO_REQUEST = "-"
"""Placeholder for the request id in text lines that belong to no request."""


def configure_logging(*, as_json: bool) -> None:
    """Send all log entries to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter()
        if as_json
        else logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s")
    )
    handler.addFilter(_add_request_id)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


class JsonFormatter(logging.Formatter):
    """Format each log entry as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. It has a `request_id` or an `exception` only if there is one."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = getattr(record, "request_id", NO_REQUEST)
        if request_id != NO_REQUEST:
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = correlation_id.get() or NO_REQUEST
    return True
