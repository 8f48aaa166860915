"""Curves are recovered from searches with known probabilities, and fitted on varied sample galleries."""

from collections import Counter

import numpy as np
import pytest
import torch

from model.sketch.calibration import Calibration
from model.sketch.calibration_fitting import (
    GALLERIES,
    QUERIES,
    CalibrationError,
    SearchHits,
    expected_calibration_error,
    first_hits,
    fit,
    fit_to_kinds,
    sample_galleries,
    sample_searches,
    with_limits,
)
from model.sketch.search_codes import similarities


def hits_of_curve(count: int, photos: int, curve: Calibration, seed: int = 0) -> SearchHits:
    """Searches in one gallery, whose hits are right with a curve's probability."""
    generator = torch.Generator().manual_seed(seed)
    cosines = torch.rand(count, 20, generator=generator) * 2 - 1
    probabilities = torch.from_numpy(curve.probabilities(cosines.numpy(), photos))
    return SearchHits(cosines, torch.rand(count, 20, generator=generator) < probabilities, photos)


def test_fit_recovers_the_curve_that_made_the_hits():
    curve = Calibration(9.0, -1.0, -0.7, 2000)
    fitted = fit([hits_of_curve(3000, photos, curve, photos) for photos in (5, 40, 300, 2000)])
    assert (fitted.slope, fitted.intercept, fitted.crowd) == pytest.approx((9.0, -1.0, -0.7), abs=0.2)
    assert fitted.largest == 2000


def test_galleries_of_one_size_give_no_weight_to_the_number_of_photos():
    fitted = fit([hits_of_curve(3000, 50, Calibration(9.0, -4.0))])
    assert (fitted.slope, fitted.intercept, fitted.crowd) == pytest.approx((9.0, -4.0, 0.0), abs=0.2)


def test_separable_hits_give_a_finite_slope():
    cosines = torch.linspace(-1, 1, 100)[None]
    # The slope would be 13 if one of Platt's two targets were 0 or 1, and unbounded if both were.
    assert 5 < fit([SearchHits(cosines, cosines > 0, 100)]).slope < 11


def test_hits_that_are_all_relevant_cannot_be_fitted():
    with pytest.raises(CalibrationError, match="found 3 relevant and 0 irrelevant"):
        fit([SearchHits(torch.zeros(1, 3), torch.ones(1, 3, dtype=torch.bool), 3)])


def test_sample_galleries_differ_in_size_and_some_lack_the_query_class():
    query_labels, photo_labels = np.repeat(np.arange(5), 12), np.repeat(np.arange(40), 30)
    galleries = list(sample_galleries(query_labels, [1, 3], photo_labels, seed=0, count=300))
    assert all(len(each.queries) == 8 == len(set(each.queries.tolist())) for each in galleries)
    query_classes = [set(query_labels[each.queries].tolist()) for each in galleries]
    assert {frozenset(each) for each in query_classes} == {frozenset({1}), frozenset({3})}
    counts = [Counter(photo_labels[each.photos].tolist()) for each in galleries]
    assert all(len(set(each.photos.tolist())) == len(each.photos) for each in galleries)
    assert all(len(set(each.values())) == 1 for each in counts)
    assert {next(iter(each.values())) for each in counts} == {1, 2, 3, 5, 10, 25}
    assert min(len(each) for each in counts) <= 5
    assert max(len(each) for each in counts) >= 35
    missing = [not labels & set(each) for labels, each in zip(query_classes, counts, strict=True)]
    assert 0.17 < np.mean(missing) < 0.33


def test_first_hits_are_the_best_20_without_the_query_itself():
    scores = torch.arange(30.0).repeat(2, 1)
    relevant = scores > 25
    hits = first_hits(scores, relevant)
    assert (hits.cosines[0].tolist(), hits.photos) == (list(map(float, range(29, 9, -1))), 30)
    assert hits.relevant[0].tolist() == [True] * 4 + [False] * 16
    is_query = torch.zeros(2, 30, dtype=torch.bool)
    is_query[1, 29] = True
    without_query = first_hits(scores, relevant, is_query)
    assert [float(row[0]) for row in without_query.cosines] == [29, 28]
    small_gallery = first_hits(scores[:, :3], relevant[:, :3], is_query[:, -3:])
    assert small_gallery.cosines.shape == (2, 2)


def test_photo_queries_do_not_count_themselves_as_hits():
    """No code is near another. If a photo were its own hit, the nearest hit would always be right."""
    codes, labels = torch.eye(60), np.repeat(np.arange(6), 10)

    def score(query: torch.Tensor, photos: torch.Tensor) -> torch.Tensor:
        noise = torch.rand(len(query), len(photos), generator=torch.Generator().manual_seed(0))
        return query @ photos.T + 0.01 * noise

    without, counted = (
        fit_to_kinds(
            [sample_searches(score, codes, labels, [0, 1], codes, labels, 0, query_by_photo=by_photo)]
        )
        for by_photo in (True, False)
    )
    assert counted.probability(1.0, 30) > 0.9
    assert without.slope != counted.slope
    assert abs(without.slope) < 100


def test_the_calibration_error_is_the_distance_of_prediction_and_share():
    relevant = np.arange(10)
    assert expected_calibration_error(np.full(10, 0.8), relevant < 8) == pytest.approx(0, abs=1e-6)
    assert expected_calibration_error(np.full(10, 0.8), relevant < 3) == pytest.approx(0.5, abs=1e-6)
    assert expected_calibration_error(np.ones(10), relevant < 7) == pytest.approx(0.3, abs=1e-6)


def first_hits_with(shares: dict[float, float], count: int = 200) -> list[SearchHits]:
    """Searches whose first hits have some cosines, with the share of right hits at each cosine."""
    rng = np.random.default_rng(0)
    return [
        SearchHits(torch.tensor([[cosine, -1.0]]), torch.tensor([[bool(number < share * count), False]]), 100)
        for cosine, share in shares.items()
        for number in rng.permutation(count)
    ]


def test_grades_keep_their_promise_in_each_kind_of_search():
    curve = Calibration(10.0, -5.0)
    photos = first_hits_with({0.9: 1.0, 0.7: 0.8, 0.6: 0.6, 0.5: 0.3})
    emoji = first_hits_with({0.9: 0.9, 0.8: 0.7, 0.7: 0.4, 0.5: 0.0})
    alone, both = with_limits(curve, [photos]), with_limits(curve, [photos, emoji])
    probabilities = {cosine: curve.probability(cosine, 100) for cosine in (0.9, 0.7, 0.6)}
    # Photos: 0.9 and 0.7 are right in .9 of all cases, with 0.6 in .8. Of the others, 0.6 is right in .6, and
    # with 0.5 in .45.
    # Emoji: 0.9 is right in .9 of all cases, with 0.8 in .8. Of the others, 0.8 and 0.7 are right in .55.
    assert (alone.strong, alone.possible) == pytest.approx((probabilities[0.7], probabilities[0.6]))
    assert (both.strong, both.possible) == pytest.approx((probabilities[0.9], probabilities[0.7]))
    assert (both.slope, both.intercept) == (curve.slope, curve.intercept)


def test_a_kind_whose_wrong_hits_are_certain_has_no_grade_at_all():
    for curve in (Calibration(1e3, 0.0), Calibration(10.0, 5.5)):  # 1, and 1 after rounding to six digits
        limits = with_limits(curve, [first_hits_with({0.9: 0.4, 0.5: 0.2})])
        assert (limits.strong, limits.possible) == (1, 1)
        assert limits.grade(1.0) == "weak"


def test_a_kind_of_search_that_cannot_keep_a_promise_gets_no_such_grade():
    """Doodles of unknown things are never right enough; those of known ones get higher probabilities."""
    curve = Calibration(10.0, -5.0)
    unknown, known = first_hits_with({0.7: 0.4, 0.5: 0.2}), first_hits_with({0.95: 0.9, 0.7: 0.6})
    limits = with_limits(curve, [unknown, known])
    halfway = (1 + curve.probability(0.7, 100)) / 2
    assert (limits.strong, limits.possible) == pytest.approx((curve.probability(0.95, 100), halfway))


@pytest.mark.parametrize("each", [2, 8, 20])
def test_classes_with_few_queries_are_searched_for_as_often(each):
    codes, labels = torch.eye(2).repeat_interleave(each, 0), np.repeat([0, 1], each)
    searches = sample_searches(similarities, codes, labels, [0, 1], codes, labels, 0)
    assert sum(len(search.relevant) for search in searches) == GALLERIES * QUERIES
