"""The pictures that the layers after the network are fitted to."""

import numpy as np

from model.sketch.further_pictures import FurtherPictures, class_targets
from model.sketch.pictures import PictureKind, Pictures
from model.sketch.training_pictures import SOME_OF_EACH, TrainingPictures


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
