"""`iiae models`: list the checkpoints, or choose the default."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from model.checkpoint import CheckpointError, published, read_manifest, released
from service.cli.checkpoints import load_model, store_of
from service.cli.options import DEFAULT_HOME, Home, print_defaults
from service.defaults import Defaults
from service.file_names import printable
from service.registry.registry import NAMELESS

METRICS_SHOWN = 3


def list_models(context: typer.Context, home: Home = DEFAULT_HOME) -> None:
    """List the checkpoints of the store and of the package, and the defaults."""
    if context.invoked_subcommand is not None:
        return
    table = Table("name", "version", "domains", "size", "metrics", "from")
    for folder in published(store_of(home)):
        table.add_row(*_row(folder), "store")
    for folder in released():
        table.add_row(*_row(folder), "package")
    console = Console()
    console.print(table)
    print_defaults(console, Defaults(home), "models")


def default_model(
    name: Annotated[str, typer.Argument(help="The model's name.")], home: Home = DEFAULT_HOME
) -> None:
    """Make a model the default: it answers requests that name no model. Running services follow."""
    capabilities = load_model(home, name, "cpu").inference.capabilities & NAMELESS
    Defaults(home).choose("models", name, capabilities)
    Console().print(f"{name} is the default for {', '.join(sorted(capabilities))}")


def _row(folder: Path) -> list[str]:
    try:
        manifest = read_manifest(folder)
    except CheckpointError as error:
        return [printable(folder.parent.name), printable(folder.name), "", "", printable(str(error))]
    metrics = ", ".join(f"{key} {value:.3f}" for key, value in list(manifest.metrics.items())[:METRICS_SHOWN])
    preset = manifest.preset
    return [manifest.name, manifest.version, " ".join(preset.domains), str(preset.image_size), metrics]
