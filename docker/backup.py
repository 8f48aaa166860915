"""Writes one gallery to standard output as a tar file, while the service reads and writes it.

    docker compose exec -T service python - GALLERY < docker/backup.py > gallery.tar

The rows are SQLite's own snapshot of a moment; the pictures are those that these rows name, which were on disk before
their row was. In the archive the rows come last. Indexed folders' pictures lie where they lie, and the FAISS index is
rebuilt when it is missed: neither is in it. Put back by unpacking beside and renaming (docs/deploy.md).
"""

import os
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

DATABASE = "gallery.sqlite"


def snapshot(database: Path, copy: Path) -> None:
    """SQLite's online backup: what is committed at one moment, its write-ahead log included."""
    source, target = sqlite3.connect(f"file:{database}?mode=ro", uri=True), sqlite3.connect(copy)
    with target:
        source.backup(target)
    target.execute(
        "PRAGMA journal_mode=WAL"
    )  # as it was; a file of its own nevertheless, as nothing is left in the log
    target.close()
    source.close()


def pictures(database: Path) -> Iterator[Path]:
    """Where the pictures and thumbnails of all rows lie, relative to the gallery."""
    rows = sqlite3.connect(database)
    for sha256, owned in rows.execute("SELECT sha256, source IS NULL FROM photos ORDER BY id"):
        yield Path("thumbnails", sha256[:2], f"{sha256}.webp")
        if owned:
            yield Path("photos", sha256[:2], sha256)
    rows.close()


def main() -> None:
    home, name = Path(os.environ.get("IIAE_HOME", "var")), sys.argv[1]
    gallery = home / "galleries" / name
    if not (gallery / DATABASE).exists():
        sys.exit(f"there is no gallery {name!r} in {home}")
    gone = written = 0
    with (
        TemporaryDirectory(prefix=".backup-", dir=gallery.parent) as folder,
        tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive,
    ):
        copy = Path(folder, DATABASE)
        snapshot(gallery / DATABASE, copy)
        for path in pictures(copy):
            try:
                archive.add(gallery / path, str(Path(name, path)))
                written += 1
            except FileNotFoundError:  # removed since, or a thumbnail that is remade when it is asked for
                gone += 1
        archive.add(copy, str(Path(name, DATABASE)))
    print(
        f"{name}: {written} pictures and thumbnails" + (f", {gone} that were not there" if gone else ""),
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
