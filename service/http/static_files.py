"""Static files that change only with an upgrade: the page, its samples, and the documentation's scripts."""

import os
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope


class RevalidatedFiles(StaticFiles):
    """Static files that browsers revalidate on each use, by an ETag of their contents.

    Without it, a browser could mix old and new modules after an upgrade. Starlette's own ETag is of size and
    modification time. Builds that set all times to one date would keep it although a file has changed.
    """

    def __init__(self, directory: Path, *, check_dir: bool = True) -> None:
        super().__init__(directory=directory, check_dir=check_dir)
        self._etags: dict[tuple[str, int, int], str] = {}

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return the file, or 304 if the browser has it."""
        headers = {"ETag": self._etag(str(full_path), stat_result), "Cache-Control": "no-cache"}
        response = FileResponse(full_path, status_code, headers, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response

    def _etag(self, path: str, stat: os.stat_result) -> str:
        """Return the ETag of a file, which is read once."""
        state = (path, stat.st_mtime_ns, stat.st_size)
        if state not in self._etags:
            self._etags[state] = f'"{sha256(Path(path).read_bytes()).hexdigest()[:32]}"'
        return self._etags[state]
