"""Query expansion equals its definition, and raises photos like the first hits."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from model.metrics import mean_average_precision, ranked_relevance
from model.sketch.expansion import MAX_HITS, TEMPERATURE, WEIGHT, expanded, expanded_scores
from model.sketch.search_codes import similarities


def unit(vector):
    length = np.linalg.norm(vector)
    return vector / length if length else vector


def by_definition(query, photos):
    """Scores of all photos for one query, computed photo by photo."""
    first = sorted(range(len(photos)), key=lambda place: -photos[place] @ query)[:MAX_HITS]
    scores = []
    for place, photo in enumerate(photos):
        voters = [other for other in first if other != place]
        shares = np.array([np.exp(photos[other] @ query / TEMPERATURE) for other in voters])
        total = sum(
            (share * photos[other] for share, other in zip(shares, voters, strict=True)), np.zeros_like(query)
        )
        scores.append(np.linalg.norm(query) * (photo @ unit(unit(query) + WEIGHT * unit(total))))
    return scores


@pytest.mark.parametrize("count", [1, 2, MAX_HITS - 1, MAX_HITS, MAX_HITS + 1, 70])
def test_scores_equal_the_definition(count):
    rng = np.random.default_rng(count)
    queries, photos = (rng.normal(size=(rows, 8)) * rng.uniform(0.1, 0.6, (rows, 1)) for rows in (5, count))
    scores = expanded_scores(torch.from_numpy(queries), torch.from_numpy(photos))
    assert scores.numpy() == pytest.approx(
        np.array([by_definition(query, photos) for query in queries]), abs=1e-5
    )


def test_a_hit_does_not_raise_its_own_score():
    query, photo = F.normalize(torch.randn(2, 16, generator=torch.Generator().manual_seed(0)))
    _, own = expanded(query.numpy(), photo[None].numpy())
    assert own[0] == pytest.approx(float(query @ photo), abs=1e-6)


@pytest.mark.parametrize(("photos_per_class", "gain"), [(1, -0.03), (10, 0.03)])
def test_expansion_gains_with_many_photos_per_class_and_loses_little_with_one(photos_per_class, gain):
    generator = torch.Generator().manual_seed(0)
    means = F.normalize(torch.randn(40, 16, generator=generator))
    labels, query_labels = (
        torch.arange(40).repeat_interleave(photos_per_class),
        torch.arange(40).repeat_interleave(10),
    )
    photos = F.normalize(means[labels] + 0.12 * torch.randn(len(labels), 16, generator=generator))
    sketches = F.normalize(
        means[query_labels] + 0.25 * torch.randn(len(query_labels), 16, generator=generator)
    )
    before, after = (
        mean_average_precision(ranked_relevance(score(sketches, photos), query_labels, labels))
        for score in (similarities, expanded_scores)
    )
    assert after > before + gain


def test_expansion_by_equal_hits_and_by_no_hits_keeps_the_query():
    equal = np.tile(unit(np.arange(1.0, 5)), (6, 1))
    expanded_query, scores = expanded(equal[0], equal)
    assert expanded_query == pytest.approx(equal[0], abs=1e-6)
    assert scores == pytest.approx(np.ones(6), abs=1e-6)
    expanded_query, scores = expanded(equal[0], np.zeros((0, 4)))
    assert expanded_query == pytest.approx(equal[0], abs=1e-6)
    assert scores.shape == (0,)
