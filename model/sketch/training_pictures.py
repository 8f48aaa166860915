"""The decoded pictures of a training: of the classes trained on, and of those held out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from model.data.sketchy import SketchyFiles
from model.presets import Preset
from model.sketch.fine_tuning.training_set import check_batch, check_classes
from model.sketch.further_pictures import FurtherFiles, FurtherPictures, read_further
from model.sketch.pictures import PictureKind, Pictures, decode_classes

SOME_OF_EACH: dict[PictureKind, int] = {"doodles": 80, "icons": 4}
"""The most doodles and icons of a class beside its sketches and photos, for the layers after the network."""
HELD_BACK = 0.1
"""Share of the pictures of each class trained on that only the grades are fitted to."""


@dataclass(frozen=True)
class TrainingPictures:
    """Decoded pictures by kind; doodles and icons only if there are any.

    Attributes:
        classes: the classes trained on, with photos and sketches; the position is the class number.
        further: doodles and icons to train on, with the things beyond these classes.
        trained: pictures of the classes and things trained on.
        held_out: pictures of the held-out classes, which have numbers of their own; empty if there are none.
        held_back: further pictures of the classes and things trained on, numbered as `trained`. Nothing is
            trained on them. Empty without held-out classes, because then no grades are fitted.
    """

    classes: tuple[str, ...]
    further: FurtherPictures
    trained: Mapping[PictureKind, Pictures]
    held_out: Mapping[PictureKind, Pictures]
    held_back: Mapping[PictureKind, Pictures]

    @property
    def things(self) -> int:
        """Number of classes and further things trained on."""
        return len(self.classes) + len(self.further.things)

    @property
    def damaged(self) -> tuple[str, ...]:
        """Names of the files that were left out."""
        return tuple(
            name
            for kinds in (self.trained, self.held_out, self.held_back)
            for each in kinds.values()
            for name in each.damaged
        )

    def for_layers(self) -> dict[PictureKind, Pictures]:
        """The pictures to fit the layers after the network to: all photos and sketches, and a few others.

        Doodles and icons are many, and alike; some of each class are enough.
        """
        return {
            kind: each.some_of_each(SOME_OF_EACH[kind]) if kind in SOME_OF_EACH else each
            for kind, each in self.trained.items()
        }


def read_training_pictures(
    seen: SketchyFiles,
    held_out: tuple[str, ...],
    further: FurtherFiles,
    preset: Preset,
    *,
    batch: int,
    seed: int,
) -> TrainingPictures:
    """Decode all pictures.

    Args:
        seen: files of seen classes only.
        held_out: the seen classes that are not trained on.
        further: doodles and icons, none of an unseen class.
        preset: a preset of a sketch model.
        batch: photos of one step of fine-tuning; 0 without fine-tuning.
        seed: decides the choice of doodles, and the icons' colours.

    Raises:
        DataError: there are too few classes or pictures.
    """
    classes = tuple(label for label in seen.classes if label not in held_out)
    photos, sketches = decode_classes(seen, classes, preset)
    check_classes(photos, sketches, classes)
    size = preset.image_size
    shown = further.without(held_out)
    if not held_out:
        check_batch(photos, batch)
        pictures = read_further(shown, classes, size=size, seed=seed)
        return TrainingPictures(classes, pictures, _by_kind(photos, sketches, pictures), {}, {})
    photos, held_back_photos = photos.without_some(HELD_BACK)
    sketches, held_back_sketches = sketches.without_some(HELD_BACK)
    check_batch(photos, batch)
    pictures = read_further(shown, classes, size=size, seed=seed, held_back=HELD_BACK)
    # One rendering of each icon: another one would be too easy to find by the first.
    once = replace(further.of(held_out), variants=1)
    of_held_out = read_further(once, held_out, size=size, seed=seed)
    return TrainingPictures(
        classes,
        pictures,
        _by_kind(photos, sketches, pictures),
        _by_kind(*decode_classes(seen, held_out, preset), of_held_out),
        _not_empty({"photos": held_back_photos, "sketches": held_back_sketches, **pictures.held_back}),
    )


def _not_empty(pictures: Mapping[PictureKind, Pictures]) -> dict[PictureKind, Pictures]:
    return {kind: each for kind, each in pictures.items() if len(each.labels)}


def _by_kind(photos: Pictures, sketches: Pictures, further: FurtherPictures) -> dict[PictureKind, Pictures]:
    pictures: dict[PictureKind, Pictures | None] = {
        "photos": photos,
        "sketches": sketches,
        "doodles": further.doodles,
        "icons": further.icons,
    }
    return {kind: each for kind, each in pictures.items() if each is not None}
