"""`iiae galleries`: list, delete, export and import galleries, or choose the default."""

import json
import sys
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console

from model.errors import UserError
from service.cli.checkpoints import load_model
from service.cli.gallery_files import export, import_
from service.cli.options import DEFAULT_HOME, AsJson, Home, listing, print_defaults
from service.deadline import Deadline, shared_deadline
from service.defaults import Defaults
from service.errors import GalleryBusy, GalleryDamaged, GalleryNotFound, StorageFull, StorageUnavailable
from service.file_names import printable
from service.galleries.collection import Galleries
from service.galleries.defaults import SEARCHES
from service.galleries.sync.following import followed

LOCK_SECONDS = 2.0
"""Longest wait for a gallery that another process locks. Its row then says so."""


@dataclass(frozen=True)
class Listed:
    """A gallery; `error` says why it cannot be opened. It follows `folders`, see `iiae sync`."""

    name: str
    model: str | None = None
    domain: str | None = None
    drawn: bool | None = None
    photos: int | None = None
    index: str | None = None
    folders: tuple[str, ...] = ()
    error: str | None = None


galleries = typer.Typer(
    help="List, delete, export and import galleries, or choose the default.",
    invoke_without_command=True,
    rich_markup_mode="markdown",
)


@galleries.callback()
def list_galleries(context: typer.Context, as_json: AsJson = False, home: Home = DEFAULT_HOME) -> None:
    """List the galleries, and the folders that they follow."""
    if context.invoked_subcommand is not None:
        return
    collection = Galleries(home / "galleries")
    names = collection.names()
    found = [each for name in names if (each := _listed(collection, name)) is not None]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    if not found:
        typer.echo(f"there is no gallery in {home}; make one with: iiae index FOLDER --gallery NAME")
        return
    table = listing("name", "model", "pictures", "photos", "index")
    for each in found:
        pictures = each.error or (f"{each.domain}, drawn" if each.drawn else each.domain)
        photos = "" if each.photos is None else f"{each.photos:,}"
        table.add_row(each.name, each.model, pictures, photos, each.index)
    console = Console()
    console.print(table)
    for each in found:
        for folder in each.folders:
            console.print(f"folder of {each.name}: {folder}", markup=False, highlight=False, soft_wrap=True)
    print_defaults(console, Defaults(home), "galleries")


@galleries.command("default", epilog="Example: `iiae galleries default photos`")
def default_gallery(
    name: Annotated[str, typer.Argument(help="The gallery's name.")], home: Home = DEFAULT_HOME
) -> None:
    """Make a gallery the default: searches that name no gallery use it. Running services follow."""
    spec = Galleries(home / "galleries").open(name).spec
    capabilities = load_model(home, spec.model, "cpu").inference.capabilities & SEARCHES
    Defaults(home).choose("galleries", name, capabilities)
    Console().print(f"{name} is the default for {', '.join(sorted(capabilities))}")


def _listed(collection: Galleries, name: str) -> Listed | None:
    """Return a gallery for the list, or None if it was deleted since it was listed."""
    try:
        with shared_deadline(Deadline(monotonic() + LOCK_SECONDS)):
            gallery = collection.open(name)
            spec = gallery.spec
            folders = tuple(printable(str(folder.path)) for folder in followed(gallery))
            return Listed(
                name, spec.model, spec.domain, spec.drawn, gallery.count, gallery.index.kind, folders
            )
    except GalleryNotFound:
        return None
    except (GalleryBusy, GalleryDamaged, StorageFull, StorageUnavailable) as error:
        return Listed(name, error=error.detail)


galleries.command("export", epilog="Example: `iiae galleries export photos photos.parquet`")(export)
galleries.command("import", epilog="Example: `iiae galleries import photos photos.parquet`")(import_)


@galleries.command("delete", epilog="Example: `iiae galleries delete photos`")
def delete_gallery(
    name: Annotated[str, typer.Argument(help="The gallery's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Delete a gallery and its uploaded pictures. Indexed folders stay as they are."""
    collection = Galleries(home / "galleries")
    if not yes and name in collection.names():
        _ask(_listed(collection, name) or Listed(name))
    collection.delete(name)
    Defaults(home).forget("galleries", name)
    Console().print(f"deleted {name}")


def _ask(gallery: Listed) -> None:
    """Ask whether to delete a gallery, and stop if not.

    Raises:
        UserError: nobody can answer.
    """
    if not sys.stdin.isatty():
        raise UserError(f"{gallery.name} was not deleted, because nobody can be asked; add --yes")
    photos = "" if gallery.photos is None else f" with {gallery.photos:,} photos"
    typer.confirm(f"Delete the gallery {gallery.name}{photos}?", abort=True)
