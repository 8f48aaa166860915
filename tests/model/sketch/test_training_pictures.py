"""The pictures that the layers after the network are fitted to."""

import numpy as np
import pytest
from shapes import draw_shapes
from small_sketch import CLASSES, small_preset

from model.data.icons import Icon, Icons
from model.data.sketchy import read_sketchy
from model.sketch.further_pictures import FurtherFiles, FurtherPictures, class_targets
from model.sketch.pictures import PictureKind, Pictures
from model.sketch.training_pictures import SOME_OF_EACH, TrainingPictures, read_training_pictures


def test_the_layers_get_all_photos_and_sketches_and_a_few_doodles_and_icons_of_each_class():
    labels = np.repeat([0, 1, 2], [90, 2, 95])
    kinds: tuple[PictureKind, ...] = ("photos", "sketches", "doodles", "icons")
    trained = {kind: Pictures(np.zeros((len(labels), 1, 1, 3), np.uint8), labels) for kind in kinds}
    further = FurtherPictures(trained["doodles"], trained["icons"], ("rainbow",), class_targets(["rainbow"]))
    pictures = TrainingPictures(("cat", "dog"), further, trained, {}, {})
    counts = {kind: np.bincount(each.labels).tolist() for kind, each in pictures.for_layers().items()}
    doodles, icons = SOME_OF_EACH["doodles"], SOME_OF_EACH["icons"]
    assert counts == {
        "photos": [90, 2, 95],
        "sketches": [90, 2, 95],
        "doodles": [doodles, 2, doodles],
        "icons": [icons, 2, icons],
    }
    assert pictures.things == 3


@pytest.mark.parametrize(("each", "held_back"), [(9, 0), (10, 1)])
def test_a_tenth_of_the_pictures_of_trained_classes_is_held_back(tmp_path, each, held_back):
    seen = read_sketchy(draw_shapes(tmp_path, CLASSES, each))
    preset = small_preset("efficientnet-lite0")
    pictures = read_training_pictures(seen, CLASSES[:2], FurtherFiles(), preset, batch=1, seed=0)
    expected = [held_back] * 3
    for kind in ("photos", "sketches"):
        assert np.bincount(pictures.trained[kind].labels).tolist() == [each - held_back] * 3
        assert np.bincount(pictures.held_out[kind].labels).tolist() == [each] * 2
        if held_back:
            assert np.bincount(pictures.held_back[kind].labels).tolist() == expected
    assert set(pictures.held_back) == ({"photos", "sketches"} if held_back else set())
    everything = read_training_pictures(seen, (), FurtherFiles(), preset, batch=1, seed=0)
    assert len(everything.trained["photos"].labels) == 5 * each
    assert everything.held_back == {}


def test_each_icon_of_a_held_out_class_is_rendered_once(tmp_path):
    """Another rendering of the same icon would be an easy hit, and the curves too sure."""
    seen = read_sketchy(draw_shapes(tmp_path, CLASSES, 10))
    body = '<circle cx="8" cy="8" r="6" fill="currentColor"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{body}</svg>'
    icons = Icons(tuple(Icon("set", name, name, svg) for name in CLASSES))
    pictures = read_training_pictures(
        seen, CLASSES[:2], FurtherFiles(icons=icons), small_preset("efficientnet-lite0"), batch=1, seed=0
    )
    assert np.bincount(pictures.held_out["icons"].labels).tolist() == [1, 1]
    assert np.bincount(pictures.trained["icons"].labels).tolist() == [4, 4, 4]
