"""Measured checkpoints, and the groups of them that differ by their seed only."""

import json
import shlex
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from model.manifest import Manifest
from model.presets import SystemName
from model.regular_file import read_regular
from model.storage import FileDamaged, write_bytes

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """A checkpoint, where it is, and its figures."""

    manifest: Manifest
    folder: Path
    figures: Figures


@dataclass(frozen=True, order=True)
class Kind:
    """What the checkpoints of one row have in common.

    Attributes:
        preset: the preset's name, which says the data set.
        image_size: side of the pictures in pixels.
        width: of the networks.
        pairs_seen: steps times batch size; 0 if the command does not say it.
        system: what was trained.
        objective: of IIAE.
        unseen: the split of unseen classes of a sketch model; empty for image models.
        settings: all further words of the command that can change the result, sorted.
    """

    preset: str
    image_size: int
    width: float
    pairs_seen: int
    system: SystemName
    objective: str
    unseen: str = ""
    settings: tuple[str, ...] = ()


def _words(manifest: Manifest) -> list[str]:
    """Return the words of the training command; `--option=value` is two words."""
    words: list[str] = []
    for word in shlex.split(manifest.command):
        words += word.split("=", 1) if word.startswith("--") else [word]
    return words


def option(manifest: Manifest, name: str, default: str) -> str:
    """Return an option of the command that trained a checkpoint, or its default."""
    words = _words(manifest)
    return words[words.index(name) + 1] if name in words[:-1] else default


DIFFERS = frozenset(
    {
        "--seed",
        "--name",
        "--data",
        "--home",
        "--threads",
        "--workers",
        "--device",
        "--trained-on",
        "--terms",
        "--doodles",
        "--icons",
    }
)
"""Options with a value that checkpoints of one kind may have different."""


def _settings(manifest: Manifest) -> tuple[str, ...]:
    """Return the words of the training command without those of `DIFFERS`, each option with its values."""
    settings: list[str] = []
    for word in _words(manifest):
        if word.startswith("--") or not settings:
            settings.append(word)
        else:
            settings[-1] += f" {word}"
    kept = [each for each in settings if each.split()[0] not in DIFFERS]
    # A sketch model's data depend on its seed, which chooses the held-out classes.
    data = [] if manifest.preset.sketch is not None else [f"data {manifest.data_fingerprint}"]
    return tuple(sorted([*kept, *data]))


def kind_of(manifest: Manifest) -> Kind:
    """Return what a checkpoint has in common with those of other seeds."""
    preset = manifest.preset
    return Kind(
        preset=preset.name,
        image_size=preset.image_size,
        width=preset.width,
        pairs_seen=int(option(manifest, "--steps", "0")) * preset.batch_size,
        system=preset.system,
        objective=option(manifest, "--objective", "iiae"),
        unseen=option(manifest, "--unseen", "") if preset.sketch is not None else "",
        settings=_settings(manifest),
    )


def grouped(measured: Iterable[Measured]) -> dict[Kind, list[Measured]]:
    """Return the checkpoints of each kind, by seed."""
    groups: dict[Kind, list[Measured]] = {}
    for each in sorted(measured, key=lambda each: each.manifest.seed):
        groups.setdefault(kind_of(each.manifest), []).append(each)
    return dict(sorted(groups.items()))


def mean_and_deviation(group: Iterable[Measured], figure: str) -> tuple[float, float | None] | None:
    """Return a figure's mean over the seeds and its standard deviation, None for one seed.

    Returns:
        None if no checkpoint of the group has the figure.
    """
    values = [each.figures[figure] for each in group if figure in each.figures]
    if not values:
        return None
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


_FIGURES = TypeAdapter(dict[str, dict[str, float]])


class FiguresFile:
    """Figures that were measured before, so that a report that was stopped goes on.

    Args:
        path: the JSON file, which is written after each measurement.

    Raises:
        FileDamaged: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._figures: dict[str, dict[str, float]] = {}
        if path.exists():
            try:
                self._figures = _FIGURES.validate_json(read_regular(path))
            except (OSError, ValueError) as error:
                raise FileDamaged(f"{path} cannot be read; delete it to measure again") from error

    def get(self, key: str) -> dict[str, float] | None:
        """Return the figures of a key, or None if they were not measured."""
        return self._figures.get(key)

    def put(self, key: str, figures: Figures) -> None:
        """Keep the figures of a key."""
        self._figures[key] = dict(figures)
        write_bytes(self.path, json.dumps(self._figures, indent=1).encode())
