"""Where linear encoders of zs begin: at the principal components of the features they are fed.

Fresh encoders, fitted to features of the very pictures that the backbone was tuned on, keep the seen classes'
directions only; begun as the features themselves, zs keeps what generalises.
"""

import torch
from torch import Tensor, nn

from model.iiae import IIAE
from model.presets import SIDES

LOG_VAR = -2.0
"""First log-variance of zs, against means of unit variance on the average."""


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
    standardised = torch.cat([(features - features.mean(0)) / features.std(0) for features in (photos, sketches)])
    size = iiae.preset.zs_size
    _, values, components = torch.linalg.svd(standardised, full_matrices=False)
    scale = (values[:size].square().sum() / len(standardised) / size).rsqrt()
    means = scale * components[:size]
    encoder = iiae.r_zs["x"]
    assert isinstance(encoder, nn.Sequential)
    r_zs, q_zs = encoder[0], iiae.q_zs[0]
    assert isinstance(r_zs, nn.Linear) and isinstance(q_zs, nn.Linear)
    for layer, weight in ((r_zs, means), (q_zs, torch.cat([means, means], 1) / 2)):
        nn.init.zeros_(layer.weight)
        layer.weight[:size] = weight
        nn.init.zeros_(layer.bias)
        layer.bias[size:] = LOG_VAR
