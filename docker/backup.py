"""Write one gallery to standard output as a tar file, while the service reads and writes the gallery.

    docker compose exec -T service python - GALLERY < docker/backup.py > gallery.tar

The archive has an SQLite snapshot of one moment and the pictures that its rows name. The service writes a
picture to disk before its row, so every picture of the snapshot exists. The snapshot is the last file of the
archive: a truncated archive has no database and is not a gallery.

Damage is reported on standard error, with exit status 1. The archive is complete, but keep an older one.

Not in the archive: photos that were indexed in place, and the FAISS index, which the service rebuilds.
To restore, unpack into another folder and rename it (see docs/backup.md). Never copy the database alone to a
folder that has `gallery.sqlite-wal` or `gallery.sqlite-shm`: SQLite would apply the old log to it.
"""

import fcntl
import hashlib
import os
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

DATABASE = "gallery.sqlite"


def snapshot(database: Path, copy: Path) -> None:
    """Copy all committed rows with SQLite's online backup, including those in the write-ahead log."""
    source = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    target = sqlite3.connect(copy)
    with target:
        source.backup(target)
    # As in the gallery. Nothing is in the log yet, so this file alone is complete.
    target.execute("PRAGMA journal_mode=WAL")
    target.close()
    source.close()


def lock(folder: str) -> None:
    """Lock the folder of the snapshot until this process ends: `iiae fsck --repair` then leaves it alone."""
    with suppress(OSError):  # some network file systems cannot lock folders; fsck leaves these alone, too
        fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)


def is_damaged(database: Path) -> bool:
    """Return whether SQLite finds damage in a snapshot."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",)
    except sqlite3.DatabaseError:
        return True
    finally:
        connection.close()


def add_picture(archive: tarfile.TarFile, path: Path, name: Path) -> bool:
    """Add a picture or thumbnail. Return whether it is intact: an uploaded picture is named by its SHA-256.

    Raises:
        FileNotFoundError.
    """
    data = path.read_bytes()
    archive.addfile(archive.gettarinfo(path, str(name)), BytesIO(data))
    return name.suffix == ".webp" or hashlib.sha256(data).hexdigest() == path.name


def picture_paths(database: Path) -> Iterator[Path]:
    """Yield the thumbnail of each row and its picture if it was uploaded, relative to the gallery."""
    rows = sqlite3.connect(database)
    for sha256, uploaded in rows.execute("SELECT sha256, source IS NULL FROM photos ORDER BY id"):
        yield Path("thumbnails", sha256[:2], f"{sha256}.webp")
        if uploaded:
            yield Path("photos", sha256[:2], sha256)
    rows.close()


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("name one gallery: python - GALLERY < docker/backup.py > gallery.tar")
    home, name = Path(os.environ.get("IIAE_HOME") or Path.home() / ".local" / "share" / "iiae"), sys.argv[1]
    gallery = home / "galleries" / name
    if not (gallery / DATABASE).exists():
        sys.exit(f"there is no gallery {name!r} in {home}; `iiae galleries` lists them")
    missing = written = damaged = 0
    with (
        TemporaryDirectory(prefix=".backup-", dir=gallery.parent) as folder,
        tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive,
    ):
        lock(folder)
        copy = Path(folder, DATABASE)
        snapshot(gallery / DATABASE, copy)
        database_is_damaged = is_damaged(copy)
        for path in picture_paths(copy):
            try:
                damaged += not add_picture(archive, gallery / path, Path(name, path))
                written += 1
            except FileNotFoundError:  # deleted since the snapshot, or a lost thumbnail
                missing += 1
        archive.add(copy, str(Path(name, DATABASE)))
    summary = f"{name}: wrote {written} pictures and thumbnails"
    print(summary + (f", {missing} were missing" if missing else ""), file=sys.stderr)
    if damaged or database_is_damaged:
        pictures = "1 damaged picture" if damaged == 1 else f"{damaged} damaged pictures"
        parts = [pictures] * bool(damaged) + ["a damaged database"] * database_is_damaged
        sys.exit(f"{name}: the archive has {' and '.join(parts)}; run `iiae fsck {name}`")


if __name__ == "__main__":
    main()
