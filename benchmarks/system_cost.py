"""Compare the cost of IIAE and of the systems that the paper compares it with, side by side in one run.

    python -m benchmarks.system_cost [--image-size 64 --width 0.25 --batch 8] [--rounds 5]

The systems take turns: each round trains each one for some steps on made pairs and translates one picture at
a time in both directions. The table has medians over the rounds, as ratios to IIAE. Weights are untrained.
"""

import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from model.allocator import keep_memory
from model.baselines.run import TranslatorRun
from model.baselines.systems import translator_of
from model.baselines.translator import Translator
from model.cli.options import Device, choose_device
from model.data.synthetic import SyntheticPairs
from model.iiae import IIAE
from model.iiae_inference import IIAEInference
from model.inference import Inference, translate
from model.presets import PRESETS, SIDES, Preset, SystemName
from model.training.run import Plan, Run
from model.translator_inference import TranslatorInference

SYSTEMS: tuple[SystemName, ...] = ("iiae", "cddn", "bicyclegan", "pix2pix")
STEPS, TRANSLATIONS = 4, 8
"""Of each round."""


class Contender:
    """One system, ready to train and to translate.

    Args:
        preset: the system's settings.
        folder: where its run may write.
        device: where it computes.
    """

    def __init__(self, preset: Preset, folder: Path, device: torch.device) -> None:
        self.preset, self.device = preset, device
        torch.manual_seed(0)
        pairs = SyntheticPairs(preset.batch_size, preset.image_size)
        plan = Plan(steps=1, accelerator="cuda" if device.type == "cuda" else "cpu")
        self.run: Run | TranslatorRun
        if preset.system == "iiae":
            self.run = Run(folder, IIAE(preset), pairs, plan, validate=lambda _: {})
        else:
            self.run = TranslatorRun(folder, translator_of(preset), pairs, plan, validate=lambda _: {})
        self.run.start()
        sides = zip(*(pairs.pair(index, None) for index in range(len(pairs))), strict=True)
        self.x, self.y = (torch.stack(side).to(device) for side in sides)
        self.served = self._served()

    def parameters(self, module: torch.nn.Module) -> int:
        """Return the number of a module's parameters."""
        return sum(parameter.numel() for parameter in module.parameters())

    def _served(self) -> Inference:
        """A copy, as the service loads it."""
        if self.preset.system == "iiae":
            return IIAEInference(IIAE(self.preset), None, self.device)
        return TranslatorInference(translator_of(self.preset).without_training(), self.device)

    def served_parameters(self) -> int:
        """Return the number of parameters that the service loads."""
        served = self.served
        networks: Translator | IIAE = (
            served.iiae if isinstance(served, IIAEInference) else served.system  # type: ignore[attr-defined]
        )
        return self.parameters(networks)

    def seconds_a_pair(self) -> float:
        """Train for some steps, and return the seconds of one pair."""
        started = self._now()
        for _ in range(STEPS):
            self.run.update(self.x, self.y)
            self.run.step += 1
        return (self._now() - started) / STEPS / len(self.x)

    def seconds_a_translation(self) -> float:
        """Translate single pictures in both directions, and return the seconds of one."""
        style, started = torch.zeros(1, self.served.exclusive_size), self._now()
        for number in range(TRANSLATIONS):
            side = SIDES[number % 2]
            pixels: Tensor = {"x": self.x, "y": self.y}[side][:1]
            translate(self.served, side, pixels, style).cpu()
        return (self._now() - started) / TRANSLATIONS

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return perf_counter()


def main(
    image_size: Annotated[int, typer.Option(min=32)] = 64,
    width: Annotated[float, typer.Option(min=0.01)] = 0.25,
    batch: Annotated[int, typer.Option(min=2, help="Pairs a step, the same for all.")] = 8,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    device: Device = "auto",
) -> None:
    """Measure, and print the table."""
    keep_memory()
    torch.set_num_threads(threads)
    chosen = choose_device(device)
    preset = replace(PRESETS["facades"], image_size=image_size, width=width, batch_size=batch)
    with tempfile.TemporaryDirectory() as scratch:
        contenders = [Contender(replace(preset, system=system), Path(scratch), chosen) for system in SYSTEMS]
        for each in contenders:  # warm up
            each.seconds_a_pair()
            each.seconds_a_translation()
        measured = [
            [(each.seconds_a_pair(), each.seconds_a_translation()) for each in contenders]
            for _ in range(rounds)
        ]
    setting = f"{image_size} x {image_size}, width {width:g}, {batch} pairs a step"
    table = Table(
        "system",
        "parameters, served",
        "in training",
        "training pairs/s",
        "ratio",
        "translation, ms",
        "ratio",
        title=f"{setting}, {chosen}, threads: {threads}",
    )
    for number, each in enumerate(contenders):
        pair, translation = (statistics.median(turn[number][kind] for turn in measured) for kind in (0, 1))
        ratios = (
            statistics.median(turn[0][0] / turn[number][0] for turn in measured),
            statistics.median(turn[number][1] / turn[0][1] for turn in measured),
        )
        table.add_row(
            each.preset.system,
            f"{each.served_parameters():,}",
            f"{each.parameters(each.run.networks):,}",
            f"{1 / pair:.1f}",
            f"{ratios[0]:.2f}",
            f"{1e3 * translation:.1f}",
            f"{ratios[1]:.2f}",
        )
    Console(width=130).print(table)


if __name__ == "__main__":
    typer.run(main)
