"""Figures of translations, with translations whose figures are known."""

from dataclasses import replace

import pytest
import torch

from model.baselines.bicyclegan import BicycleGAN
from model.baselines.pix2pix import Pix2Pix
from model.data.synthetic import SyntheticPairs
from model.evaluation.lpips import ALEX, Lpips
from model.evaluation.translation import (
    lpips_distances,
    retrieval_by_translation,
    translation_errors,
    translation_validation,
)
from model.iiae import IIAE
from model.iiae_inference import IIAEInference
from model.presets import PRESETS
from model.translator_inference import TranslatorInference

PRESET = replace(PRESETS["facades"], image_size=32, width=0.0625)
CPU = torch.device("cpu")


@pytest.fixture
def pairs():
    return SyntheticPairs(5, 32)


def sides(pairs):
    return tuple(torch.stack(side) for side in zip(*(pairs.pair(i, None) for i in range(5)), strict=True))


def inference_of(kind):
    torch.manual_seed(0)
    if kind is IIAE:
        return IIAEInference(IIAE(PRESET), None, CPU)
    return TranslatorInference(kind(PRESET), CPU)


def with_outputs(inference, output):
    """Let an inference decode what `output` says of (source's pictures, style)."""
    inference.shared = lambda side, pixels: pixels
    inference.decode = lambda side, z, zs: output(zs, z)
    return inference


def test_errors_are_means_over_pairs_of_both_directions(pairs):
    x, y = sides(pairs)
    figures = translation_errors(lambda source, pixels: torch.zeros_like(pixels), pairs, CPU, batch=2)
    assert figures["l1_from_x"] == pytest.approx(y.abs().mean().item(), rel=1e-5)
    assert figures["l1_from_y"] == pytest.approx(x.abs().mean().item(), rel=1e-5)


@pytest.mark.parametrize("kind", [IIAE, Pix2Pix])
def test_validation_is_minus_the_mean_error_in_the_mean_style(pairs, kind):
    torch.manual_seed(0)
    model = kind(PRESET).eval()
    figures = translation_validation(pairs, batch=2)(model)
    x, y = sides(pairs)
    with torch.no_grad():
        errors = [
            (model.translate("x", x) - y).abs().mean().item(),
            (model.translate("y", y) - x).abs().mean().item(),
        ]
    assert figures["validation"] == pytest.approx(-sum(errors) / 2, rel=1e-4)


def test_iiae_translates_in_a_style_or_in_the_mean_of_its_prior():
    torch.manual_seed(0)
    iiae, pixels = IIAE(PRESET).eval(), torch.rand(2, 3, 32, 32)
    zs, style = iiae.shared("y", pixels).mean, torch.randn(2, PRESET.zx_size)
    assert torch.equal(iiae.translate("y", pixels, style), iiae.decode("x", style, zs))
    assert torch.equal(iiae.translate("y", pixels), iiae.decode("x", torch.zeros_like(style), zs))


def test_a_right_translation_finds_its_pair(pairs):
    x, y = sides(pairs)
    partner = {pixels.numpy().tobytes(): other for pixels, other in zip([*x, *y], [*y, *x], strict=True)}
    right = with_outputs(
        inference_of(Pix2Pix), lambda zs, z: torch.stack([partner[each.numpy().tobytes()] for each in zs])
    )
    assert retrieval_by_translation(right, pairs, batch=2) == {
        "top1_translated_xy": 1.0,
        "top1_translated_yx": 1.0,
        "pairs": 5.0,
    }
    blind = with_outputs(inference_of(Pix2Pix), lambda zs, z: torch.zeros_like(zs))
    assert retrieval_by_translation(blind, pairs)["top1_translated_xy"] <= 0.4


def test_styles_of_translations_are_compared_with_the_targets_styles(pairs):
    inference, targets = inference_of(BicycleGAN), []
    inference.exclusive = lambda side, pixels: targets.append(side) or pixels.mean((2, 3))
    found = retrieval_by_translation(with_outputs(inference, lambda zs, z: zs), pairs)
    assert {"top1_style_xy", "top1_style_yx"} < found.keys()
    assert targets == ["y", "y", "x", "x"]


def test_lpips_is_zero_for_true_pictures_and_grows_with_noise(pairs):
    torch.manual_seed(0)
    distance = {"alex": Lpips(ALEX)}
    x, y = sides(pairs)

    def truth(noise):
        pictures = iter([y, x])
        return with_outputs(
            inference_of(Pix2Pix), lambda zs, z: next(pictures) + noise * torch.randn_like(zs)
        )

    found = [lpips_distances(truth(noise), pairs, distance)["lpips_alex_xy"] for noise in (0, 0.1, 0.5)]
    assert found[0] == 0 < found[1] < found[2]


def test_lpips_of_samples_and_of_the_true_style(pairs):
    """The reference is the true picture, and samples differ from the mean style."""
    inference, styles = inference_of(IIAE), []
    inference.exclusive = lambda side, pixels: torch.full((len(pixels), PRESET.zx_size), 7.0)
    with_outputs(inference, lambda zs, z: styles.append(z) or zs)
    found = lpips_distances(inference, pairs, {"alex": Lpips(ALEX)}, samples=2)
    suffixes = ("", "_sampled", "_reference")
    assert set(found) == {f"lpips_alex{suffix}_{way}" for suffix in suffixes for way in ("xy", "yx")}
    mean, first, second, reference = styles[:4]
    assert not mean.any() and (reference == 7).all()
    assert not torch.equal(first, second) and first.std() > 0.5


def test_a_limit_spreads_the_pairs_evenly():
    seen = []
    pairs = SyntheticPairs(9, 32)
    original = pairs.pair
    pairs.pair = lambda index, rng: seen.append(index) or original(index, rng)
    translation_errors(lambda source, pixels: pixels, pairs, CPU, limit=3)
    assert seen == [0, 4, 8]
