"""`iiae models`: list the checkpoints."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import typer
from rich.console import Console

from model.checkpoint_folder import CheckpointError, published, read_manifest, released
from service.cli.options import DEFAULT_HOME, AsJson, Home, listing
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


def models(as_json: AsJson = False, home: Home = DEFAULT_HOME) -> None:
    """List the checkpoints of the store and of the package.

    With `--json`, their metrics too.
    """
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
    Console().print(table)


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
