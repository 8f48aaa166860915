"""Use cases: translate a picture into the other domain, and combine two pictures of one domain (analogy)."""

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
from service.gather import gather, gather_pair
from service.images.upload import Upload
from service.inference.admission import add_work
from service.inference.embedder import Embedder
from service.inference.engine import Engine
from service.inference.workers import Workers
from service.registry.model import Model

Style = Literal["sampled", "mean"]

DOMAIN_MARGIN = 0.5
"""An analogy is refused if one domain score is above this margin and the other below minus this margin.

`benchmarks/analogy_guard.py` measures it. On validation pairs the guard refuses 100 % of the pairs of a
facade and a label map, and 97 % of the pairs of a CD and a CB digit. It refuses no two unchanged pictures of
one domain, and no photo that was made grey, dark, bright, blurred, negative, noisy or smaller.
"""

RANDOM_SEED_LIMIT = 2**31
"""Random seeds are below this limit, so they fit into a signed 32-bit integer."""

SEED_LIMIT = 2**32
"""All seeds of a request must be below this limit. A client can then send back each sample's seed."""

MAX_REFERENCES = 2
DEFAULT_MIX = 0.5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One resulting picture. `seed` reproduces it, and is None if nothing was sampled."""

    image: Image.Image
    seed: int | None


@dataclass(frozen=True, kw_only=True)
class Translation:
    """Samples in the domain `target`, made from a picture of the domain `source`."""

    source: str
    target: str
    samples: list[Sample]


class Translator:
    """Translations and analogies. Each needs a model with the capability of the same name."""

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
        """Translate a picture into the other domain.

        Args:
            source: the picture's domain. Defaults to the model's first domain.
            samples: number of samples. Each has its own style z ~ N(0, I).
            seed: sample i uses `seed` + i. Defaults to a random seed.
            references: pictures of the target domain, two at most. Their style is used instead of a sample.
            mix: position between the styles of two references: 0 is the first, 1 the second.
            style: `mean` uses the prior's mean, z = 0, instead of a sample.

        Raises:
            CapabilityMissing, DomainUnknown.
            ParameterInvalid: the options contradict each other, a sample's seed exceeds the limit, or several
                samples are wanted of a model without styles.
            ServiceError: as `Embedder.shared` raises.
        """
        model.require("translate")
        side = model.side(source)
        target = other(side)
        if references:
            model.require("styles")
        _check_style(samples, len(references), mix, style)
        if "styles" not in model.inference.capabilities:
            if samples > 1:
                raise _contradiction("samples", f"model {model.id!r} has one translation of an image")
            style = "mean"
        _check_seeds(seed or 0, samples)
        seeds: list[int | None] = [None]
        if references:
            styles = [self._embedder.exclusive(model, target, reference) for reference in references]
            zs, *codes = await gather([self._embedder.shared(model, side, upload), *styles])
            return await self._decode(model, side, target, _interpolate(codes, mix), zs, seeds)
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
        """Combine the content of a picture with the style of a reference. Both must have the same domain.

        Args:
            source: the domain of the picture and the reference. Defaults to the model's first domain.
            reference_source: the reference's domain. Defaults to `source`.

        Raises:
            CapabilityMissing, DomainUnknown.
            DomainsDiffer: the named domains differ, or the pictures clearly look like different domains.
            ServiceError: as `Embedder.shared` raises.
        """
        model.require("analogy")
        side = model.side(source)
        if reference_source is not None and model.side(reference_source) != side:
            raise _domains_differ("is of", model.domain(side), reference_source)
        embedder = self._embedder
        codes = [embedder.shared(model, side, upload), embedder.exclusive(model, side, reference)]
        scores = [embedder.domain_score(model, side, each) for each in (upload, reference)]
        (zs, z), (score, reference_score) = await gather_pair(gather(codes), gather(scores))
        if min(score, reference_score) < -DOMAIN_MARGIN and max(score, reference_score) > DOMAIN_MARGIN:
            domain, reference_domain = (
                model.domain("x" if value > 0 else "y") for value in (score, reference_score)
            )
            raise _domains_differ("looks like", domain, reference_domain)
        return await self._decode(model, side, side, _as_batch(z), zs, [None])

    async def _decode(
        self, model: Model, source: Side, target: Side, z: Tensor, zs: Embedding, seeds: list[int | None]
    ) -> Translation:
        """Decode one zs with each of the styles z [n, exclusive_size]."""

        add_work(len(z))

        def decode(z: Tensor, zs: Tensor) -> Tensor:
            return model.inference.decode(target, z, zs)

        pixels = await self._engine.run(
            (model.digest, "decode", target), decode, z, _as_batch(zs).expand(len(z), *zs.shape)
        )
        images = await self._workers.run_unbounded(lambda: [picture(each) for each in pixels])
        samples = [Sample(image=image, seed=seed) for image, seed in zip(images, seeds, strict=True)]
        return Translation(source=model.domain(source), target=model.domain(target), samples=samples)


def _domains_differ(verb: str, domain: str, reference_domain: str) -> DomainsDiffer:
    return DomainsDiffer(
        f"the image {verb} {domain!r} and the reference {reference_domain!r}; "
        "an analogy needs two images of one domain"
    )


def _check_style(samples: int, references: int, mix: float, style: Style) -> None:
    if references > MAX_REFERENCES:
        raise _contradiction("reference", f"give at most {MAX_REFERENCES}, to mix their styles")
    if references and style == "mean":
        raise _contradiction("style", "give either a reference or style=mean, not both")
    if samples > 1 and (references or style == "mean"):
        raise _contradiction("samples", "a reference or style=mean gives one style; use samples=1")
    if mix != DEFAULT_MIX and references < MAX_REFERENCES:
        raise _contradiction("mix", f"needs {MAX_REFERENCES} references")


def _contradiction(field: str, message: str) -> ParameterInvalid:
    return ParameterInvalid(
        f"the parameters contradict each other: {field}: {message}", errors=((field, message),)
    )


def _check_seeds(first: int, samples: int) -> None:
    if first + samples > SEED_LIMIT:
        message = (
            f"must be at most {SEED_LIMIT - samples} with samples={samples}, "
            f"because sample i uses seed + i and seeds are below {SEED_LIMIT}"
        )
        raise ParameterInvalid(f"seed: {message}", errors=(("seed", message),))


def sample_styles(size: int, first_seed: int, samples: int) -> Tensor:
    """Sample exclusive codes z ~ N(0, I), [samples, size]. Row i uses the seed `first_seed + i` alone."""
    return torch.stack(
        [
            torch.randn(size, generator=torch.Generator().manual_seed(seed))
            for seed in range(first_seed, first_seed + samples)
        ]
    )


def _interpolate(codes: Sequence[Embedding], mix: float) -> Tensor:
    """Return the only style, or the point at `mix` between two styles, as a batch of one."""
    return torch.lerp(_as_batch(codes[0]), _as_batch(codes[-1]), mix)


def _as_batch(code: Embedding) -> Tensor:
    return torch.from_numpy(code).unsqueeze(0)
