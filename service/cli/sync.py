"""`iiae sync`: bring galleries in step with the folders that they follow."""

from pathlib import Path
from typing import Annotated

import typer

from model.images.formats import MAX_PIXELS
from service.cli.options import DEFAULT_HOME, Device, Home, MaxPixels
from service.cli.syncing import Syncer, until_interrupted
from service.errors import GalleryDamaged
from service.galleries.collection import Galleries
from service.galleries.sync.following import followed, forget
from service.galleries.sync.records import SyncOptions

Keep = Annotated[bool, typer.Option("--keep", help="Keep photos whose files are gone.")]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Remove photos also if most files of a folder are gone, or the folder itself. Without it,"
        " that is refused: a disk may not be mounted.",
    ),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Read every file again, also those with the same size and time. Ids and labels stay."
        " Photos that were removed from the gallery by hand come back.",
    ),
]
Watch = Annotated[
    bool, typer.Option("--watch", help="Go on, and sync whenever something changes. Ctrl+C stops.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each folder.")]


def sync(
    galleries: Annotated[
        list[str] | None,
        typer.Argument(help="The galleries. Default: all that follow a folder.", show_default=False),
    ] = None,
    watch: Watch = False,
    keep: Keep = False,
    force: Force = False,
    again: Again = False,
    forget_folder: Annotated[
        Path | None,
        typer.Option(
            "--forget",
            help="Stop following this folder, and do nothing else. Its photos stay in the gallery.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
    home: Home = DEFAULT_HOME,
    device: Device = "auto",
) -> None:
    """Bring galleries in step with their folders, those that `iiae index` has added.

    Moved, renamed, changed and deleted files are recognised by their content. Ids survive, and labels that
    were changed by hand stay. Uploaded photos are never touched. A server may run beside it: its next search
    sees the changes.

    Exit status 2: something was refused.
    """
    options = SyncOptions(keep=keep, force=force, again=again)
    syncer = Syncer(home, device, options, max_pixels=max_pixels, as_json=as_json)
    names = galleries or list(_following(syncer.galleries))
    if not names:
        raise typer.BadParameter(
            "no gallery follows a folder; add one with `iiae index FOLDER`", param_hint="GALLERIES"
        )
    for name in galleries or ():
        if not followed(syncer.galleries.open(name)):
            raise typer.BadParameter(
                f"gallery {name!r} follows no folder; add one with `iiae index FOLDER --gallery {name}`",
                param_hint="GALLERIES",
            )
    if forget_folder is not None:
        for name in names:
            forget(syncer.galleries.open(name), forget_folder.resolve())
    elif watch:
        until_interrupted(lambda stop: syncer.watch(names, stop))
    elif not syncer.sync_all(names):
        raise typer.Exit(2)


def _following(galleries: Galleries) -> list[str]:
    """Return the names of the galleries that follow a folder. Damaged ones are for `iiae fsck`."""
    names = []
    for name in galleries.names():
        try:
            if followed(galleries.open(name, keep=False)):
                names.append(name)
        except GalleryDamaged:
            continue
    return names
