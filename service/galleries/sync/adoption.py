"""Photos that an earlier version of this program indexed in place: it kept no rows of their files."""

from collections.abc import Sequence

from service.galleries.gallery import Gallery
from service.galleries.stored_rows import PHOTO_COLUMNS, StoredRows
from service.galleries.sync.records import FileRecord, Folder


def adopted(gallery: Gallery, folder: Folder, records: Sequence[FileRecord]) -> list[FileRecord]:
    """Return files of a folder that photos name and no row does. They must be read again."""
    known = {record.path for record in records}
    with gallery.database.reading() as connection:
        rows = connection.execute(
            f"SELECT {PHOTO_COLUMNS} FROM photos"
            " WHERE source IS NOT NULL AND NOT EXISTS (SELECT 1 FROM files WHERE files.photo = photos.id)"
        ).fetchall()
    photos = StoredRows(gallery.database).photos(rows)
    found = []
    for photo in photos:
        path = photo.file
        if path is None or folder.path not in path.parents:
            continue
        if (inner := path.relative_to(folder.path).as_posix()) not in known:
            found.append(
                FileRecord(
                    id=None,
                    folder=folder.id,
                    path=inner,
                    photo=photo.id,
                    sha256=photo.sha256,
                    label=photo.label,
                )
            )
    return found
