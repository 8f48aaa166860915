"""Wait until something changes in folders.

Each change leads to a whole sync, which looks at all names. So no event can be misunderstood, and a lost one
is made up for. Network drives send no events: `RESCAN_SECONDS` is for them, or set WATCHFILES_FORCE_POLLING.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from watchfiles import watch

RESCAN_SECONDS = 600.0
"""Seconds after which folders are synced even if no event came."""
RETRY_SECONDS = 10.0
"""The same after a sync that was refused, for instance because another process was syncing."""
WAKE_MS = 500
"""Milliseconds between two looks at whether the folders are still the same ones."""
SETTLE_MS = 1_000
"""Longest time in which events are gathered before they lead to one sync."""


def changes(
    folders: Sequence[Path], *, besides: Path, wait: Callable[[], float], stop: Event
) -> Iterator[None]:
    """Yield when a sync is due: at first, after changes, and now and then.

    Ends if a folder has gone, come back or been replaced: its events would be lost. Call it again then.

    Args:
        besides: a folder in which changes do not count: that of the galleries, to which a sync writes.
        wait: returns the seconds until the next sync if nothing changes.
        stop: ends it when it is set.
    """
    identities = [_identity(folder) for folder in folders]
    there = [folder for folder, identity in zip(folders, identities, strict=True) if identity is not None]
    due = 0.0  # at once, when the events are being collected already
    for events in _events(there, besides, stop):
        if [_identity(folder) for folder in folders] != identities:
            return
        if events or time.monotonic() >= due:
            yield
            due = time.monotonic() + wait()


def _events(folders: Sequence[Path], besides: Path, stop: Event) -> Iterator[bool]:
    """Yield whether something has changed, every `WAKE_MS` at least."""
    if not folders:
        while not stop.wait(WAKE_MS / 1000):
            yield False
        return
    for events in watch(
        *folders,
        watch_filter=lambda _, path: besides not in Path(path).parents,
        debounce=SETTLE_MS,
        stop_event=stop,
        rust_timeout=WAKE_MS,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    ):
        yield bool(events)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
