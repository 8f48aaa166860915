"""The serving form computes the features of the trained backbone."""

import pytest
import torch
import torch.nn.functional as F
from small_sketch import CLASSES

from model import checkpoint
from model.data.sketchy import read_sketchy
from model.sketch.backbone.serving_form import serving_form
from model.sketch.pictures import decode


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_serving_form_gives_the_same_features(mirrored, shapes_folder, monkeypatch):
    folder = next(folder for folder in checkpoint.released() if folder.name == "sketchy")
    _, _, backbone = checkpoint.load_parts(folder)
    assert backbone is not None
    backbone.eval().mirrored = mirrored
    catalogue = read_sketchy(shapes_folder)
    files = [*catalogue.photos[::20], *catalogue.sketches[::20]]
    (pixels,) = decode(files, CLASSES, 96).batches(len(files))
    with torch.inference_mode():
        features, serving = backbone(pixels), serving_form(backbone, torch.device("cpu"))(pixels)
        backbone.mirrored = False
        pooled = [backbone.pooled(each) for each in (pixels, pixels.flip(-1))]
        mean = (pooled[0] + pooled[1]) / 2 if mirrored else pooled[0]
        by_definition = backbone.feature(backbone.descriptor(mean))
    torch.testing.assert_close(features, by_definition, rtol=1e-3, atol=1e-3)
    centred = [each - features.mean(0) for each in (features, serving)]
    assert F.cosine_similarity(*centred).min() > 0.99
    monkeypatch.setattr("model.sketch.backbone.serving_form.precision", lambda device: torch.float32)
    backbone.mirrored = mirrored
    with torch.inference_mode():
        in_float32 = serving_form(backbone, torch.device("cpu"))(pixels)
    torch.testing.assert_close(in_float32, features, rtol=1e-3, atol=1e-3)
