"""The folders that a gallery follows: follow one, list them, and sync with one of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from model.inference import Inference
from service.galleries.gallery import Gallery
from service.galleries.sync.file_rows import FileRows
from service.galleries.sync.job import OnProgress, Sync
from service.galleries.sync.records import Folder, SyncOptions, SyncRefused, SyncReport


def followed(gallery: Gallery) -> list[Folder]:
    """Return the folders that a gallery follows."""
    with gallery.database.reading() as connection:
        return FileRows(connection).folders()


def follow(gallery: Gallery, path: Path, exclude: Sequence[str] | None = None) -> Folder:
    """Make a gallery follow a folder. Its photos come with the next sync.

    Args:
        exclude: patterns of names that are left out, see `walk`. With None, they stay as they are.
    """
    with gallery.database.transaction() as connection:
        return FileRows(connection).follow(path.resolve(), exclude)


def forget(gallery: Gallery, path: Path) -> None:
    """Make a gallery no longer follow a folder. Its photos stay as they are.

    Raises:
        SyncRefused: it does not follow the folder.
    """
    with gallery.database.transaction() as connection:
        rows = FileRows(connection)
        folders = {folder.path: folder for folder in rows.folders()}
        if path not in folders:
            known = ", ".join(map(str, folders)) or "none"
            raise SyncRefused(f"gallery {gallery.name!r} does not follow {path}; its folders are: {known}")
        rows.unfollow(folders[path])


def sync_folder(
    gallery: Gallery,
    folder: Folder,
    inference: Callable[[], Inference],
    *,
    is_picture: Callable[[Path], bool],
    max_pixels: int,
    options: SyncOptions | None = None,
    on_progress: OnProgress | None = None,
) -> SyncReport:
    """Bring a gallery in step with one of its folders, see `Sync`. A folder that is gone is forgotten.

    Raises:
        SyncRefused: the folder is not there, and `options.force` is not set. See also `Sync.run`.
    """
    options = options or SyncOptions()
    is_there = folder.path.is_dir()
    if not is_there and not options.force:
        raise SyncRefused(
            f"there is no folder {folder.path}, so nothing was changed. Is its disk mounted?"
            f" `iiae sync {gallery.name} --force` removes its photos from the gallery and forgets the folder"
        )
    sync = Sync(
        gallery,
        folder,
        inference,
        is_picture=is_picture,
        max_pixels=max_pixels,
        options=options,
        on_progress=on_progress,
    )
    report = sync.run()
    if not is_there and not options.keep:
        with gallery.database.transaction() as connection:
            FileRows(connection).unfollow(folder)
    return report
