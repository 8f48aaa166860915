"""Check what reindexes leave behind: their progress, and spaces that nobody uses."""

from collections.abc import Iterator

from service.errors import ReindexRunning
from service.galleries.checksums import RowDamaged
from service.galleries.fsck.finding import Finding, Options, after_repair
from service.galleries.gallery import Gallery
from service.galleries.reindex.lock import lock
from service.galleries.reindex.rows import ReindexRows
from service.galleries.schema import all_spaces, check_reindex, spaces_in_use


def check_progress(gallery: Gallery, options: Options) -> Iterator[Finding]:
    """Yield a finding if the progress of the last reindex is damaged. A repair deletes it."""
    if not _is_damaged(gallery):
        return
    finding = Finding(
        place=gallery.name, kind="reindex_damaged", detail="the progress of the last reindex is damaged"
    )
    yield after_repair(finding, lambda: _forget(gallery)) if options.repair else finding


def _forget(gallery: Gallery) -> bool:
    """Delete the progress of a reindex that does not run. Raises ReindexRunning."""
    with lock(gallery):
        ReindexRows(gallery.database).forget()
    return True


def check_spaces(gallery: Gallery, options: Options) -> Iterator[Finding]:
    """Yield a finding for each table of embeddings that nobody uses. A repair deletes it.

    A running reindex deletes such a table itself.
    """
    try:
        held = lock(gallery)
    except ReindexRunning:
        return
    with held:
        with gallery.database.reading() as connection:
            unused = sorted(set(all_spaces(connection)) - set(spaces_in_use(connection)))
        if unused and options.repair:
            ReindexRows(gallery.database).sweep()
    for space in unused:
        yield Finding(
            place=gallery.name,
            kind="space_unused",
            detail=f"the embeddings of space {space} are left over from a reindex",
            repaired=options.repair,
        )


def _is_damaged(gallery: Gallery) -> bool:
    with gallery.database.reading() as connection:
        try:
            check_reindex(connection)
        except RowDamaged:
            return True
    return False
