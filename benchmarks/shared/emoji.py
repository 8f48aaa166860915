"""Galleries of emoji, and which things their pictures show by name."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.shared.openmoji import thing_name
from model.data.thing_names import thing_of

OTHER_THINGS = (
    "cricket bat|teddy bear|cowboy|umbrella on|hands|cup with straw|clinking glasses|cloud with|sun behind|"
    "bellhop bell|bell pepper|bell with cancellation stroke"
)
"""Pattern of emoji names that contain a thing's name but show something else."""


def emoji_pictures(folder: Path) -> tuple[list[Path], list[str]]:
    """The pictures of a folder, and what each shows. An animal's face shows the animal.

    Args:
        folder: what `benchmarks.shared.openmoji` rendered, or the demo's pictures, `service/demo/things`.
    """
    if (folder / "things.json").is_file():
        things: dict[str, str] = json.loads((folder / "things.json").read_text())
        shown = [(path, things[path.stem]) for path in sorted(folder.glob("*/*.webp"))]
    else:
        shown = [(path, name) for path in sorted(folder.glob("*.png")) if (name := thing_name(path.stem))]
    return [path for path, _ in shown], [thing_of(name.removesuffix(" face")) for _, name in shown]


def shown_by(names: Sequence[str], things: Sequence[str]) -> Tensor:
    """Whether pictures with these names show these things, [things, pictures]."""

    def shows(name: str, thing: str) -> bool:
        contains = re.search(rf"\b{re.escape(thing)}\b", name) and not re.search(OTHER_THINGS, name)
        return name == thing or bool(contains)

    return torch.tensor([[shows(name, thing_of(thing)) for name in names] for thing in things])
