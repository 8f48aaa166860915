"""The initial linear layers keep what generalises to other classes."""

import pytest
import torch
from mapped_pairs import SIZE, mapped_pairs
from small_sketch import small_preset

from model.iiae import IIAE
from model.metrics import cosine, mean_average_precision, ranked_relevance
from model.sketch.backbone.backbone import Backbone
from model.sketch.linear_start import WHITENING, init_feature_layer, init_shared_encoders, moments


def test_the_feature_layer_keeps_class_differences_of_both_domains():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(200) % 20
    means = torch.randn(20, 1280, generator=generator)
    photos, sketches = (means[labels] * 2 + torch.randn(200, 1280, generator=generator) for _ in range(2))
    backbone = Backbone("efficientnet-lite0", 128)
    init_feature_layer(backbone, moments([photos]), moments([sketches + 5]), seed=0)
    with torch.no_grad():
        x, y = backbone.feature(photos), backbone.feature(sketches + 5)
    assert x.std(0).max() < 3 * x.std(0).min()  # without the rotation, the first would be 5 times the last
    found = mean_average_precision(ranked_relevance(cosine(y - y.mean(0), x - x.mean(0)), labels, labels))
    assert found > 0.99


def test_the_feature_layer_whitens_the_components_partly():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(600, 1280, generator=generator)
    inputs[:, 1:200] += 2 * inputs[:, :1]  # one strong component
    backbone = Backbone("efficientnet-lite0", 64)
    init_feature_layer(backbone, moments([inputs[:300]]), moments([inputs[300:]]), seed=0)
    with torch.no_grad():
        spreads = torch.linalg.svdvals(backbone.feature(inputs) - backbone.feature(inputs).mean(0))
    deviation = inputs.std(0)
    plain = torch.linalg.svdvals((inputs - inputs.mean(0)) / deviation)[:64]
    ratio = float(plain[0] / plain[-1]) ** (1 - WHITENING)
    assert float(spreads[0] / spreads[-1]) == pytest.approx(ratio, rel=0.1)


def test_rarely_probable_things_do_not_outweigh_the_others():
    generator = torch.Generator().manual_seed(0)
    deviations = torch.cat([torch.full((1280,), 0.5), torch.tensor([0.5]), torch.full((40,), 0.005)])
    descriptors = deviations * torch.randn(2, 400, 1321, generator=generator)
    backbone = Backbone("efficientnet-lite0", 128, things=41)
    init_feature_layer(backbone, moments([descriptors[0]]), moments([descriptors[1]]), seed=0)
    effects = backbone.feature.weight.detach().norm(dim=0) * deviations
    pooled, common, rare = effects[:1280].mean(), effects[1280], effects[1281:].max()
    assert rare < 0.1 * pooled
    assert common > 3 * pooled


def test_all_things_together_weigh_no_more_than_some_hundred_dimensions():
    deviations = torch.cat([torch.full((1280,), 0.5), torch.full((1000,), 0.01)])
    descriptors = deviations * torch.randn(2, 400, 2280, generator=torch.Generator().manual_seed(0))
    backbone = Backbone("efficientnet-lite0", 550, things=1000)
    init_feature_layer(backbone, moments([descriptors[0]]), moments([descriptors[1]]), seed=0)
    effects = backbone.feature.weight.detach().norm(dim=0) * deviations
    assert 0.3 < effects[1280:].mean() / effects[:1280].mean() < 0.8


@pytest.mark.parametrize(("regression", "gain"), [(False, 0.0), (True, 0.1)])
def test_shared_encoders_start_at_the_features_or_at_the_regression_between_the_domains(regression, gain):
    iiae = IIAE(small_preset("efficientnet-lite0", feature_size=SIZE, zs_size=24)).eval()
    generator = torch.Generator().manual_seed(0)
    pairs, _ = mapped_pairs(80, generator)
    unseen, labels = mapped_pairs(20, generator)
    init_shared_encoders(iiae, pairs.photos, pairs.sketches, pairs.class_members, regression=regression)
    with torch.no_grad():
        standardised = [iiae.fe["x"](unseen.photos), iiae.fe["y"](unseen.sketches)]
        zs = [iiae.shared("x", unseen.photos), iiae.shared("y", unseen.sketches)]
        joint = iiae.q_zs(torch.cat(standardised, 1)).mean
    after, before = (
        mean_average_precision(ranked_relevance(cosine(y, x), labels, labels))
        for x, y in ([each.mean for each in zs], standardised)
    )
    assert gain - 0.05 < after - before < gain + 0.25
    torch.testing.assert_close(joint, (zs[0].mean + zs[1].mean) / 2, atol=1e-4, rtol=1e-4)
    assert 0.8 < float(torch.cat([each.mean for each in zs]).square().mean()) < 1.2
    assert all(torch.allclose(each.log_var, torch.full_like(each.log_var, -2.0)) for each in zs)


def test_moments_do_not_depend_on_the_chunks():
    vectors = torch.randn(50, 7, generator=torch.Generator().manual_seed(0)) * 3 + 2
    whole, chunked = moments([vectors]), moments(vectors.split(8))
    assert whole.count == chunked.count == 50
    torch.testing.assert_close(whole.mean, vectors.double().mean(0), atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(whole.covariance, vectors.double().T.cov(correction=0), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(chunked.covariance, whole.covariance, atol=1e-4, rtol=1e-4)
