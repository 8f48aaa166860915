"""Measured checkpoints, and the groups of them that differ by their seed only."""

import json
import shlex
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from model.manifest import Manifest
from model.objective import OBJECTIVES
from model.presets import SystemName
from model.regular_file import read_regular
from model.storage import FileDamaged, write_bytes

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """A checkpoint, where it is, and its figures.

    Attributes:
        stand_in: whether the figures are of data that stand in for the published data.
    """

    manifest: Manifest
    folder: Path
    figures: Figures
    stand_in: bool = False


@dataclass(frozen=True, order=True)
class Kind:
    """What the checkpoints of one row have in common.

    Attributes:
        preset: the preset's name, which says the data set.
        image_size: side of the pictures in pixels.
        width: of the networks.
        pairs_seen: steps times batch size, before the best weights are chosen; 0 if the command does not
            say the steps.
        system: what was trained.
        objective: of IIAE.
        unseen: the split of unseen classes of a sketch model; empty for image models.
        settings: all further options that can change the result, and the training data, sorted.
        stand_in: as in `Measured`.
    """

    preset: str
    image_size: int
    width: float
    pairs_seen: int
    system: SystemName
    objective: str
    unseen: str = ""
    settings: tuple[str, ...] = ()
    stand_in: bool = False

    @property
    def data(self) -> str:
        """The data set's name; a stand-in is called one."""
        return f"{self.preset} (stand-in)" if self.stand_in else self.preset


def recorded_options(manifest: Manifest) -> dict[str, str]:
    """Return the options of the command that trained a checkpoint, with their values; flags have none.

    Raises:
        ValueError: the command is no command line.
    """
    options: dict[str, str] = {}
    name = ""
    for word in shlex.split(manifest.command):
        if word.startswith("--"):
            name, _, value = word.partition("=")
            options[name] = value
        elif name:
            options[name] = f"{options[name]} {word}".strip()
    return options


MAY_DIFFER = frozenset(
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
    }
)
"""Options that checkpoints of one kind may have different."""
FOLDERS = frozenset({"--doodles", "--icons"})
"""Options of which it only matters whether they were given."""
IN_KIND = frozenset({"--image-size", "--width", "--batch", "--steps", "--system", "--objective", "--unseen"})
"""Options that other attributes of a kind have."""


def kind_of(manifest: Manifest) -> Kind:
    """Return what a checkpoint has in common with those of other seeds.

    Raises:
        ValueError: the command that trained it cannot be read.
    """
    preset, options = manifest.preset, recorded_options(manifest)
    objective = options.get("--objective", "iiae")
    if objective not in OBJECTIVES:
        raise ValueError(f"there is no objective {objective!r}")
    settings = {
        name if name in FOLDERS else f"{name} {value}".strip()
        for name, value in options.items()
        if name not in MAY_DIFFER | IN_KIND
    }
    # A sketch model's data depend on its seed, which chooses the held-out classes.
    data = set() if preset.sketch is not None else {f"data {manifest.data_fingerprint[:8]}"}
    return Kind(
        preset=preset.name,
        image_size=preset.image_size,
        width=preset.width,
        pairs_seen=int(options.get("--steps", "0")) * preset.batch_size,
        system=preset.system,
        objective=objective,
        unseen=options.get("--unseen", "") if preset.sketch is not None else "",
        settings=tuple(sorted(settings | data)),
    )


def grouped(measured: Iterable[Measured]) -> dict[Kind, list[Measured]]:
    """Return the checkpoints of each kind, by seed."""
    groups: dict[Kind, list[Measured]] = {}
    for each in sorted(measured, key=lambda each: each.manifest.seed):
        kind = replace(kind_of(each.manifest), stand_in=each.stand_in)
        groups.setdefault(kind, []).append(each)
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
