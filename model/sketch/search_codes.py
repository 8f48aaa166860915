"""Search codes: what galleries store of a picture, and what a search compares.

A search code is a zs of length 1, followed by the code of the thing that the picture shows
(`Backbone.thing_codes`). The inner product of two search codes is the weighted mean of two numbers: the
cosine of both zs, and the probability that both pictures show the same thing. zs finds things that the
training had no pictures of; the probability tells apart the many things that it had pictures of.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def search_codes(
    zs: Float[Tensor, "n d"], things: Float[Tensor, "n t"] | None, weight: float
) -> Float[Tensor, "n s"]:
    """Return the search codes of pictures.

    Args:
        zs: means of r(zs|.), of any length.
        things: codes of the things that they show; None searches by zs alone.
        weight: of the probability that two pictures show the same thing; the cosine has weight 1.
    """
    unit = F.normalize(zs)
    if things is None:
        return unit
    return torch.cat([unit, math.sqrt(weight) * things], 1) / math.sqrt(1 + weight)


def similarities(queries: Float[Tensor, "q s"], photos: Float[Tensor, "n s"]) -> Float[Tensor, "q n"]:
    """Return the inner products of search codes."""
    return torch.matmul(queries, photos.T)
