"""Where linear layers begin: at the principal components of what they are fed, drawn towards what the domains share.

Fresh layers, fitted to features of the very pictures that the backbone was tuned on, keep the seen classes'
directions only; begun as the features themselves, they keep what generalises.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.iiae import IIAE
from model.presets import SIDES
from model.sketch.backbones import Backbone

ZS_SIZE = 256
"""Dimensions of zs; with twice as many nothing is gained that can be told from chance."""
EVENED = 0.1
"""How far the spreads of the components are made alike: not at all with 0, wholly with 1."""
RIDGE = 5.0
"""How firmly the way from one domain to the other is held back, against the variance of the codes."""
LOG_VAR = -2.0
"""First log-variance of zs, against means of unit variance on the average."""


def standardised(features: Tensor) -> Tensor:
    """Features [n, d] of one domain with each dimension's mean taken away and its deviation made 1."""
    return (features - features.mean(0)) / features.std(0).clamp_min(1e-3)


@torch.no_grad()
def end_at_components(backbone: Backbone, photos: Tensor, sketches: Tensor, seed: int) -> None:
    """Sets the backbone's last layer to its inputs' principal components, both domains standardised first.

    The components' spreads are evened a little, and they are rotated at random, so that all dimensions vary alike:
    whoever standardises them again does not make the last components count as much as the first ones.

    Args:
        backbone: the network they are of.
        photos, sketches: what the last layer takes of the training pictures, [n, d] and [m, d].
        seed: of the rotation.
    """
    deviation = ((photos.var(0) + sketches.var(0)) / 2).sqrt().clamp_min(1e-3)
    centre = (photos.mean(0) + sketches.mean(0)) / 2
    around = torch.cat([(features - features.mean(0)) / deviation for features in (photos, sketches)])
    components, spreads = _components(around, backbone.feature.out_features)
    generator = torch.Generator().manual_seed(seed)
    rotation = torch.linalg.qr(torch.randn(len(components), len(components), generator=generator))[0]
    weight = rotation @ (components * (spreads / spreads[0]).clamp_min(1e-3)[:, None] ** -EVENED) / deviation
    nn.init.zeros_(backbone.feature.weight)
    backbone.feature.weight[: len(weight)] = weight
    backbone.feature.bias.copy_(-backbone.feature.weight @ centre)


@torch.no_grad()
def start_at_shared(
    iiae: IIAE,
    photos: Tensor,
    sketches: Tensor,
    of_class: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> None:
    """Sets r(zs|x) and r(zs|y) to what each domain shows and, by ridge regression, tells of the other, and q(zs|x, y) to their mean.

    Both begin at the principal components of the standardised features. To these each domain's encoder adds the step
    from its own code towards the mean of the other domain's codes of the same class, as far as that can be foretold.

    Args:
        iiae: a model whose `shared_encoder` is `linear_each`.
        photos, sketches: features of the training pictures, [n, d] and [m, d].
        of_class: of each class the numbers of its photos and of its sketches.
    """
    features = dict(zip(SIDES, (photos, sketches), strict=True))
    for side in SIDES:
        norm = iiae.fe[side]
        assert (
            isinstance(norm, nn.BatchNorm1d)
            and norm.running_mean is not None
            and norm.running_var is not None
        )
        norm.running_mean.copy_(features[side].mean(0))
        norm.running_var.copy_(features[side].var(0))
    shown = {side: standardised(features[side]) for side in SIDES}
    size = iiae.preset.zs_size
    components, _ = _components(torch.cat([shown["x"], shown["y"]]), size)
    x, y = (
        [shown[side][torch.from_numpy(own[place])] @ components.T for own in of_class]
        for place, side in enumerate(SIDES)
    )
    means = {"x": components + _towards(x, y) @ components, "y": components + _towards(y, x) @ components}
    codes = torch.cat([shown[side] @ means[side].T for side in SIDES])
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


def _components(around: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The first principal components [count or fewer, d] of centred rows [n, d], and their spreads."""
    _, spreads, components = torch.linalg.svd(around, full_matrices=False)
    return components[:count], spreads[:count]


def _towards(own: list[Tensor], other: list[Tensor]) -> Tensor:
    """The linear map [d, d] from a code to the step from it to the mean of the other domain's codes of its class; codes by class, [n, d] each."""
    codes, steps = (
        torch.cat(own),
        torch.cat([theirs.mean(0) - codes for codes, theirs in zip(own, other, strict=True)]),
    )
    held = RIDGE * len(codes) * codes.var() * torch.eye(codes.shape[1])
    found: Tensor = torch.linalg.solve(codes.T @ codes + held, codes.T @ steps).T
    return found
