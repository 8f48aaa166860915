"""Figures of translations: their errors, how different they look (Table 4), and retrieval by translation."""

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from model.baselines.translator import Translator
from model.data.pairs import Pairs, labels_of, pair_batches
from model.evaluation.lpips import Lpips, NetworkName
from model.evaluation.retrieval import cross_domain_retrieval
from model.iiae import IIAE
from model.inference import Inference, translate
from model.metrics import top1
from model.presets import SIDES, Side, other

Translate = Callable[[Side, Tensor], Tensor]
"""From a domain and its pictures [b, 3, s, s] to the other domain's, in the mean style."""
WAYS: dict[Side, str] = {"x": "xy", "y": "yx"}
"""The direction of a translation by its source, as the figures' names have it."""


@torch.inference_mode()
def translation_errors(
    translate: Translate,
    pairs: Pairs,
    device: torch.device,
    *,
    limit: int | None = None,
    batch: int = 32,
) -> dict[str, float]:
    """Return the mean absolute errors of translations in the mean style, from X and from Y, in [0, 2].

    Args:
        translate: the translation.
        pairs: the pairs.
        device: where it computes.
        limit: at most this many pairs, spread evenly; None takes all.
        batch: pairs translated at once.
    """
    errors: dict[Side, list[Tensor]] = {side: [] for side in SIDES}
    for chunk in pair_batches(pairs, device, limit=limit, batch=batch):
        pictures = dict(zip(SIDES, chunk, strict=True))
        for source in SIDES:
            translated = translate(source, pictures[source])
            error = F.l1_loss(translated, pictures[other(source)], reduction="none")
            errors[source].append(error.flatten(1).mean(1))
    return {f"l1_from_{source}": _mean(errors[source]) for source in SIDES}


def translation_validation(
    pairs: Pairs, *, limit: int = 200, batch: int = 32
) -> Callable[[IIAE | Translator], dict[str, float]]:
    """Return a validation function that measures `translation_errors` of the current weights.

    Training keeps the weights with the highest `validation`: minus the mean of both errors.
    """

    def validate(model: IIAE | Translator) -> dict[str, float]:
        device = next(model.parameters()).device
        found = translation_errors(model.translate, pairs, device, limit=limit, batch=batch)
        return {**found, "validation": -sum(found.values()) / len(found)}

    return validate


@torch.inference_mode()
def retrieval_by_translation(
    inference: Inference, pairs: Pairs, *, limit: int | None = None, batch: int = 64
) -> dict[str, float]:
    """Top-1 accuracy of retrieval without shared codes, in both directions, as fractions of 1.

    Queries are translated in the mean style. `top1_translated` compares the translation's pixels with the
    other domain's pictures; `top1_style` compares their styles, if the model has an encoder of styles.

    Args:
        inference: a model that translates.
        pairs: the pairs.
        limit: at most this many pairs, spread evenly; None takes all.
        batch: pairs translated at once.
    """
    found: dict[str, tuple[list[Tensor], list[Tensor]]] = {}

    def add(figure: str, query: Tensor, photo: Tensor) -> None:
        queries, photos = found.setdefault(figure, ([], []))
        queries.append(query.flatten(1).float().cpu())
        photos.append(photo.flatten(1).float().cpu())

    for chunk in pair_batches(pairs, inference.device, limit=limit, batch=batch):
        pictures = dict(zip(SIDES, chunk, strict=True))
        for source in SIDES:
            target = other(source)
            style = _mean_style(inference, len(pictures[source]))
            translated = translate(inference, source, pictures[source], style)
            add(f"top1_translated_{WAYS[source]}", translated, pictures[target])
            if inference.exclusive_size:
                styles = [inference.exclusive(target, each) for each in (translated, pictures[target])]
                add(f"top1_style_{WAYS[source]}", styles[0], styles[1])
    labels = labels_of(pairs, limit)
    figures = {
        figure: top1(torch.cat(queries), torch.cat(photos), labels)
        for figure, (queries, photos) in found.items()
    }
    return {**figures, "pairs": float(len(labels))}


@torch.inference_mode()
def lpips_distances(
    inference: Inference,
    pairs: Pairs,
    networks: Mapping[NetworkName, Lpips],
    *,
    samples: int = 3,
    seed: int = 0,
    limit: int | None = None,
    batch: int = 16,
) -> dict[str, float]:
    """Mean LPIPS distances between translations and the true pictures, in both directions.

    `lpips_alex_xy` is in the mean style. `lpips_alex_sampled_xy` is the mean over random styles, and
    `lpips_alex_reference_xy` has the style of the true picture; only models with styles have these two.

    Args:
        inference: a model that translates.
        pairs: the pairs.
        networks: the distances by name, such as `alex`, on the model's device.
        samples: random styles for each translation.
        seed: of the random styles.
        limit: at most this many pairs, spread evenly; None takes all.
        batch: pairs translated at once.
    """
    noise = torch.Generator().manual_seed(seed)
    found: dict[str, list[Tensor]] = {}
    for chunk in pair_batches(pairs, inference.device, limit=limit, batch=batch):
        pictures = dict(zip(SIDES, chunk, strict=True))
        for source in SIDES:
            truth = pictures[other(source)]
            true_features = {name: lpips.features(truth) for name, lpips in networks.items()}
            for style, codes in _styles(inference, source, truth, samples, noise).items():
                outputs = [translate(inference, source, pictures[source], each) for each in codes]
                for name, lpips in networks.items():
                    distances = [lpips.between(lpips.features(each), true_features[name]) for each in outputs]
                    mean = torch.stack(distances).mean(0)
                    found.setdefault(f"lpips_{name}{style}_{WAYS[source]}", []).append(mean)
    return {figure: _mean(distances) for figure, distances in found.items()}


def measure_pictures(
    inference: Inference,
    pairs: Pairs,
    networks: Mapping[NetworkName, Lpips],
    *,
    limit: int | None = None,
    lpips_limit: int | None = None,
) -> dict[str, float]:
    """Return all figures of an image model.

    With shared codes, these are `cross_domain_retrieval`; without, `retrieval_by_translation`. Errors of
    translations join them for models without shared codes, or with LPIPS networks.

    Args:
        inference: the model.
        pairs: the pairs.
        networks: the LPIPS distances to measure, by name, on the model's device.
        limit: at most this many pairs, spread evenly; None takes all.
        lpips_limit: the same for LPIPS, which is slow; None takes as many as for the other figures.
    """
    device = inference.device
    if "retrieve" in inference.capabilities:
        figures = cross_domain_retrieval(inference.shared, inference.exclusive, pairs, device, limit=limit)
    else:
        figures = retrieval_by_translation(inference, pairs, limit=limit)
    if networks or "retrieve" not in inference.capabilities:

        def in_the_mean_style(source: Side, pixels: Tensor) -> Tensor:
            return translate(inference, source, pixels, _mean_style(inference, len(pixels)))

        figures |= translation_errors(in_the_mean_style, pairs, device, limit=limit)
    if networks:
        figures |= lpips_distances(inference, pairs, networks, limit=lpips_limit or limit)
    return figures


def _styles(
    inference: Inference, source: Side, truth: Tensor, samples: int, noise: torch.Generator
) -> dict[str, Sequence[Tensor]]:
    """Return the styles to translate a batch with, by the suffix of their figure's name."""
    count, size = len(truth), inference.exclusive_size
    styles: dict[str, Sequence[Tensor]] = {"": [_mean_style(inference, count)]}
    if size:
        styles["_sampled"] = [torch.randn(count, size, generator=noise) for _ in range(samples)]
        styles["_reference"] = [inference.exclusive(other(source), truth)]
    return styles


def _mean_style(inference: Inference, count: int) -> Tensor:
    return torch.zeros(count, inference.exclusive_size)


def _mean(values: Sequence[Tensor]) -> float:
    return float(torch.cat(list(values)).mean())
