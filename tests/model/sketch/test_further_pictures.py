"""Doodles and icons are labelled with the classes that show the same thing."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from model.data.icons import Icon, Icons, read_icons
from model.data.pairs import DataError
from model.data.quickdraw import read_quickdraw
from model.sketch.further_pictures import CONFIDENCE, FurtherFiles, class_targets, read_further

CIRCLE = '<circle cx="8" cy="8" r="6" fill="currentColor"/>'


@pytest.fixture
def files(tmp_path):
    bitmap = np.zeros((3, 28, 28), np.uint8)
    bitmap[:, 4:24, 4], bitmap[:, 4, 4:24] = 255, 255
    for name in ("motorbike", "ambulance", "rainbow"):
        np.save(tmp_path / f"{name}.npy", bitmap.reshape(3, 784))
    names = ("motorcycle", "rainbow", "cat-face", "unknown")
    icons = {"prefix": "set", "width": 16, "height": 16, "icons": {name: {"body": CIRCLE} for name in names}}
    (tmp_path / "icons").mkdir()
    (tmp_path / "icons" / "icons.json").write_text(json.dumps(icons))
    doodles = read_quickdraw(tmp_path)
    things = ("cat", "motorcycle", *doodles.classes)
    return FurtherFiles(doodles, read_icons(tmp_path / "icons", things), doodles_per_class=2, variants=3)


def test_things_get_the_numbers_of_their_classes(files):
    further = read_further(files, ("cat", "motorcycle"), size=32, seed=0)
    assert further.things == ("ambulance", "rainbow")
    assert further.doodles.labels.tolist() == [2, 2, 1, 1, 3, 3]
    assert sorted(further.icons.labels.tolist()) == [0] * 3 + [1] * 3 + [3] * 3
    assert further.doodles.pixels.shape == (6, 32, 32, 1)
    assert further.icons.pixels.shape == (9, 32, 32, 3)


def test_pictures_held_back_are_of_the_same_things_and_no_others(files):
    """Each thing has two doodles and one icon, and an icon is a thing's only one."""
    further = read_further(files, ("cat", "motorcycle"), size=32, seed=0, held_back=0.5)
    assert further.things == ("ambulance", "rainbow")
    assert further.doodles.labels.tolist() == further.held_back["doodles"].labels.tolist() == [2, 1, 3]
    assert sorted(further.icons.labels.tolist()) == [0] * 3 + [1] * 3 + [3] * 3
    assert set(further.held_back) == {"doodles"}
    nothing = read_further(files, ("cat", "motorcycle"), size=32, seed=0).held_back
    assert [len(each.labels) for each in nothing.values()] == [0]


def test_an_icon_held_back_is_rendered_once_and_left_out_if_it_cannot_be(files):
    broken = Icon("other", "cat", "cat", "<svg")
    whole = replace(broken, svg=files.icons.icons[0].svg)
    further = read_further(
        replace(files, icons=Icons((*files.icons.icons, whole))), ("cat",), size=32, seed=0, held_back=0.3
    )
    assert further.held_back["icons"].labels.tolist() == [0]  # one rendering, not three
    for icons in ((*files.icons.icons, broken), (broken, *files.icons.icons)):
        further = read_further(replace(files, icons=Icons(icons)), ("cat",), size=32, seed=0, held_back=0.3)
        assert "icons" not in further.held_back or set(further.held_back["icons"].labels.tolist()) == {0}


def test_icons_are_split_evenly_over_the_sets_and_a_thing_keeps_one():
    icons = Icons(
        tuple(Icon(f"set{number}", "name", label, "<svg/>") for number in range(5) for label in "abcd")
    )
    kept, split_off = icons.without_some(0.25)
    assert len(split_off.icons) == 5
    assert set(kept.icons) | set(split_off.icons) == set(icons.icons)
    assert not set(kept.icons) & set(split_off.icons)
    assert len({icon.set_name for icon in split_off.icons}) >= 4
    assert len({icon.label for icon in split_off.icons}) >= 3
    assert {icon.label for icon in icons.without_some(1.0)[0].icons} == set("abcd")
    assert icons.without_some(0.0) == (icons, Icons(()))


def test_icons_that_three_sets_have_are_a_thing_of_their_own(tmp_path):
    names = [
        {"cat-face", "tiger-face", "fog", "hut", "Hut", "waving-hand-dark-skin-tone"},
        {"cat-face", "tiger_face", "Fog", "hut", "waving-hand-dark-skin-tone"},
        {"cat-face", "tiger-face", "fog", "waving-hand-dark-skin-tone"},
    ]
    for number, icons in enumerate(names):
        (tmp_path / str(number)).mkdir()
        document = {"prefix": f"set{number}", "icons": {name: {"body": CIRCLE} for name in icons}}
        (tmp_path / str(number) / "icons.json").write_text(json.dumps(document))
    icons = read_icons(tmp_path, ["cat"])
    assert icons.classes == ("cat", "fog", "tiger face")
    assert len(icons.icons) == 9
    assert icons.without(["tiger"]).classes == ("cat", "fog")


def test_hidden_things_are_left_out(files):
    assert files.without(["motorcycle"]).doodles.classes == ("ambulance", "rainbow")
    assert files.without(["motorcycle"]).icons.classes == ("cat", "rainbow")


def test_the_files_of_some_classes_are_found_under_all_names_of_their_things(files):
    chosen = files.of(["motorbike", "sitting cat"])
    assert chosen.doodles.classes == ("motorbike",)
    assert chosen.icons.classes == ("motorbike",)
    assert files.of(["motorcycle"]).doodles.classes == ("motorbike",)
    assert (chosen.doodles_per_class, chosen.variants) == (2, 3)


def test_the_fingerprint_depends_on_the_files(files):
    others = [files.without(["cat"]), files.without(["rainbow"]), FurtherFiles(files.doodles), FurtherFiles()]
    assert len({each.fingerprint for each in (files, *others)}) == 5
    assert files.fingerprint == files.without([]).fingerprint


def test_targets_are_the_things_imagenet_classes():
    targets = class_targets(["ambulance", "rainbow", "cat"])
    assert float(targets[0, 407]) == pytest.approx(CONFIDENCE, abs=1e-3)
    assert float(targets[1].sum()) == 0
    assert targets[2].topk(5).indices.sort().values.tolist() == [281, 282, 283, 284, 285]
    torch.testing.assert_close(targets[[0, 2]].sum(1), torch.ones(2))


def test_the_colours_of_icons_vary(files):
    pictures = [picture.tobytes() for picture, label in files.icons.pictures(3, 0) if label == "cat"]
    assert len(set(pictures)) == 3
    assert pictures == [each.tobytes() for each, label in files.icons.pictures(3, 0) if label == "cat"]


@pytest.mark.parametrize("text", ["", "[]", '{"icons": {"cat": {}}, "prefix": "a"}', '{"prefix": "a"}'])
def test_damaged_icon_sets_are_refused(tmp_path, text):
    (tmp_path / "icons.json").write_text(text)
    with pytest.raises(DataError, match="cannot be read as an icon set"):
        read_icons(tmp_path, ["cat"])


def test_a_folder_without_icons_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"looked for icons\.json"):
        read_icons(tmp_path, ["cat"])
