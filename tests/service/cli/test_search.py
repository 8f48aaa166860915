"""`iiae search`: the same gallery, hits and scores as the service."""

import json

import pytest
from command_line import iiae
from serving import png, publish_sketch

from service.galleries.collection import Galleries


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.png").write_bytes(png(number))
    return folder


def hits(*words, home) -> list[dict]:
    done = iiae("search", *words, "--json", home=home)
    assert done.status == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("model", "words", "expand"),
    [
        ("drawn", (), True),
        ("calibrated", (), True),
        ("calibrated", (), False),
        ("knowing", ("--drawn",), False),
    ],
)
def test_hits_and_scores_equal_the_services(home, client, photos, model, words, expand):
    name = f"searched-{model}"
    assert iiae("index", photos, "--gallery", name, "--model", model, *words, home=home).status == 0
    option = "--expand" if expand else "--no-expand"
    found = hits(photos / "2.png", "--gallery", name, option, home=home)
    data = {"gallery": name, "expand": str(expand).lower()}
    answer = client.post("/sbir/search", files={"sketch": png(2)}, data=data).json()
    assert [hit["id"] for hit in found] == [hit["id"] for hit in answer["hits"]]
    assert [hit["score"] for hit in found] == pytest.approx(
        [hit["score"] for hit in answer["hits"]], abs=2e-3
    )
    assert [hit["grade"] for hit in found] == [hit["grade"] for hit in answer["hits"]]
    assert (found[0]["grade"] is None) == (model != "calibrated")
    assert found[0]["file"].startswith(str(photos))
    Galleries(home / "galleries").delete(name)


def test_the_gallery_decides_whether_a_query_is_expanded(home, photos):
    for name, words in (("expands", ()), ("plain", ("--no-expand",))):
        assert iiae("index", photos, "--gallery", name, "--model", "drawn", *words, home=home).status == 0
    found = {
        (name, words): [hit["score"] for hit in hits(photos / "2.png", "--gallery", name, *words, home=home)]
        for name in ("expands", "plain")
        for words in ((), ("--expand",), ("--no-expand",))
    }
    assert found["expands", ()] == found["expands", ("--expand",)] == found["plain", ("--expand",)]
    assert found["plain", ()] == found["plain", ("--no-expand",)] == found["expands", ("--no-expand",)]
    assert found["plain", ()] != found["expands", ()]
    for name in ("expands", "plain"):
        Galleries(home / "galleries").delete(name)


def test_a_table_is_printed_by_default(home, photos):
    assert iiae("index", photos, "--gallery", "searched", "--model", "drawn", home=home).status == 0
    done = iiae("search", photos / "2.png", "--gallery", "searched", "--k", "2", home=home)
    assert "2.png in searched" in done.stdout
    assert done.stdout.count(str(photos)) == 2
    Galleries(home / "galleries").delete("searched")


@pytest.fixture
def sure(home, photos):
    assert iiae("index", photos, "--gallery", "sure", "--model", "calibrated", home=home).status == 0
    yield "sure"
    Galleries(home / "galleries").delete("sure")


def test_min_score_leaves_out_lower_scores(home, photos, sure):
    found = hits(photos / "2.png", "--gallery", sure, home=home)
    second = found[1]["score"]
    assert hits(photos / "2.png", "--gallery", sure, "--min-score", second, home=home) == found[:2]
    assert hits(photos / "2.png", "--gallery", sure, "--min-score", 1, home=home) == []


def test_the_table_has_the_grade_of_each_hit(home, photos, sure):
    done = iiae("search", photos / "2.png", "--gallery", sure, home=home)
    found = hits(photos / "2.png", "--gallery", sure, home=home)
    rows = [line for line in done.stdout.splitlines() if str(photos)[:20] in line]
    assert len(rows) == len(found)
    for row, hit in zip(rows, found, strict=True):
        assert f"{hit['score']:.3f}" in row
        assert hit["grade"] in row


def test_a_search_that_finds_nothing_is_a_sentence(home, photos, sure):
    done = iiae("search", photos / "2.png", "--gallery", sure, "--min-score", "1", home=home)
    assert (done.status, done.stdout) == (0, "nothing in sure looks like 2.png\n")


@pytest.mark.parametrize("value", ["nan", "inf", "1.01", "-1.01", "strong"])
def test_a_min_score_that_no_score_can_be_is_refused(home, photos, value):
    done = iiae("search", photos / "2.png", "--min-score", value, home=home)
    assert (done.status, done.stdout) == (2, "")
    assert "--min-score" in done.stderr


def test_without_a_name_the_first_gallery_of_a_present_checkpoint_is_searched(tmp_path, photos):
    home = tmp_path / "home"
    damaged = home / "galleries" / "a-damaged"
    damaged.mkdir(parents=True)
    (damaged / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    done = iiae("search", photos / "1.png", home=home)
    assert (done.status, "there is no gallery to search" in done.stderr) == (2, True)
    publish_sketch(home)
    assert iiae("index", photos, "--gallery", "b-outdated", "--model", "drawn", home=home).status == 0
    publish_sketch(home, seed=1)
    done = iiae("search", photos / "1.png", home=home)
    assert (done.status, "b-outdated; re-embed" in done.stderr) == (2, True)
    assert iiae("index", photos, "--gallery", "c-present", "--model", "drawn", home=home).status == 0
    done = iiae("search", photos / "1.png", home=home)
    assert (done.status, "in c-present" in done.stdout) == (0, True)


def test_damaged_and_outdated_galleries_are_refused_by_name(tmp_path, photos):
    home = tmp_path / "home"
    publish_sketch(home)
    assert iiae("index", photos, "--gallery", "g", "--model", "drawn", home=home).status == 0
    publish_sketch(home, seed=1)
    done = iiae("search", photos / "1.png", "--gallery", "g", home=home)
    assert (done.status, "run `iiae reindex g`" in done.stderr) == (2, True)
    (home / "galleries" / "g" / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    done = iiae("search", photos / "1.png", "--gallery", "g", home=home)
    assert (done.status, "cannot be read" in done.stderr) == (2, True)


def test_an_empty_sketch_is_a_sentence_and_status_2(home, photos, tmp_path):
    from PIL import Image

    Image.new("RGB", (64, 64), "white").save(tmp_path / "empty.png")
    assert iiae("index", photos, "--gallery", "strokes", "--model", "strokes", home=home).status == 0
    done = iiae("search", tmp_path / "empty.png", "--gallery", "strokes", home=home)
    assert (done.status, "no ink" in done.stderr) == (2, True)
    Galleries(home / "galleries").delete("strokes")


def test_several_sketches_a_photo_and_conditions_are_as_in_the_service(home, client, photos):
    (photos / "red").mkdir()
    for number in (2, 3, 4):
        (photos / f"{number}.png").rename(photos / "red" / f"{number}.png")
    index = ("--gallery", "combined", "--model", "calibrated")
    assert iiae("index", photos, *index, home=home).status == 0
    sketches = [photos / "1.png", photos / "red" / "3.png"]
    options = ("--label", "red", "--folder", "red", "--offset", "1", "--k", "2")
    found = hits(*sketches, "--photo", photos / "red" / "4.png", "--gallery", "combined", *options, home=home)
    files = [("sketch", ("1.png", png(1))), ("sketch", ("3.png", png(3))), ("photo", ("4.png", png(4)))]
    data = {"gallery": "combined", "label": "red", "folder": "red", "offset": "1", "k": "2"}
    answer = client.post("/sbir/search", files=files, data=data).json()
    assert len(found) == 2 and {hit["label"] for hit in found} == {"red"}
    assert [hit["id"] for hit in found] == [hit["id"] for hit in answer["hits"]]
    expected = [hit["score"] for hit in answer["hits"]]
    assert [hit["score"] for hit in found] == pytest.approx(expected, abs=2e-3)
    table = iiae("search", *sketches, "--gallery", "combined", "--offset", "3", home=home).stdout
    assert "2 sketches in combined" in table and " 4 " in table
    Galleries(home / "galleries").delete("combined")


def test_more_sketches_than_the_service_takes_are_refused(home, photos):
    refused = iiae("search", *([photos / "1.png"] * 9), home=home)
    assert refused.status == 2 and "at most 8" in " ".join(refused.stderr.split())
