"""Use cases: one domain's picture as the other's, and what one picture shows in the way that another does."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from PIL import Image
from torch import Tensor

from model.pictures import picture
from model.presets import Side, other
from service.embedding import Embedding
from service.errors import DomainsDiffer, ParameterInvalid
from service.images.decode import Upload
from service.inference.embedder import Embedder
from service.inference.engine import Engine
from service.inference.workers import Workers
from service.registry.model import Model

Style = Literal["sampled", "mean"]

DOMAIN_MARGIN = 0.2
"""How clear an analogy's pictures must be to be refused as of two domains: one reconstructed e^0.2 = 1.22 times
better as X than as Y, *and* the other as much better as Y. Of 100 validation pairs each of facades and digits no
picture came nearer to 0 than 0.52, and photos made grey, dark, blurred or negative stayed on their side: two of one
domain are far from being refused, two of two domains are. What is less clear is the caller's to know."""

RANDOM_SEED_LIMIT = 2**31
"""Seeds are drawn below this, so that any client's integers hold them."""

SEED_LIMIT = 2**32
"""Seeds that are accepted; so those of all samples lie below, or a sample could not be had again."""

MAX_REFERENCES = 2
DEFAULT_MIX = 0.5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One result; with `seed` the request gives it again. No seed where nothing was drawn."""

    image: Image.Image
    seed: int | None


@dataclass(frozen=True, kw_only=True)
class Translation:
    """Pictures of the domain `target`, from one of the domain `source`."""

    source: str
    target: str
    samples: list[Sample]


class Translator:
    """What image models do beside search; both calls want a model with the capability of their name."""

    def __init__(self, *, engine: Engine, embedder: Embedder, workers: Workers) -> None:
        self._engine = engine
        self._embedder = embedder
        self._workers = workers

    async def translate(
        self,
        model: Model,
        upload: Upload,
        *,
        source: str | None = None,
        samples: int = 1,
        seed: int | None = None,
        references: Sequence[Upload] = (),
        mix: float = DEFAULT_MIX,
        style: Style = "sampled",
    ) -> Translation:
        """The picture in the other domain.

        Args:
            source: the picture's domain; the model's first unless told.
            samples: how many, in styles drawn from N(0, I); sample i is drawn with `seed` + i.
            references: a picture of the target's domain whose style to take instead, or two to take a style between.
            mix: where between two references, 0 being the first and 1 the second.
            style: `mean` takes the prior's mean, the plainest style, instead.

        Raises:
            CapabilityMissing, DomainUnknown, and what reading a picture and the engine raise.
            ParameterInvalid: several samples of one style, contradictory styles, or a seed that leaves too few above it.
        """
        model.require("translate")
        side = model.side(source)
        target = other(side)
        _check_style(samples, len(references), mix, style)
        _check_seeds(seed or 0, samples)
        seeds: list[int | None] = [None]
        if references:
            manners = [self._embedder.exclusive(model, target, each) for each in references]
            zs, *codes = await asyncio.gather(self._embedder.shared(model, side, upload), *manners)
            return await self._decode(model, side, target, _between(codes, mix), zs, seeds)
        zs = await self._embedder.shared(model, side, upload)
        if style == "mean":
            z = torch.zeros(1, model.inference.exclusive_size)
        else:
            first = secrets.randbelow(RANDOM_SEED_LIMIT) if seed is None else seed
            z = sample_styles(model.inference.exclusive_size, first, samples)
            seeds = list(range(first, first + samples))
        return await self._decode(model, side, target, z, zs, seeds)

    async def analogy(
        self,
        model: Model,
        upload: Upload,
        reference: Upload,
        *,
        source: str | None = None,
        reference_source: str | None = None,
    ) -> Translation:
        """What the picture shows, in the way that the reference shows it; both are of one domain.

        Args:
            source: the domain of both; the model's first unless told.
            reference_source: the reference's domain, where a caller says it apart.

        Raises:
            CapabilityMissing, DomainUnknown, and what reading a picture and the engine raise.
            DomainsDiffer: by name, or clearly by their looks (`DOMAIN_MARGIN`).
        """
        model.require("analogy")
        side = model.side(source)
        if reference_source is not None and model.side(reference_source) != side:
            raise DomainsDiffer(
                f"The image is of {model.domain(side)!r} and the reference of {reference_source!r}; an analogy wants two of one domain."
            )
        zs, z, *looks = await asyncio.gather(
            self._embedder.shared(model, side, upload),
            self._embedder.exclusive(model, side, reference),
            self._embedder.side_of(model, side, upload),
            self._embedder.side_of(model, side, reference),
        )
        if min(looks) < -DOMAIN_MARGIN and max(looks) > DOMAIN_MARGIN:
            image, other_image = (model.domain("x" if look > 0 else "y") for look in looks)
            raise DomainsDiffer(
                f"The image looks like {image!r} and the reference like {other_image!r}; an analogy wants two of one domain."
            )
        return await self._decode(model, side, side, _one(z), zs, [None])

    async def _decode(
        self, model: Model, source: Side, target: Side, z: Tensor, zs: Embedding, seeds: list[int | None]
    ) -> Translation:
        """One zs in the styles z [n, exclusive_size]."""

        def decode(z: Tensor, zs: Tensor) -> Tensor:
            return model.inference.decode(target, z, zs)

        pixels = await self._engine.run(
            (model.digest, "decode", target), decode, z, _one(zs).expand(len(z), *zs.shape)
        )
        images = await self._workers.run_unbounded(lambda: [picture(each) for each in pixels])
        results = [Sample(image=image, seed=seed) for image, seed in zip(images, seeds, strict=True)]
        return Translation(source=model.domain(source), target=model.domain(target), samples=results)


def _check_style(samples: int, references: int, mix: float, style: Style) -> None:
    if references > MAX_REFERENCES:
        raise _contradiction("reference", f"at most {MAX_REFERENCES}, to take a style between them")
    if references and style == "mean":
        raise _contradiction("style", "a reference and style=mean are two styles; give one")
    if samples > 1 and (references or style == "mean"):
        raise _contradiction("samples", "with a reference or style=mean there is one style, so one sample")
    if mix != DEFAULT_MIX and references < MAX_REFERENCES:
        raise _contradiction("mix", "there is something to mix only where two references are given")


def _contradiction(field: str, message: str) -> ParameterInvalid:
    return ParameterInvalid(f"The request is contradictory: {field}: {message}.", errors=((field, message),))


def _check_seeds(first: int, samples: int) -> None:
    if first + samples > SEED_LIMIT:
        message = f"with samples={samples} at most {SEED_LIMIT - samples}, as each sample has a seed of its own below {SEED_LIMIT}"
        raise ParameterInvalid(f"seed: {message}", errors=(("seed", message),))


def sample_styles(size: int, first_seed: int, samples: int) -> Tensor:
    """Sample exclusive codes z ~ N(0, I), [samples, size]. Row i uses the seed `first_seed + i` alone."""
    return torch.stack(
        [
            torch.randn(size, generator=torch.Generator().manual_seed(seed))
            for seed in range(first_seed, first_seed + samples)
        ]
    )


def _between(codes: Sequence[Embedding], mix: float) -> Tensor:
    """The only style, or the one that divides the line from the first to the second as `mix` does; a batch of one."""
    first, last = _one(codes[0]), _one(codes[-1])
    return torch.lerp(first, last, mix)


def _one(code: Embedding) -> Tensor:
    """A code as a batch of one."""
    return torch.from_numpy(code).unsqueeze(0)
