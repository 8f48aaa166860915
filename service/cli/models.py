"""`iiae models`: list the checkpoints."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from model.checkpoint_folder import CheckpointError, published, read_manifest, released
from service.cli.options import DEFAULT_HOME, Home
from service.file_names import printable

METRICS_SHOWN = 3


def models(home: Home = DEFAULT_HOME) -> None:
    """List the checkpoints of the store and of the package."""
    table = Table("name", "version", "domains", "size", "metrics", "from")
    for folder in published(home / "checkpoints"):
        table.add_row(*_row(folder), "store")
    for folder in released():
        table.add_row(*_row(folder), "package")
    Console().print(table)


def _row(folder: Path) -> list[str]:
    try:
        manifest = read_manifest(folder)
    except CheckpointError as error:
        return [printable(folder.parent.name), printable(folder.name), "", "", printable(str(error))]
    metrics = ", ".join(f"{key} {value:.3f}" for key, value in list(manifest.metrics.items())[:METRICS_SHOWN])
    preset = manifest.preset
    return [manifest.name, manifest.version, " ".join(preset.domains), str(preset.image_size), metrics]
