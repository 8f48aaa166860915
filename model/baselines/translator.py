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
Losses = Mapping[str, Terms]
"""Losses that are minimised at the same weights, by the name of the optimiser that minimises each."""


class NotCapable(UserError):
    """The system does not have a capability; the text says which."""


class Translator(nn.Module):
    """A system that translates pictures between the domains X and Y.

    Args:
        preset: decides the pictures' size, the width, the learning rate and Adam's betas.

    Attributes:
        capabilities: what it can do; other methods raise NotCapable.
        style_size: dimensions of a style; 0 without `sampled_style`.
        trained_by: names of the networks whose parameters each optimiser changes.
        only_trained: names of the networks that only training needs.
    """

    capabilities: ClassVar[frozenset[Capability]]
    style_size: ClassVar[int] = 0
    trained_by: ClassVar[Mapping[str, tuple[str, ...]]]
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
    ) -> Iterator[Losses]:
        """Yield the losses of each phase of one training step.

        The caller takes a step of a phase's optimisers before it asks for the next phase.

        Args:
            x, y: pairs of pictures.
            noise: decides everything random but the dropout.
        """

    def optimisers(self) -> dict[str, Optimizer]:
        """Return the optimisers; several may change the same networks."""
        return {
            optimiser: Adam(
                [each for name in names for each in self.get_submodule(name).parameters()],
                self.preset.learning_rate,
                self.preset.betas,
            )
            for optimiser, names in self.trained_by.items()
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
    """Take one training step, and return all terms of its losses, detached."""
    found: dict[str, Tensor] = {}
    for losses in system.phases(x, y, noise):
        gradients = {}
        for number, (name, terms) in enumerate(losses.items(), 1):
            gradients[name] = torch.autograd.grad(
                torch.stack(list(terms.values())).sum(),
                parameters_of(optimisers[name]),
                retain_graph=number < len(losses),
                allow_unused=True,
            )
            found |= {term: value.detach() for term, value in terms.items()}
        for name, of_loss in gradients.items():
            for parameter, gradient in zip(parameters_of(optimisers[name]), of_loss, strict=True):
                parameter.grad = gradient
            optimisers[name].step()
            optimisers[name].zero_grad(set_to_none=True)
    return found


def parameters_of(optimiser: Optimizer) -> list[Tensor]:
    """Return the parameters that an optimiser changes."""
    parameters: list[Tensor] = optimiser.param_groups[0]["params"]
    return parameters


def initialise(module: nn.Module) -> None:
    """Set the weights of a layer to Gaussian noise of standard deviation 0.02, as pix2pix does."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and not module.weight.is_meta:
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def normal(like: Tensor, size: int, noise: Generator) -> Tensor:
    """Return styles from N(0, I), one a picture, [b, size]."""
    return torch.randn(len(like), size, generator=noise, device=like.device)
