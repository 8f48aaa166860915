"""`iiae models`: list the checkpoints, or choose the default."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from model.checkpoint_folder import CheckpointError, published, read_manifest, released
from service.cli.options import DEFAULT_HOME, AsJson, Home, listing, print_defaults
from service.defaults import Defaults
from service.file_names import printable


@dataclass(frozen=True)
class Listed:
    """A published checkpoint; `error` says why it cannot be used."""

    name: str
    version: str
    place: Literal["store", "package"]
    domains: tuple[str, ...] = ()
    image_size: int | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None


models = typer.Typer(
    help="List the checkpoints, or choose the default.",
    epilog="Example: `iiae models default facades`",
    invoke_without_command=True,
)


@models.callback()
def list_models(context: typer.Context, as_json: AsJson = False, home: Home = DEFAULT_HOME) -> None:
    """List the checkpoints of the store and of the package.

    With `--json`, their metrics too.
    """
    if context.invoked_subcommand is not None:
        return
    found = [
        *(_listed(folder, "store") for folder in published(home / "checkpoints")),
        *(_listed(folder, "package") for folder in released()),
    ]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    table = listing("name", "version", "domains", "size", "from")
    for each in found:
        about = each.error or ", ".join(each.domains)
        table.add_row(each.name, each.version, about, str(each.image_size or ""), each.place)
    console = Console()
    console.print(table)
    print_defaults(console, Defaults(home), "models")


@models.command("default", epilog="Example: `iiae models default facades`")
def default_model(
    name: Annotated[str, typer.Argument(help="The model's name.")], home: Home = DEFAULT_HOME
) -> None:
    """Make a model the default: it answers requests that name no model. Running services follow."""
    from service.cli.checkpoints import load_model  # needs torch, which the list does not
    from service.registry.registry import NAMELESS

    capabilities = load_model(home, name, "cpu").inference.capabilities & NAMELESS
    Defaults(home).choose("models", name, capabilities)
    Console().print(f"{name} is the default for {', '.join(sorted(capabilities))}")


def _listed(folder: Path, place: Literal["store", "package"]) -> Listed:
    try:
        manifest = read_manifest(folder)
    except CheckpointError as error:
        name, version = printable(folder.parent.name), printable(folder.name)
        return Listed(name, version, place, error=printable(str(error)))
    preset = manifest.preset
    return Listed(
        manifest.name, manifest.version, place, preset.domains, preset.image_size, dict(manifest.metrics)
    )
