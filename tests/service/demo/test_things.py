"""The demo's pictures: complete, readable, named, and copied once."""

import json

from PIL import Image

from service.demo.things import CREDIT, SETS, SHIPPED, copy_things


def test_every_thing_has_a_picture_of_each_set_and_a_name(tmp_path):
    files = copy_things(tmp_path)
    names = json.loads((SHIPPED / "things.json").read_text())
    assert len(files) == len(SETS) * len(names) > 1_000
    for kind in SETS:
        assert {path.stem for path in (SHIPPED / kind).glob("*.webp")} == set(names)
    by_code = {(file.path.parent.name, file.path.stem): file for file in files}
    assert by_code["fluent", "1F408"].label == "cat"
    assert by_code["openmoji", "1F408"].metadata == {"emoji": "🐈", "set": "openmoji"}
    for file in files[::20]:
        with Image.open(file.path) as picture:
            assert picture.format == "WEBP" and picture.size == (256, 256)


def test_copies_are_made_once_and_stay(tmp_path):
    first = copy_things(tmp_path)[0].path
    first.write_bytes(b"mine")
    assert copy_things(tmp_path)[0].path.read_bytes() == b"mine"
    assert not list(tmp_path.rglob("*.part"))


def test_the_credit_names_the_licences_of_the_folder():
    text = (SHIPPED / "LICENSES.md").read_text()
    assert "MIT" in CREDIT and "CC BY-SA 4.0" in CREDIT
    assert "Microsoft" in text and "creativecommons.org/licenses/by-sa/4.0" in text
