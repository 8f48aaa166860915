"""Logging that never blocks: a bounded queue between the server's threads and a slow or stuck log stream."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy

from asgi_correlation_id import correlation_id

NO_REQUEST = "-"
"""Placeholder for the request id of entries that belong to no request."""
MAX_ENTRIES = 4_096
CLOSE_SECONDS = 2.0
GATHER_SECONDS = 0.02
"""Pause after an entry. The entries of this time are written together, so the thread wakes up less often."""


def write_to_standard_error(data: bytes) -> None:
    """Write all bytes. Not through `sys.stderr`, whose lock could block the interpreter's exit."""
    while data:
        data = data[os.write(2, data) :]


class LogQueue(logging.Handler):
    """Queues log entries; a thread formats and writes them. If the queue is full, an entry is dropped.

    Without the queue, a reader of the log that stalls would stop the event loop at the next entry.

    Args:
        formatter: turns an entry into a line.
        write: writes the bytes of some lines. It may block.
        max_entries: entries that may wait.

    Attributes:
        dropped: number of entries that were dropped since the start.
    """

    def __init__(
        self,
        formatter: logging.Formatter,
        *,
        write: Callable[[bytes], None] = write_to_standard_error,
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.dropped = 0
        self._write, self._max_entries = write, max_entries
        self._entries: queue.SimpleQueue[logging.LogRecord | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_forever, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue an entry with the id of the current request, or drop it."""
        if self._entries.qsize() >= self._max_entries:
            self.dropped += 1
            return
        queued = copy(record)
        queued.request_id = correlation_id.get() or NO_REQUEST
        queued.msg, queued.args = _message(record), None  # the arguments may change after this call
        if record.exc_info and not record.exc_text:
            queued.exc_text = logging.Formatter().formatException(record.exc_info)
        queued.exc_info = None  # a traceback keeps the objects of all its frames alive
        self._entries.put(queued)

    def close(self) -> None:
        """Write the waiting entries, for at most `CLOSE_SECONDS`."""
        self._entries.put(None)
        self._thread.join(CLOSE_SECONDS)
        super().close()

    def _write_forever(self) -> None:
        closed = False
        while not closed:
            entries = [self._entries.get()]
            time.sleep(GATHER_SECONDS)
            with suppress(queue.Empty):
                while True:
                    entries.append(self._entries.get_nowait())
            closed = None in entries
            self._write_lines([entry for entry in entries if entry is not None])

    def _write_lines(self, entries: Sequence[logging.LogRecord]) -> None:
        """Write entries at once. There is nowhere to report a failure: the log itself is broken."""
        lines = [line for entry in entries if (line := self._line(entry))]
        try:
            self._write(b"".join(lines))
        except Exception:
            self.dropped += len(lines)

    def _line(self, entry: logging.LogRecord) -> bytes:
        """Return the line of an entry, or nothing if it cannot be formatted."""
        try:
            return (self.format(entry) + "\n").encode("utf-8", "backslashreplace")
        except Exception:
            self.dropped += 1
            return b""


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # wrong arguments: a mistake in a log call must not fail a request
        return f"{record.msg} (its arguments are wrong: {type(error).__name__})"
