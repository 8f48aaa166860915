"""The compared systems by name, and how their papers train them."""

from dataclasses import dataclass

from model.baselines.bicyclegan import BicycleGAN
from model.baselines.cddn import CdDN
from model.baselines.pix2pix import Pix2Pix
from model.baselines.translator import Translator
from model.presets import Preset, SystemName


@dataclass(frozen=True)
class System:
    """A compared system.

    Attributes:
        network: its class.
        batch_size: pairs per step, in its paper or its authors' code.
        augment: whether training pairs are cropped and mirrored at random, as in its paper.
    """

    network: type[Translator]
    batch_size: int
    augment: bool


SYSTEMS: dict[SystemName, System] = {
    "pix2pix": System(Pix2Pix, batch_size=1, augment=True),
    "bicyclegan": System(BicycleGAN, batch_size=2, augment=True),
    "cddn": System(CdDN, batch_size=4, augment=False),
}


def translator_of(preset: Preset) -> Translator:
    """Return a preset's system, untrained."""
    return SYSTEMS[preset.system].network(preset)
