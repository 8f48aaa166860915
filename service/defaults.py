"""Which model and which gallery answer requests that name none: `IIAE_HOME/defaults.json`.

The first one that can answer becomes the default of its kind of request, and stays it. A new model or gallery
changes no answers until somebody chooses it. All processes of one home read the same file, so they agree.
"""

import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from service.storage import storage_error

logger = logging.getLogger(__name__)

FILE, LOCK = "defaults.json", ".defaults.lock"
MAX_BYTES = 100_000
Kind = Literal["models", "galleries"]


Names = dict[Kind, dict[str, str]]
"""Names by capability, of models and of galleries."""
_STORED = TypeAdapter(Names)


class Defaults:
    """The defaults of one home, by capability, such as `translate` or `sbir`. Thread-safe; all methods block.

    If the file cannot be written, for example because the home does not exist yet, the choices hold for this
    process. They are written as soon as that is possible.

    Args:
        home: the folder of the file. None keeps the choices in memory.
    """

    def __init__(self, home: Path | None) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._unsaved: Names = {"models": {}, "galleries": {}}

    def names(self, kind: Kind) -> dict[str, str]:
        """Return the default names by capability."""
        return self._unsaved[kind] | self._read()[kind]

    def settle(self, kind: Kind, first: Mapping[str, str]) -> dict[str, str]:
        """Choose names for the capabilities that have no default yet. Return all defaults.

        Args:
            first: the name to choose for each capability.
        """
        stored = self._read()[kind]
        missing = {key: name for key, name in {**first, **self._unsaved[kind]}.items() if key not in stored}
        if not missing:
            return stored
        with self._lock:
            self._unsaved[kind] = missing
            with suppress(OSError), self._changing() as file:
                file[kind] = missing | file[kind]  # another process may have chosen since
                self._unsaved[kind] = {}
        return self.names(kind)

    def choose(self, kind: Kind, name: str, capabilities: Iterable[str]) -> None:
        """Make a model or a gallery the default for these capabilities.

        Raises:
            StorageFull, StorageUnavailable.
        """
        with self._lock:
            try:
                with self._changing() as file:
                    file[kind] |= dict.fromkeys(capabilities, name)
            except OSError as error:
                raise (storage_error(error) or error) from error

    def forget(self, kind: Kind, name: str) -> None:
        """Leave no default with this name, because it was deleted."""
        with self._lock:
            self._unsaved[kind] = _without(self._unsaved[kind], name)
            if name in self._read()[kind].values():
                with suppress(OSError), self._changing() as file:
                    file[kind] = _without(file[kind], name)

    def _read(self) -> Names:
        names: Names = {"models": {}, "galleries": {}}
        if self._home is None:
            return names
        try:
            with (self._home / FILE).open("rb") as file:
                return names | _STORED.validate_json(file.read(MAX_BYTES))
        except ValidationError:
            logger.warning(
                "%s is damaged and ignored; delete it, or choose defaults again", self._home / FILE
            )
        except OSError:
            pass
        return names

    @contextmanager
    def _changing(self) -> Iterator[Names]:
        """Read the file, and write it after the block. One process at a time.

        Raises:
            OSError: there is no home, or it cannot be written.
        """
        if self._home is None:
            raise FileNotFoundError("no home")
        descriptor = os.open(self._home / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            stored = self._read()
            yield stored
            temporary = self._home / f".{FILE}.{os.getpid()}"
            temporary.write_text(json.dumps(stored, indent=2) + "\n")
            temporary.replace(self._home / FILE)
        finally:
            os.close(descriptor)


def _without(names: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in names.items() if value != name}
