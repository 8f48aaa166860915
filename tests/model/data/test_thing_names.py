"""Names of things in different data sets."""

import pytest

from model.data.sketchy import SPLITS
from model.data.thing_names import imagenet_classes, plain_name, related, same_thing


def test_names_are_compared_without_their_spelling():
    assert [
        plain_name(label) for label in ("car_(sedan)", "teddy-bear", "Hot-air_balloon", " ice  cream ")
    ] == [
        "car",
        "teddy bear",
        "hot air balloon",
        "ice cream",
    ]
    assert same_thing("motorbike", "motorcycle")
    assert same_thing("hot dog", "hotdog")
    assert same_thing("car", "car_(sedan)")
    assert not same_thing("bird", "songbird")


@pytest.mark.parametrize(
    ("label", "hidden"),
    [
        ("motorbike", "motorcycle"),
        ("tennis racquet", "racket"),
        ("palm tree", "tree"),
        ("bird", "songbird"),
        ("teddy-bear", "bear"),
        ("lantern", "jack-o-lantern"),
        ("panda", "bear"),
        ("mug", "cup"),
    ],
)
def test_synonyms_and_kinds_of_hidden_classes_are_related(label, hidden):
    assert related(label, [hidden, "zebra"])
    assert related(hidden, [label])


@pytest.mark.parametrize(
    ("label", "hidden"), [("cup", "cake"), ("car", "carrot"), ("pear", "pineapple"), ("bee", "beetle")]
)
def test_other_things_are_not_related(label, hidden):
    assert not related(label, [hidden])


@pytest.mark.parametrize("split", ["sketchy-25", "sketchy-21"])
def test_every_unseen_class_is_related_to_itself(split):
    names = (SPLITS / f"{split}.txt").read_text().split()
    assert all(related(name, names) for name in names)


def test_imagenets_classes_of_a_thing_are_found_by_all_its_names():
    assert imagenet_classes("ambulance") == (407,)
    assert imagenet_classes("teddy-bear") == imagenet_classes("teddy_bear") == (850,)
    assert set(imagenet_classes("mug")) == set(imagenet_classes("cup")) == {504, 968}
    assert imagenet_classes("rainbow") == ()
