"""`iiae index`: embed a folder of photos into a gallery."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from model.images.formats import ACCEPTED_WORDS, MAX_PIXELS, is_picture
from service.cli.checkpoints import load_model
from service.cli.options import DEFAULT_HOME, Device, Home, MaxPixels
from service.cli.sync import Again, AsJson, Force, Keep, Watch
from service.cli.syncing import Syncer, until_interrupted
from service.galleries.bulk import open_or_create
from service.galleries.collection import Galleries
from service.galleries.folder_walk import walk
from service.galleries.sync.following import follow, followed
from service.galleries.sync.records import SyncOptions


def index(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Folder of photos. Sub-folders are included; their names become labels.",
        ),
    ],
    gallery: Annotated[
        str, typer.Option(help="The gallery's name. It is created if it does not exist.")
    ] = "photos",
    model: Annotated[str, typer.Option(help="Checkpoint that embeds the photos.")] = "sketchy",
    domain: Annotated[
        str | None, typer.Option(help="Domain of the photos. Default: the model's first.")
    ] = None,
    credit: Annotated[str | None, typer.Option(help="A line that names the photos' authors.")] = None,
    drawn: Annotated[
        bool | None,
        typer.Option(
            "--drawn/--photos",
            help="The pictures are drawn (icons, emoji, clip art), or photos. An existing gallery keeps "
            "its kind. Default for a new one: photos.",
            show_default=False,
        ),
    ] = None,
    expand: Annotated[
        bool | None,
        typer.Option(
            help="Expand sketches with the first hits, unless a search says otherwise; for a new gallery. "
            "Without it, galleries with one picture of each thing are searched better. "
            "Default: yes, unless --drawn.",
            show_default=False,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave out files and folders with this name, such as '*.tmp' or 'private'; with a slash, "
            "with this path in FOLDER. May be given several times. Later syncs remember it.",
            show_default=False,
        ),
    ] = None,
    watch: Watch = False,
    keep: Keep = False,
    force: Force = False,
    again: Again = False,
    as_json: AsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
    home: Home = DEFAULT_HOME,
    device: Device = "auto",
) -> None:
    """Embed a folder of photos into a gallery, which then follows the folder.

    The files stay in place. Run it again, or `iiae sync`, after the folder has changed. Moved, renamed,
    changed and deleted files are recognised by their content, and ids survive. A running service sees the
    gallery at once.
    """
    options = SyncOptions(keep=keep, force=force, again=again)
    syncer = Syncer(home, device, options, max_pixels=max_pixels, as_json=as_json)
    path = folder.resolve()
    _check(syncer.galleries, gallery, path, exclude or (), watch=watch)
    loaded = load_model(home, model, device)
    syncer.use(loaded)
    opened = open_or_create(
        syncer.galleries, gallery, loaded, domain=domain, credit=credit, drawn=drawn, expand=expand
    )
    following = follow(opened, path, exclude)
    if watch:
        until_interrupted(lambda stop: syncer.watch([gallery], stop, path))
    else:
        syncer.sync(opened, following)


def _check(galleries: Galleries, gallery: str, path: Path, exclude: Sequence[str], *, watch: bool) -> None:
    """Refuse a folder that does not exist or has no picture, unless the gallery follows it already."""
    if gallery in galleries.names() and any(each.path == path for each in followed(galleries.open(gallery))):
        return
    if not path.is_dir():
        raise typer.BadParameter(f"there is no folder {path}", param_hint="FOLDER")
    found = walk(path, lambda inner: is_picture(path / inner), exclude, galleries=galleries.root)
    if not watch and not found.files:
        raise typer.BadParameter(
            f"no picture in {path} or its sub-folders; {ACCEPTED_WORDS}",
            param_hint="FOLDER",
        )
