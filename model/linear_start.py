"""Where linear layers begin: at the principal components of what they are fed.

Fresh layers, fitted to features of the very pictures that the backbone was tuned on, keep the seen classes'
directions only; begun as the features themselves, they keep what generalises.
"""

import torch
from torch import Tensor, nn

from model.backbones import Backbone
from model.iiae import IIAE
from model.presets import SIDES

LOG_VAR = -2.0
"""First log-variance of zs, against means of unit variance on the average."""


def standardised(features: Tensor) -> Tensor:
    """Features [n, d] of one domain with each dimension's mean taken away and its deviation made 1."""
    return (features - features.mean(0)) / features.std(0).clamp_min(1e-3)


@torch.no_grad()
def end_at_components(backbone: Backbone, photos: Tensor, sketches: Tensor, seed: int) -> None:
    """Sets the backbone's last layer to the pooled features' principal components, both domains standardised first.

    The components are rotated at random, so that all dimensions vary alike: whoever standardises them again does not
    make the last components count as much as the first ones.

    Args:
        backbone: the network they are of.
        photos, sketches: pooled features of the training pictures, [n, 1280] and [m, 1280].
        seed: of the rotation.
    """
    deviation = ((photos.var(0) + sketches.var(0)) / 2).sqrt().clamp_min(1e-3)
    centre = (photos.mean(0) + sketches.mean(0)) / 2
    around = torch.cat([(features - features.mean(0)) / deviation for features in (photos, sketches)])
    components = torch.linalg.svd(around, full_matrices=False)[2][: backbone.feature.out_features]
    generator = torch.Generator().manual_seed(seed)
    rotation = torch.linalg.qr(torch.randn(len(components), len(components), generator=generator))[0]
    weight = rotation @ components / deviation
    nn.init.zeros_(backbone.feature.weight)
    backbone.feature.weight[: len(weight)] = weight
    backbone.feature.bias.copy_(-backbone.feature.weight @ centre)


@torch.no_grad()
def start_at_components(iiae: IIAE, photos: Tensor, sketches: Tensor) -> None:
    """Sets r(zs|.) to the principal components of both domains' standardised features, and q(zs|x, y) to their mean.

    Args:
        iiae: a model whose `shared_encoder` is linear.
        photos, sketches: features of the training pictures, [n, d] and [m, d].
    """
    for side, features in zip(SIDES, (photos, sketches), strict=True):
        norm = iiae.fe[side]
        assert isinstance(norm, nn.BatchNorm1d) and norm.running_mean is not None and norm.running_var is not None
        norm.running_mean.copy_(features.mean(0))
        norm.running_var.copy_(features.var(0))
    around = torch.cat([standardised(photos), standardised(sketches)])
    size = iiae.preset.zs_size
    _, values, components = torch.linalg.svd(around, full_matrices=False)
    scale = (values[:size].square().sum() / len(around) / size).rsqrt()
    means = scale * components[:size]
    encoder = iiae.r_zs["x"]
    assert isinstance(encoder, nn.Sequential)
    r_zs, q_zs = encoder[0], iiae.q_zs[0]
    assert isinstance(r_zs, nn.Linear) and isinstance(q_zs, nn.Linear)
    for layer, weight in ((r_zs, means), (q_zs, torch.cat([means, means], 1) / 2)):
        nn.init.zeros_(layer.weight)
        layer.weight[: len(weight)] = weight
        nn.init.zeros_(layer.bias)
        layer.bias[size:] = LOG_VAR
