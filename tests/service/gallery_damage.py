"""Damage on the disk of a gallery, and what `iiae fsck` says about it."""

import hashlib
import os
import shutil
import time
from io import BytesIO
from pathlib import Path

from gallery_photos import new_photo
from PIL import Image

from service.galleries.files import PhotoFiles
from service.galleries.fsck.check import check_home
from service.galleries.fsck.finding import Finding, Options
from service.galleries.gallery import Gallery
from service.galleries.records import NewPhoto

REPORT, REPAIR = Options(), Options(repair=True)


def photo(number: int, **changes: object) -> NewPhoto:
    out = BytesIO()
    Image.new("RGB", (3, 4), (number, number, number)).save(out, "PNG")
    data = out.getvalue()
    fields = {"sha256": hashlib.sha256(data).hexdigest(), "data": data, "thumbnail": data} | changes
    return new_photo(number, **fields)


def home(gallery: Gallery) -> Path:
    return gallery.folder.parents[1]


def check(gallery: Gallery, options: Options = REPORT) -> list[Finding]:
    return list(check_home(home(gallery), ["g"], options))


def kinds(findings: list[Finding]) -> list[tuple[str, bool]]:
    return sorted((finding.kind, finding.repaired) for finding in findings)


def change(gallery: Gallery, statement: str) -> None:
    """Change the database without checksums, as a failing disk does."""
    with gallery.database.transaction() as connection:
        connection.execute(statement)


def age(path: Path, days: float = 2) -> Path:
    """Make a file or folder old."""
    then = time.time() - days * 86_400
    os.utime(path, (then, then))
    return path


def orphan(gallery: Gallery, folder: str, name: str) -> Path:
    path = gallery.folder / folder / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"orphan")
    return age(path)


def first(gallery: Gallery, kind: str) -> Path:
    stored, files = gallery.photo(1), PhotoFiles(gallery.folder)
    return files.picture(stored.sha256) if kind == "picture" else files.thumbnail(stored.sha256)


def written(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    return path


def orphan_copy(gallery: Gallery, name: str) -> None:
    """Write a file under a wrong name of photo 1, such as `photos/zz/SHA-256`."""
    digest = gallery.photo(1).sha256
    age(written(gallery.folder / name.format(*[digest] * name.count("{"))))


def make_folder(path: Path) -> Path:
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)
    return age(path)


def make_file(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.write_bytes(b"x")


def make_link(path: Path, target: str) -> None:
    make_file(path)
    path.unlink()
    path.symlink_to(target)


def link_to_damaged_index(gallery: Gallery) -> None:
    (gallery.folder / "index").rename(gallery.folder / "moved")
    (gallery.folder / "moved/note.json").write_text("{")
    (gallery.folder / "index").symlink_to("moved")


def copy_index(gallery: Gallery) -> Path:
    path = gallery.folder / "index" / "0-0.faiss"
    path.write_bytes(b"x")
    return path
