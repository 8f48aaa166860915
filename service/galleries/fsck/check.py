"""Check all galleries and checkpoints of a home folder.

A check reads as other processes do, so a server may run beside it. A repair writes in short transactions. It
leaves alone what a running request may still need: young files, and everything that a row names. It deletes
no row of a photo and no picture.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from model.errors import UserError
from service.errors import GalleryDamaged, GalleryNotFound, NameInvalid
from service.galleries.collection import Galleries
from service.galleries.fsck.checkpoints import check_checkpoints
from service.galleries.fsck.files import check_files
from service.galleries.fsck.finding import Finding, Options, guarded, not_checked
from service.galleries.fsck.followed import check_followed
from service.galleries.fsck.index import check_index
from service.galleries.fsck.leftovers import CHECKPOINTS, GALLERIES, check_leftovers
from service.galleries.fsck.orphans import check_orphans
from service.galleries.fsck.readable import unreadable_folders
from service.galleries.fsck.reindex import check_progress, check_spaces
from service.galleries.fsck.rows import (
    RowsChecked,
    check_embeddings,
    check_lost_photos,
    check_photos,
)
from service.galleries.fsck.sequence import check_removals, check_sequence
from service.galleries.fsck.structure import check_structure
from service.galleries.gallery import Gallery


def check_home(home: Path, names: Sequence[str], options: Options) -> Iterator[Finding]:
    """Yield the findings in galleries, and without names also those in the store of checkpoints.

    Args:
        names: the galleries to check; all if empty.

    Raises:
        NameInvalid, GalleryNotFound: one of the names is no gallery.
        UserError: there is no such folder.
    """
    if not home.is_dir():
        raise UserError(f"there is no folder {home}; name the service's home with --home or IIAE_HOME")
    galleries = Galleries(home / "galleries")
    for name in names or galleries.names():
        yield from _check_named(galleries, name, options, must_exist=name in names)
    if not names:
        store = home / "checkpoints"
        yield from unreadable_folders(galleries.root, galleries.root.name)
        yield from guarded(galleries.root.name, check_leftovers(galleries.root, GALLERIES, options))
        yield from guarded(store.name, check_checkpoints(store, options))
        yield from guarded(store.name, check_leftovers(store, CHECKPOINTS, options))


def check_gallery(gallery: Gallery, options: Options) -> Iterator[Finding]:
    """Yield the findings in one gallery.

    If SQLite finds damage that is not repaired, no row is changed and no file is moved.
    """
    gallery.database.damage.logs = False  # the findings say more
    gallery.sealer.join()
    yield from _without_repeats(_findings(gallery, options))


def _findings(gallery: Gallery, options: Options) -> Iterator[Finding]:
    structure = list(guarded(gallery.name, check_structure(gallery.database, options)))
    yield from structure
    refused = options.repair and not all(finding.repaired for finding in structure)
    for finding in _contents(gallery, replace(options, repair=False) if refused else options):
        if refused:
            refused = False
            yield Finding(
                place=gallery.name,
                kind="not_repaired",
                detail="the following is not repaired, because the database is damaged",
            )
        yield finding


def _contents(gallery: Gallery, options: Options) -> Iterator[Finding]:
    """Yield the findings in the rows and files."""
    database, checked = gallery.database, RowsChecked()
    for step in (check_photos(database, checked, options), check_lost_photos(database)):
        for finding in guarded(gallery.name, step):
            checked.damaged |= not finding.repaired
            yield finding
    for step in (
        check_removals(database, options),  # before the counter, which is compared with them
        check_sequence(database, options),
        check_embeddings(database, options),
        check_progress(gallery, options),
        check_spaces(gallery, options),
        check_followed(database, options),
        check_files(gallery, options),
        check_orphans(gallery, checked, options),
        check_index(gallery, options),
    ):
        yield from guarded(gallery.name, step)


def _without_repeats(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield each finding once. Several steps may meet the same damage."""
    known = set()
    for finding in findings:
        if finding not in known:
            known.add(finding)
            yield finding


def _check_named(galleries: Galleries, name: str, options: Options, *, must_exist: bool) -> Iterator[Finding]:
    """Yield the findings in the gallery of a name. It may be deleted during the check."""
    try:
        gallery = galleries.open(name, keep=False)
    except GalleryNotFound:
        if must_exist:
            raise
    except GalleryDamaged as error:
        yield Finding(place=name, kind="gallery_damaged", detail=error.detail)
    except NameInvalid:
        raise
    except Exception as error:
        yield not_checked(name, "the gallery", error)
    else:
        yield from guarded(name, check_gallery(gallery, options))
