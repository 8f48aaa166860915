"""Query expansion against its definition, written out, and what it is for."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from model.evaluation.metrics import cosine, mean_average_precision, ranked_relevance
from model.sketch.expansion import FIRST, TEMPERATURE, WEIGHT, expanded, expanded_scores


def unit(vector):
    length = np.linalg.norm(vector)
    return vector / length if length else vector


def by_definition(query, photos):
    """Scores of all photos for one query."""
    query, photos = unit(query), [unit(photo) for photo in photos]
    first = sorted(range(len(photos)), key=lambda place: -photos[place] @ query)[:FIRST]
    scores = []
    for place, photo in enumerate(photos):
        voters = [other for other in first if other != place]
        shares = np.array([np.exp(photos[other] @ query / TEMPERATURE) for other in voters])
        meant = sum(
            (share * photos[other] for share, other in zip(shares, voters, strict=True)), np.zeros_like(query)
        )
        scores.append(photo @ unit(query + WEIGHT * unit(meant)))
    return scores


@pytest.mark.parametrize("count", [1, 2, FIRST - 1, FIRST, FIRST + 1, 70])
def test_scores_are_those_of_the_definition(count):
    rng = np.random.default_rng(count)
    queries, photos = rng.normal(size=(5, 8)), rng.normal(size=(count, 8)) * rng.uniform(0.1, 9, (count, 1))
    found = expanded_scores(torch.from_numpy(queries), torch.from_numpy(photos))
    assert found.numpy() == pytest.approx(
        np.array([by_definition(query, photos) for query in queries]), abs=1e-5
    )


def test_no_photo_vouches_for_itself():
    query, photo = F.normalize(torch.randn(2, 16, generator=torch.Generator().manual_seed(0)))
    _, own = expanded(query.numpy(), photo[None].numpy())
    assert own[0] == pytest.approx(float(query @ photo), abs=1e-6)


@pytest.mark.parametrize(("photos_of_a_thing", "gain"), [(1, -0.03), (10, 0.03)])
def test_photos_like_the_first_hits_rise_where_there_are_many(photos_of_a_thing, gain):
    generator = torch.Generator().manual_seed(0)
    things = F.normalize(torch.randn(40, 16, generator=generator))
    labels, asked = (
        torch.arange(40).repeat_interleave(photos_of_a_thing),
        torch.arange(40).repeat_interleave(10),
    )
    photos = things[labels] + 0.12 * torch.randn(len(labels), 16, generator=generator)
    sketches = things[asked] + 0.25 * torch.randn(len(asked), 16, generator=generator)
    before, after = (
        mean_average_precision(ranked_relevance(score(sketches, photos), asked, labels))
        for score in (cosine, expanded_scores)
    )
    assert after > before + gain


def test_hits_that_are_one_picture_and_hits_that_are_none():
    same = np.tile(unit(np.arange(1.0, 5)), (6, 1))
    wider, own = expanded(same[0], same)
    assert wider == pytest.approx(same[0], abs=1e-6)
    assert own == pytest.approx(np.ones(6), abs=1e-6)
    nothing, none = expanded(same[0], np.zeros((0, 4)))
    assert nothing == pytest.approx(same[0], abs=1e-6)
    assert none.shape == (0,)
