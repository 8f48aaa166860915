"""`iiae galleries`: list the galleries, delete one, or choose the default."""

from time import monotonic
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.cli.checkpoints import load_model
from service.cli.options import DEFAULT_HOME, Home, print_defaults
from service.deadline import Deadline, shared_deadline
from service.defaults import Defaults
from service.errors import GalleryBusy, GalleryDamaged, GalleryNotFound, StorageFull, StorageUnavailable
from service.galleries.collection import Galleries
from service.galleries.defaults import SEARCHES

LOCK_SECONDS = 2.0
"""Longest wait for a gallery that another process locks. Its row then says so."""


def list_galleries(context: typer.Context, home: Home = DEFAULT_HOME) -> None:
    """List the galleries."""
    if context.invoked_subcommand is not None:
        return
    galleries = Galleries(home / "galleries")
    table = Table("name", "model", "domain", "photos", "index")
    for name in galleries.names():
        try:
            with shared_deadline(Deadline(monotonic() + LOCK_SECONDS)):
                gallery = galleries.open(name)
                count = gallery.count
            spec = gallery.spec
            pictures = f"{spec.domain}, drawn" if spec.drawn else spec.domain
            table.add_row(name, spec.model, pictures, str(count), gallery.index.kind)
        except GalleryNotFound:  # deleted since it was listed
            continue
        except (GalleryBusy, GalleryDamaged, StorageFull, StorageUnavailable) as error:
            table.add_row(name, "", "", "", error.detail)
    console = Console()
    console.print(table)
    print_defaults(console, Defaults(home), "galleries")


def default_gallery(
    name: Annotated[str, typer.Argument(help="The gallery's name.")], home: Home = DEFAULT_HOME
) -> None:
    """Make a gallery the default: searches that name no gallery use it. Running services follow."""
    spec = Galleries(home / "galleries").open(name).spec
    capabilities = load_model(home, spec.model, "cpu").inference.capabilities & SEARCHES
    Defaults(home).choose("galleries", name, capabilities)
    Console().print(f"{name} is the default for {', '.join(sorted(capabilities))}")


def delete_gallery(
    name: Annotated[str, typer.Argument(help="The gallery's name.")], home: Home = DEFAULT_HOME
) -> None:
    """Delete a gallery and its uploaded pictures. Indexed folders stay as they are."""
    Galleries(home / "galleries").delete(name)
    Defaults(home).forget("galleries", name)
    Console().print(f"deleted {name}")
