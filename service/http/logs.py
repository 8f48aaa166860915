"""The log of the server: text or JSON lines, with the id of the request that an entry belongs to."""

import json
import logging
import re
from dataclasses import asdict

from service.http.log_queue import NO_REQUEST, LogQueue
from service.http.request_record import AccessEntry

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure_logging(*, as_json: bool) -> LogQueue:
    """Send all log entries to standard error, through a queue.

    Returns:
        The queue. Close it before the process ends, to write the last entries.
    """
    log = LogQueue(JsonFormatter() if as_json else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[log], force=True)
    return log


class TextFormatter(logging.Formatter):
    """Format each log entry as a line of text, with the lines of its traceback below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name in logging
        """Return the line. Control characters are escaped: a client's text must not look like an entry."""
        return _CONTROL.sub(lambda found: repr(found[0])[1:-1], super().formatMessage(record))


class JsonFormatter(logging.Formatter):
    """Format each log entry as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. It has a `request_id` or an `exception` only if there is one.

        An entry of the access log has the fields of `AccessEntry` as well.
        """
        line: dict[str, object] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = getattr(record, "request_id", NO_REQUEST)
        if request_id != NO_REQUEST:
            line["request_id"] = request_id
        access = getattr(record, "access", None)
        if isinstance(access, AccessEntry):
            line |= asdict(access)
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line)
