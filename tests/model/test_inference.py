"""Inference: domains, preprocessing versions, translations and analogies."""

from dataclasses import replace

import pytest
import torch
from PIL import Image, ImageDraw

from model import pictures, preprocessing
from model.iiae import IIAE
from model.iiae_inference import IMAGE_CAPABILITIES, SKETCH_CAPABILITIES, IIAEInference
from model.images import decode
from model.inference import NoDrawing, analogy, translate
from model.presets import PRESETS, SketchInput
from model.sketch.backbone.backbone import backbone_for
from model.sketch.drawings import normalise as drawings

CPU = torch.device("cpu")
IMAGES = replace(PRESETS["facades"], image_size=32, width=0.125)
SKETCHES = replace(
    PRESETS["sketchy"],
    image_size=32,
    zs_size=16,
    sketch=SketchInput(backbone="efficientnet-lite0", feature_size=32, encoders="linear_each"),
)


@pytest.fixture(scope="module")
def images() -> IIAEInference:
    return IIAEInference(IIAE(IMAGES), None, CPU)


@pytest.fixture(scope="module")
def sketches() -> IIAEInference:
    return IIAEInference(IIAE(SKETCHES), backbone_for(SKETCHES.require_sketch()), CPU)


def test_capabilities_follow_from_the_kind_of_model(images, sketches):
    assert images.capabilities == IMAGE_CAPABILITIES
    assert sketches.capabilities == SKETCH_CAPABILITIES


def test_sides_are_found_by_the_domains_names(images):
    assert (images.side("photo"), images.side("label")) == ("x", "y")
    with pytest.raises(KeyError):
        images.side("sketch")


def test_only_a_sketch_models_sketches_are_normalised(images, sketches):
    sheet = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(sheet).ellipse((30, 30, 40, 40), outline="black", width=3)
    plain = pictures.prepare(sheet, 32)
    assert torch.equal(images.prepare(sheet, "y"), plain)
    assert torch.equal(sketches.prepare(sheet, "x"), plain)
    assert not torch.equal(sketches.prepare(sheet, "y"), plain)
    with pytest.raises(NoDrawing):
        sketches.prepare(Image.new("RGB", (64, 64), "white"), "y")


def test_the_preprocessing_version_includes_the_drawing_rules_only_for_drawings(images, sketches):
    plain = f"{preprocessing.VERSION}.{decode.VERSION}"
    assert (images.preprocessing("x"), images.preprocessing("y")) == (plain, plain)
    assert (sketches.preprocessing("x"), sketches.preprocessing("y")) == (
        plain,
        f"{plain}.{drawings.VERSION}",
    )


def test_codes_have_the_announced_shapes(images, sketches):
    for model in (images, sketches):
        pixels = torch.rand(2, 3, 32, 32)
        assert model.shared("y", pixels).shape == (2, *model.shared_shape)
        assert model.exclusive("y", pixels).shape == (2, model.exclusive_size)


def test_translation_combines_the_sources_shared_code_with_the_given_style(images):
    pixels, z = torch.rand(2, 3, 32, 32), torch.randn(2, 8)
    expected = images.decode("y", z, images.shared("x", pixels))
    assert torch.equal(translate(images, "x", pixels, z), expected)


def test_analogy_combines_the_querys_shared_code_with_the_references_style(images):
    query, reference = torch.rand(2, 2, 3, 32, 32).unbind()
    expected = images.decode("x", images.exclusive("x", reference), images.shared("x", query))
    assert torch.equal(analogy(images, "x", query, reference), expected)
