"""A folder of photos and a gallery that follows it."""

import json
import os
from pathlib import Path

from command_line import Finished, iiae
from serving import png

from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery


class PhotoFolder:
    """The folder `pictures` of a path, and the home folder `home` beside it with the gallery `g`."""

    def __init__(self, tmp_path: Path, store: Path) -> None:
        self.home, self.folder = tmp_path / "home", tmp_path / "pictures"
        self.home.mkdir()
        (self.home / "checkpoints").symlink_to(store / "checkpoints")
        self.folder.mkdir()

    def write(self, path: str, number: int, *, age: float = 60) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(number))
        status = file.stat()
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns - int(age * 1e9)))
        return file

    def index(self, *words: str | Path, folder: Path | None = None) -> Finished:
        return iiae(
            "index", folder or self.folder, "--gallery", "g", "--model", "drawn", *words, home=self.home
        )

    def sync(self, *words: str) -> Finished:
        return iiae("sync", "g", *words, home=self.home)

    def report(self, *words: str) -> dict[str, int]:
        """Sync, and return the counts that are not 0."""
        done = self.sync("--json", *words)
        assert done.status == 0, done.stderr
        return {
            name: count
            for name, count in json.loads(done.stdout).items()
            if count and name not in {"gallery", "folder"}
        }

    @property
    def gallery(self) -> Gallery:
        return Galleries(self.home / "galleries").open("g")

    def photos(self) -> dict[int, tuple[str | None, str | None, object]]:
        """Return label, path relative to the folder and metadata of each photo by id."""
        return {
            photo.id: (
                photo.label,
                photo.source and os.path.relpath(photo.source, self.folder),
                photo.metadata.get("file"),
            )
            for photo in self.gallery.page(0, 1_000)
        }
