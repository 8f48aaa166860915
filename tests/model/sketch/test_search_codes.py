"""The inner product of search codes is the mean of a cosine and of a probability."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from model.sketch.linear_start import init_thing_projection
from model.sketch.search_codes import search_codes, similarities


@pytest.fixture
def codes():
    """zs, and probabilities of 1,500 things, of six pictures of each domain."""
    generator = torch.Generator().manual_seed(0)
    zs = torch.randn(2, 6, 16, generator=generator)
    things = (4 * torch.randn(2, 6, 1_500, generator=generator)).softmax(-1)
    return zs, things


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, 3.0])
def test_similarities_are_the_weighted_mean_of_the_cosine_and_the_probability(codes, weight):
    (x, y), (px, py) = codes
    cosines, probabilities = F.cosine_similarity(y[:, None], x[None], dim=-1), py @ px.T
    found = similarities(search_codes(y, py, weight), search_codes(x, px, weight))
    torch.testing.assert_close(found, (cosines + weight * probabilities) / (1 + weight))
    torch.testing.assert_close(
        similarities(search_codes(y, None, weight), search_codes(x, None, weight)), cosines
    )


def test_codes_of_things_keep_the_probability_that_two_pictures_show_the_same(codes):
    projection = nn.Linear(1_500, 128, bias=False)
    init_thing_projection(projection, seed=0)
    certain = torch.eye(1_500)[:40]
    with torch.no_grad():
        of_certain, of_others = projection(certain), projection(codes[1][0])
    torch.testing.assert_close(of_certain @ of_certain.T, torch.eye(40), atol=0.45, rtol=0)
    torch.testing.assert_close(of_certain.norm(dim=1), torch.ones(40))  # so no similarity is above 1
    probabilities = codes[1][0] @ codes[1][0].T
    torch.testing.assert_close(of_others @ of_others.T, probabilities, atol=0.1, rtol=0)
    again = nn.Linear(1_500, 128, bias=False)
    init_thing_projection(again, seed=0)
    assert torch.equal(again.weight, projection.weight)
