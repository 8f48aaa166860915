"""`iiae report`: the results page and its pictures, from published checkpoints, without training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from model import checkpoint
from model.cli.options import DEFAULT_HOME, Device, Home, choose_device
from model.cli.unseen import measured_classes
from model.data.open import open_pairs
from model.data.pairs import DataError, Pairs
from model.data.standins.folder import NOTE
from model.evaluation.lpips import NETWORKS, SMALLEST, Lpips, NetworkName, load_lpips
from model.evaluation.report.measured import Figures, FiguresFile, Measured, grouped, kind_of
from model.evaluation.report.page import Drawn, page
from model.evaluation.report.pictures import draw
from model.evaluation.report.tables import setting
from model.evaluation.sketch_search import measure_sketch_search
from model.evaluation.translation import measure_pictures
from model.manifest import Manifest
from model.presets import PRESETS
from model.storage import write_bytes

PAGE, FIGURES = "report.md", "figures.json"
LPIPS_PAIRS = 200
"""LPIPS is measured on at most this many pairs."""


@dataclass(frozen=True)
class Reporter:
    """Measures checkpoints.

    Attributes:
        data: the folder of each preset's data.
        lpips: whether to measure LPIPS.
        device: where to compute.
        limit: at most this many pairs; None takes all.
        kept: figures that were measured before.
    """

    data: dict[str, Path]
    lpips: bool
    device: torch.device
    limit: int | None
    kept: FiguresFile

    @cached_property
    def networks(self) -> dict[NetworkName, Lpips]:
        """The LPIPS distances, loaded when they are first needed."""
        return {each: load_lpips(each).to(self.device) for each in NETWORKS}

    def measured(self, home: Path) -> Iterator[Measured]:
        """Yield the newest version of each checkpoint of the store and the package whose data are at hand.

        A checkpoint that cannot be read is left out, with a line that says why.
        """
        newest = {folder.name: folder for folder in checkpoint.released()}
        newest |= {folder.parent.name: folder for folder in checkpoint.published(home / "checkpoints")}
        for name, folder in newest.items():
            try:
                manifest = checkpoint.read_manifest(folder)
                if manifest.preset.name not in self.data:
                    continue
                if kind_of(manifest).unseen == "" and manifest.preset.sketch is not None:
                    continue  # it saw all classes: there are none to measure it on
                if manifest.preset.reader != PRESETS[manifest.preset.name].reader:
                    raise ValueError(f"it was trained on {manifest.preset.reader} data")
                measured = Measured(
                    manifest,
                    folder,
                    self._figures(manifest, folder),
                    stand_in=(self.data[manifest.preset.name] / NOTE).is_file(),
                )
            except (checkpoint.CheckpointError, ValueError) as error:
                _left_out(name, error)
                continue
            yield measured

    def _figures(self, manifest: Manifest, folder: Path) -> Figures:
        networks = sorted(NETWORKS) if self.lpips else []
        key = f"{manifest.weights_sha256} {self._data_key(manifest)} {self.limit} {networks}"
        if (found := self.kept.get(key)) is None:
            Console().print(f"measuring {manifest.name}")
            found = self._measure(manifest, folder)
            self.kept.put(key, found)
        return found

    def _measure(self, manifest: Manifest, folder: Path) -> dict[str, float]:
        inference, data = checkpoint.load(folder, self.device), self.data[manifest.preset.name]
        if manifest.preset.sketch is not None:
            try:
                classes = measured_classes(data, kind_of(manifest).unseen)
            except DataError as error:
                raise ValueError(str(error)) from error
            return measure_sketch_search(inference, classes)
        preset, pairs = manifest.preset, self._pairs(manifest)
        networks = self.networks if self.lpips and preset.image_size >= SMALLEST else {}
        lpips_limit = min(self.limit or LPIPS_PAIRS, LPIPS_PAIRS)
        return measure_pictures(inference, pairs, networks, limit=self.limit, lpips_limit=lpips_limit)

    def _data_key(self, manifest: Manifest) -> str:
        """Return what tells the data from other data of the same preset."""
        if manifest.preset.sketch is not None:
            return str(self.data[manifest.preset.name].resolve())
        return self._pairs(manifest).fingerprint

    def _pairs(self, manifest: Manifest) -> Pairs:
        preset, data = manifest.preset, self.data[manifest.preset.name]
        return open_pairs(preset.reader, data, "test", preset.image_size, preset.domains)

    def pictures(self, measured: Sequence[Measured], folder: Path) -> Iterator[Drawn]:
        """Draw the first seed of each kind of image model, and yield the pictures."""
        groups = grouped(measured)
        for kind, group in groups.items():
            first = group[0]
            if first.manifest.preset.sketch is not None:
                continue
            pairs = self._pairs(first.manifest)
            name = f"{first.manifest.name}-{first.manifest.weights_sha256[:8]}{pairs.fingerprint[:8]}"
            try:
                inference = checkpoint.load(first.folder, self.device)
            except checkpoint.CheckpointError as error:
                _left_out(f"the pictures of {first.manifest.name}", error)
                continue
            yield from draw(inference, pairs, kind, name, folder, setting(kind, groups))


def _left_out(what: str, error: Exception) -> None:
    Console(stderr=True).print(f"left out {what}: {error}", soft_wrap=True, markup=False)


DataFolder = Annotated[Path | None, typer.Option(help="Folder of this data set.", show_default=False)]


def report(
    out: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the page; made if it does not exist.")
    ],
    home: Home = DEFAULT_HOME,
    facades: DataFolder = None,
    mnist: DataFolder = None,
    cars: DataFolder = None,
    maps: DataFolder = None,
    sketchy: DataFolder = None,
    lpips: Annotated[bool, typer.Option(help="Measure LPIPS; its weights are downloaded once.")] = True,
    pictures: Annotated[bool, typer.Option(help="Draw translations, analogies and retrieval.")] = True,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many pairs of pictures.")] = None,
    device: Device = "auto",
) -> None:
    """Measure published checkpoints, and write the results page and its pictures.

    Checkpoints that differ by their seed only share a row. Figures are kept in DIR/figures.json, so a report
    that was stopped goes on.
    """
    folders = {
        "facades": facades,
        "mnist-cdcb": mnist,
        "cars": cars,
        "maps": maps,
        "sketchy": sketchy,
        "sketchy-printed": sketchy,
    }
    data = {preset: folder for preset, folder in folders.items() if folder is not None}
    if not data:
        raise typer.BadParameter("give the folder of a data set, such as --facades")
    if out.exists() and not out.is_dir():
        raise typer.BadParameter(f"{out} is a file; name a folder", param_hint="DIR")
    out.mkdir(parents=True, exist_ok=True)
    chosen = choose_device(device)
    reporter = Reporter(data, lpips, chosen, limit, FiguresFile(out / FIGURES))
    measured = list(reporter.measured(home))
    if not measured:
        raise typer.BadParameter(f"{home} has no checkpoint of these data", param_hint="--home")
    drawn = list(reporter.pictures(measured, out)) if pictures else []
    write_bytes(out / PAGE, page(measured, drawn, limit).encode())
    shipped = sum(each.folder in checkpoint.released() for each in measured)
    text = f"wrote {out / PAGE}: {len(measured) - shipped} checkpoints of {home}, {shipped} of the package"
    Console().print(text, soft_wrap=True)
