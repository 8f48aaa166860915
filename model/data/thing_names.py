"""Names of things: which names of data sets mean the same, and which ImageNet classes a thing has."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

SAME_THING = (
    ("motorcycle", "motorbike"),
    ("racket", "tennis racquet"),
    ("crocodile", "crocodilian"),
    ("hot dog", "hotdog"),
    ("cup", "mug", "coffee cup"),
    ("teddy bear", "teddy"),
    ("bicycle", "bike"),
    ("couch", "sofa"),
    ("airplane", "plane", "aeroplane"),
    ("cell phone", "mobile phone"),
    ("eyeglasses", "glasses", "spectacles"),
    ("hamburger", "burger"),
    ("rhinoceros", "rhino"),
    ("television", "tv"),
)
"""Groups of names of one thing."""
SAME_KIND = (
    ("bird", "songbird", "seagull", "wading bird"),
    ("bear", "panda"),
    ("cabin", "house", "barn"),
    ("turtle", "sea turtle"),
    ("ape", "monkey"),
    ("motorcycle", "motor scooter"),
    ("skyscraper", "building"),
    ("jack o lantern", "pumpkin"),
)
"""Groups of names of things that are drawn alike, or of which one is a kind of the other."""
IMAGENET_NAMES = Path(__file__).with_name("imagenet_names.txt")


def plain_name(label: str) -> str:
    """Return a class's name in lower case, with single spaces and without a remark in brackets.

    `car_(sedan)` becomes `car`, `teddy-bear` becomes `teddy bear`.
    """
    return single_spaced(re.sub(r"[ _]*\(.*?\)", "", label))


def single_spaced(label: str) -> str:
    """Return a name in lower case, with one space in place of spaces, `-` and `_`."""
    return re.sub(r"[\s_-]+", " ", label).strip().lower()


def joined_words(name: str) -> str:
    """Return a name in lower case without spaces, `-` and `_`, which people write or leave out."""
    return re.sub(r"[\s_-]+", "", name).lower()


def thing_of(label: str) -> str:
    """Return the usual name of the thing that a class shows; it is the same for all names of one thing."""
    name = plain_name(label)
    return next((group[0] for group in SAME_THING if name in group), name)


def same_thing(one: str, other: str) -> bool:
    """Return whether two classes, of any data sets, are the same thing."""
    return thing_of(one) == thing_of(other)


def related(label: str, hidden: Iterable[str]) -> bool:
    """Return whether a class is a hidden class, a synonym of one, or nearly one.

    Names are nearly the same if one contains all words of the other: a palm tree is nearly a tree. This also
    leaves out some other things, such as a see saw for a saw, and that does no harm.
    """
    names = _names(label, SAME_THING, SAME_KIND)
    for each in hidden:
        for name in _names(each, SAME_THING, SAME_KIND):
            words = set(name.split())
            if any(words <= set(own.split()) or words >= set(own.split()) for own in names):
                return True
    return False


def imagenet_classes(label: str) -> tuple[int, ...]:
    """Return the numbers of the ImageNet classes of a thing; empty if the classifier does not know it."""
    return _imagenet().get(thing_of(label), ())


def _names(label: str, *tables: tuple[tuple[str, ...], ...]) -> set[str]:
    """All names of a thing and of its kind."""
    names = {plain_name(label)}
    for table in tables:
        for group in table:
            if names & set(group):
                names |= set(group)
    return names


@cache
def _imagenet() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for line in IMAGENET_NAMES.read_text().splitlines():
        if not line.startswith("#"):
            name, numbers = line.split(":")
            thing = thing_of(name)
            found[thing] = (*found.get(thing, ()), *(int(number) for number in numbers.split()))
    return found
