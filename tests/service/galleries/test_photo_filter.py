"""Filters in SQL against the same conditions in Python, on labels and metadata of all kinds."""

import pytest
from gallery_photos import damage, new_photo, spec

from service.galleries.collection import Galleries
from service.galleries.photo_filter import Equal, PhotoFilter, Within

METADATA = [
    {},
    {"colour": "red"},
    {"colour": ["blue", "red"], "year": 2019},
    {"colour": "Red", "year": 2020},
    {"year": 2020.5},
    {"year": "2020"},
    {"year": [1999, 2031]},
    {"year": True},
    {"year": False},
    {"year": None},
    {"year": 1},
    {"year": {"from": 2020}},
    {"year": 10**30},
    {"": "empty"},
    {'a"b': "quoted", "$.x": 1},
    {"file": "2024/summer/one.jpg"},
    {"file": "2024/summer"},
    {"file": "2024/summertime/two.jpg"},
    {"file": "2024/Summer/three.jpg"},
    {"file": "2024/summer/trip/50%_☂.jpg"},
    {"file": 2024},
    {"file": "Büro/☂/four.jpg"},
    {"size": 7},
    {"size": 7.0},
    {"size": -0.0},
    {"size": [0, 0.1]},
    {"size": 10**16},
    {"size": 1e16},
    {"größe": '☂ "gut"\n'},
    {"other": {"größe": "☂", "size": 7}},
]
LABELS = [None, "red", "blue", "Red", "r%"]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    gallery = Galleries(tmp_path_factory.mktemp("galleries")).create("g", spec())
    gallery.add(
        [
            new_photo(number, label=LABELS[number % len(LABELS)], metadata=metadata)
            for number, metadata in enumerate(METADATA)
        ]
    )
    return gallery


def numbers(value: object) -> list[float]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]


def is_equal(value: object, wanted: object) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(
        each == wanted and isinstance(each, bool) == isinstance(wanted, bool)
        for each in values
        if not isinstance(each, dict)
    )


def in_folder(metadata: dict, folder: str) -> bool:
    file = metadata.get("file")
    return isinstance(file, str) and file.startswith(f"{folder}/")


FILTERS = {
    "label": (PhotoFilter(labels=("red",)), lambda p: p.label == "red"),
    "labels": (PhotoFilter(labels=("red", "r%")), lambda p: p.label in ("red", "r%")),
    "no label": (PhotoFilter(labels=("", "blue")), lambda p: p.label in (None, "blue")),
    "ids": (PhotoFilter(ids=(2, 5, 999)), lambda p: p.id in (2, 5)),
    "folder": (PhotoFilter(folder="2024/summer"), lambda p: in_folder(p.metadata, "2024/summer")),
    "upper folder": (PhotoFilter(folder="2024"), lambda p: in_folder(p.metadata, "2024")),
    "folder with an umbrella": (
        PhotoFilter(folder="Büro/☂"),
        lambda p: in_folder(p.metadata, "Büro/☂"),
    ),
    "above": (
        PhotoFilter(metadata=(Within("year", (("gt", 2019), ("lte", 2030))),)),
        lambda p: any(2019 < each <= 2030 for each in numbers(p.metadata.get("year"))),
    ),
    "below": (
        PhotoFilter(metadata=(Within("year", (("lt", 2019.5), ("gte", 1))),)),
        lambda p: any(1 <= each < 2019.5 for each in numbers(p.metadata.get("year"))),
    ),
    "no limits": (
        PhotoFilter(metadata=(Within("year", ()),)),
        lambda p: numbers(p.metadata.get("year")) != [],
    ),
    "both": (
        PhotoFilter(labels=("blue",), metadata=(Equal("colour", ("red",)),)),
        lambda p: p.label == "blue" and is_equal(p.metadata.get("colour"), "red"),
    ),
    "two conditions": (
        PhotoFilter(metadata=(Equal("colour", ("red",)), Equal("year", (2019,)))),
        lambda p: is_equal(p.metadata.get("colour"), "red") and is_equal(p.metadata.get("year"), 2019),
    ),
} | {
    f"equal: {key} {value}": (
        PhotoFilter(metadata=(Equal(key, (value,)),)),
        lambda p, key=key, value=value: key in p.metadata and is_equal(p.metadata[key], value),
    )
    for key, value in [
        ("colour", "red"),
        ("year", 2020),
        ("year", "2020"),
        ("year", True),
        ("year", False),
        ("year", 1),
        ("year", None),
        ("year", 10**30),
        ("", "empty"),
        ('a"b', "quoted"),
        ("$.x", 1),
        ("size", 7),
        ("size", 7.0),
        ("size", 0),
        ("size", 0.1),
        ("size", 10**16),
        ("size", 1e16),
        ("größe", '☂ "gut"\n'),
    ]
}
"""Each filter, and the same condition in Python."""


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_selects_the_photos_that_meet_it(gallery, name):
    wanted, meets = FILTERS[name]
    every = gallery.page(0, 100)
    expected = [photo for photo in every if meets(photo)]
    assert expected
    assert len(expected) < len(every)
    assert gallery.page(0, 100, wanted) == expected


def test_metadata_that_is_damaged_does_not_stop_a_filter(tmp_path):
    gallery = Galleries(tmp_path).create("g", spec())
    gallery.add([new_photo(number, metadata={"sku": 1}) for number in range(3)])
    gallery = damage(gallery, "UPDATE photos SET metadata = '{' WHERE id = 2")
    wanted = PhotoFilter(metadata=(Equal("sku", (1,)),))
    assert [photo.id for photo in gallery.page(0, 10, wanted)] == [1, 3]
