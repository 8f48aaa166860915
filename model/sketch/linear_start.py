"""Initial weights of the linear layers: principal components, or a ridge regression between the domains.

Random layers, trained on the pictures that the backbone was fine-tuned on, would keep only the directions
that separate the seen classes. Layers that start near the features themselves keep what generalises to unseen
classes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from model.iiae import IIAE
from model.presets import SIDES
from model.sketch.backbone.backbone import Backbone

WHITENING = 0.1
"""How far the principal components are whitened: 0 not at all, 1 to equal deviations."""
RIDGE = 5.0
"""Ridge penalty of the regression between the domains, in units of the codes' variance."""
THINGS_COUNT = 500
"""Dimensions that all things' probabilities count as; there are 1,280 features and 1,000 ImageNet classes."""
LOG_VAR = -2.0
"""Initial log-variance of zs, whose means have unit variance on average."""


def standardised(features: Tensor) -> Tensor:
    """Features [n, d] of one domain, with zero mean and unit deviation in each dimension."""
    return (features - features.mean(0)) / features.std(0).clamp_min(1e-3)


@dataclass(frozen=True)
class Moments:
    """The mean [d] and the covariance [d, d] of vectors, in double precision."""

    count: int
    mean: Tensor
    covariance: Tensor


@torch.no_grad()
def moments(chunks: Iterable[Tensor]) -> Moments:
    """Compute the moments of vectors that come in chunks [n, d]; only one chunk is in memory at a time."""
    count, total, products = 0, torch.zeros(()), torch.zeros(())
    for chunk in chunks:
        count += len(chunk)
        total = total + chunk.sum(0).double()
        products = products + (chunk.T @ chunk).double()
    mean = total / count
    return Moments(count, mean, products / count - torch.outer(mean, mean))


@torch.no_grad()
def init_feature_layer(backbone: Backbone, photos: Moments, sketches: Moments, seed: int) -> None:
    """Set the backbone's linear layer to the principal components of its inputs, standardised by domain.

    The components are whitened a little and then rotated at random, so all dimensions have similar
    deviations. Without the rotation, standardising the features again would give the last components the
    weight of the first.

    Each dimension of the descriptor is standardised, but the probabilities of things have one deviation in
    common, and together count as `THINGS_COUNT` dimensions. Otherwise, hundreds of rarely probable things
    would outweigh the other dimensions.

    Args:
        backbone: its `feature` layer is set.
        photos, sketches: moments of the training pictures' descriptors (`Backbone.descriptor`).
        seed: decides the rotation.
    """
    deviation = ((photos.covariance + sketches.covariance).diagonal() / 2).sqrt().clamp_min(1e-3)
    if backbone.thing_classifier is not None:
        _give_one_deviation(deviation[-backbone.thing_classifier.out_features :])
    centre = (photos.mean + sketches.mean) / 2
    within = (photos.count * photos.covariance + sketches.count * sketches.covariance) / deviation
    components, spreads = _components(within / deviation[:, None], backbone.feature.out_features)
    generator = torch.Generator().manual_seed(seed)
    rotation = torch.linalg.qr(torch.randn(len(components), len(components), generator=generator))[0].double()
    whitened = components * (spreads / spreads[0]).clamp_min(1e-3)[:, None] ** -WHITENING
    weight = rotation @ whitened / deviation
    nn.init.zeros_(backbone.feature.weight)
    backbone.feature.weight[: len(weight)] = weight
    backbone.feature.bias.copy_(-backbone.feature.weight.double() @ centre)


@torch.no_grad()
def init_thing_projection(projection: nn.Linear, seed: int) -> None:
    """Set the layer from probabilities of things to their codes: each thing gets a random unit vector.

    Inner products of many probabilities nearly keep their values in few dimensions (Johnson & Lindenstrauss,
    1984). None is above 1.
    """
    generator = torch.Generator().manual_seed(seed)
    projection.weight.copy_(F.normalize(torch.randn(projection.weight.shape, generator=generator), dim=0))


@torch.no_grad()
def init_shared_encoders(
    iiae: IIAE,
    photos: Tensor,
    sketches: Tensor,
    class_members: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    *,
    regression: bool = False,
) -> None:
    """Set the encoders of zs to principal components, which training then moves towards each other.

    Both r(zs|x) and r(zs|y) start at the principal components of the standardised features; q(zs|x, y) is the
    mean of both.

    Args:
        iiae: a sketch model whose encoders are `linear_each`.
        photos, sketches: features of the training pictures, [n, d] and [m, d].
        class_members: for each class, the indices of its photos and the indices of its sketches.
        regression: anticipate the training: each encoder adds a step that a ridge regression predicts from
            the code, to the mean code of the same class in the other domain.
    """
    features = dict(zip(SIDES, (photos, sketches), strict=True))
    for side in SIDES:
        norm = iiae.fe[side]
        assert isinstance(norm, nn.BatchNorm1d)
        assert norm.running_mean is not None and norm.running_var is not None
        norm.running_mean.copy_(features[side].mean(0))
        norm.running_var.copy_(features[side].var(0))
    inputs = {side: standardised(features[side]) for side in SIDES}
    size = iiae.preset.zs_size
    products = torch.stack([each.T @ each for each in inputs.values()])
    components = _components(products.sum(0), size)[0].float()
    x, y = (
        [inputs[side][torch.from_numpy(members[place])] @ components.T for members in class_members]
        for place, side in enumerate(SIDES)
    )
    means = {"x": components, "y": components}
    if regression:
        means["x"] = components + _step_to_class_mean(x, y) @ components
        means["y"] = components + _step_to_class_mean(y, x) @ components
    codes = torch.cat([inputs[side] @ means[side].T for side in SIDES])
    scale = (codes.square().sum() / len(codes) / size).rsqrt()
    for encoder, weight in (
        (iiae.r_zs["x"], means["x"]),
        (iiae.r_zs["y"], means["y"]),
        (iiae.q_zs, torch.cat([means["x"], means["y"]], 1) / 2),
    ):
        assert isinstance(encoder, nn.Sequential) and isinstance(encoder[0], nn.Linear)
        nn.init.zeros_(encoder[0].weight)
        encoder[0].weight[: len(weight)] = scale * weight
        nn.init.zeros_(encoder[0].bias)
        encoder[0].bias[size:] = LOG_VAR


def _give_one_deviation(deviations: Tensor) -> None:
    """Make deviations equal, so that together they count as at most `THINGS_COUNT` dimensions."""
    deviations.fill_(float(deviations.square().sum() / min(len(deviations), THINGS_COUNT)) ** 0.5)


def _components(covariance: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the first `count` principal components [c, d] and their spreads; fewer if the rank is lower."""
    values, vectors = torch.linalg.eigh(covariance.double())
    spreads = values.flip(0)[:count].clamp_min(0).sqrt()
    rank = int((spreads > 1e-5 * spreads[0]).sum())
    return vectors.flip(1)[:, :rank].T, spreads[:rank]


def _step_to_class_mean(own: list[Tensor], other: list[Tensor]) -> Tensor:
    """Return the ridge regression [d, d] from a code to the step to its class's mean in the other domain.

    Args:
        own, other: codes of each class in this domain and in the other, [n, d] each.
    """
    codes = torch.cat(own)
    steps = torch.cat([theirs.mean(0) - ours for ours, theirs in zip(own, other, strict=True)])
    penalty = RIDGE * len(codes) * codes.var() * torch.eye(codes.shape[1])
    solution: Tensor = torch.linalg.solve(codes.T @ codes + penalty, codes.T @ steps).T
    return solution
