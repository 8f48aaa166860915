"""OpenMoji's pictures as a gallery, and which things they show by name."""

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
    """The pictures that `openmoji` rendered, and what each shows. An animal's face shows the animal."""
    paths = [path for path in sorted(folder.glob("*.png")) if thing_name(path.stem)]
    return paths, [thing_of(str(thing_name(path.stem)).removesuffix(" face")) for path in paths]


def shown_by(names: Sequence[str], things: Sequence[str]) -> Tensor:
    """Whether pictures with these names show these things, [things, pictures]."""

    def shows(name: str, thing: str) -> bool:
        contains = re.search(rf"\b{re.escape(thing)}\b", name) and not re.search(OTHER_THINGS, name)
        return name == thing or bool(contains)

    return torch.tensor([[shows(name, thing_of(thing)) for name in names] for thing in things])
