"""`iiae galleries`: list the galleries, or delete one."""

from time import monotonic
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.cli.options import DEFAULT_HOME, Home
from service.deadline import Deadline, shared_deadline
from service.errors import GalleryBusy, GalleryDamaged, GalleryNotFound, StorageFull, StorageUnavailable
from service.galleries.collection import Galleries

LOCK_SECONDS = 2.0
"""Longest wait for a gallery that another process locks. Its row then says so."""


def list_galleries(context: typer.Context, home: Home = DEFAULT_HOME) -> None:
    """List the galleries."""
    if context.invoked_subcommand is not None:
        return
    collection = Galleries(home / "galleries")
    table = Table("name", "model", "domain", "photos", "index")
    for name in collection.names():
        try:
            with shared_deadline(Deadline(monotonic() + LOCK_SECONDS)):
                gallery = collection.open(name)
                count = gallery.count
            spec = gallery.spec
            pictures = f"{spec.domain}, drawn" if spec.drawn else spec.domain
            table.add_row(name, spec.model, pictures, str(count), gallery.index.kind)
        except GalleryNotFound:  # deleted since it was listed
            continue
        except (GalleryBusy, GalleryDamaged, StorageFull, StorageUnavailable) as error:
            table.add_row(name, "", "", "", error.detail)
    Console().print(table)


def delete_gallery(
    name: Annotated[str, typer.Argument(help="The gallery's name.")], home: Home = DEFAULT_HOME
) -> None:
    """Delete a gallery and its uploaded pictures. Indexed folders stay as they are."""
    Galleries(home / "galleries").delete(name)
    Console().print(f"deleted {name}")


galleries = typer.Typer(
    help="List the galleries, or delete one.",
    invoke_without_command=True,
    rich_markup_mode="markdown",
)
galleries.callback()(list_galleries)
galleries.command("delete", epilog="Example: `iiae galleries delete photos`")(delete_gallery)
