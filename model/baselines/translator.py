"""What the compared systems have in common: they translate pictures, and train by phases."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.optim import Adam, Optimizer

from model.errors import UserError
from model.presets import Preset, Side

Capability = Literal["translate", "sampled_style", "reference_style", "shared_codes", "exclusive_codes"]
"""`sampled_style`: a translation's style can be drawn from N(0, I). `reference_style`: it can be that of a
picture of the target domain. `shared_codes` and `exclusive_codes`: pictures have such codes."""
Terms = Mapping[str, Tensor]
"""Named terms of a loss, scalars that are minimised as a sum."""


class NotCapable(UserError):
    """The system does not have a capability; the text says which."""


class Translator(nn.Module):
    """A system that translates pictures between the domains X and Y.

    Args:
        preset: decides the pictures' size, the width, the learning rate and Adam's betas.

    Attributes:
        capabilities: what it can do; other methods raise NotCapable.
        style_size: dimensions of a style; 0 without `sampled_style`.
        trained_in: names of the networks whose parameters each phase of a step changes.
        only_trained: names of the networks that only training needs.
    """

    capabilities: ClassVar[frozenset[Capability]]
    style_size: ClassVar[int] = 0
    trained_in: ClassVar[Mapping[str, tuple[str, ...]]]
    only_trained: ClassVar[tuple[str, ...]]

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        self.preset = preset

    @abstractmethod
    def translate(
        self, source: Side, pixels: Float[Tensor, "b 3 s s"], style: Float[Tensor, "b z"] | None = None
    ) -> Float[Tensor, "b 3 s s"]:
        """Translate pictures of one domain into the other, in [-1, 1].

        Args:
            source: the pictures' domain.
            pixels: the pictures.
            style: with `sampled_style`, what the source does not decide; None for the mean of its prior.
        """

    def style_of(self, side: Side, pixels: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b z"]:
        """Return the styles of pictures, for translations into their domain."""
        raise self._missing("reference_style")

    def shared(self, side: Side, pixels: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b c h w"]:
        """Return the shared codes of pictures."""
        raise self._missing("shared_codes")

    def exclusive(self, side: Side, pixels: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b z"]:
        """Return the exclusive codes of pictures."""
        raise self._missing("exclusive_codes")

    @abstractmethod
    def phases(
        self, x: Float[Tensor, "b 3 s s"], y: Float[Tensor, "b 3 s s"], noise: Generator
    ) -> Iterator[tuple[str, Terms]]:
        """Yield the phases of one training step with their terms.

        The caller minimises the sum of a phase's terms before it asks for the next phase.

        Args:
            x, y: pairs of pictures.
            noise: decides everything random but the dropout.
        """

    def optimisers(self) -> dict[str, Optimizer]:
        """Return the optimiser of each phase."""
        return {
            phase: Adam(
                [each for name in names for each in self.get_submodule(name).parameters()],
                self.preset.learning_rate,
                self.preset.betas,
            )
            for phase, names in self.trained_in.items()
        }

    def without_training(self) -> "Translator":
        """Remove the networks that only training needs, and return the system."""
        for name in self.only_trained:
            delattr(self, name)
        return self

    def _missing(self, capability: Capability) -> NotCapable:
        return NotCapable(f"{type(self).__name__} does not have the capability {capability!r}")


def train_step(
    system: Translator, optimisers: Mapping[str, Optimizer], x: Tensor, y: Tensor, noise: Generator
) -> dict[str, Tensor]:
    """Take one training step, and return all terms of its phases, detached."""
    found: dict[str, Tensor] = {}
    for phase, terms in system.phases(x, y, noise):
        optimisers[phase].zero_grad(set_to_none=True)
        torch.stack(list(terms.values())).sum().backward()
        optimisers[phase].step()
        found |= {name: term.detach() for name, term in terms.items()}
    return found


def initialise(module: nn.Module) -> None:
    """Set the weights of a layer to Gaussian noise of standard deviation 0.02, as pix2pix does."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and not module.weight.is_meta:
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def normal(like: Tensor, size: int, noise: Generator) -> Tensor:
    """Return styles from N(0, I), one a picture, [b, size]."""
    return torch.randn(len(like), size, generator=noise, device=like.device)
