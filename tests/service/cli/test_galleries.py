"""`iiae galleries`: the list, damaged galleries included, and deleting."""

import io
import json
import sqlite3
import time

from command_line import Terminal, iiae
from serving import png, publish_sketch


def test_galleries_are_listed_and_deleted(home, tmp_path):
    damaged = home / "galleries" / "a-damaged"
    damaged.mkdir(parents=True)
    (damaged / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    (tmp_path / "1.png").write_bytes(png(1))
    assert iiae("index", tmp_path, "--gallery", "b-sound", "--model", "drawn", home=home).status == 0
    done = iiae("galleries", home=home)
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert done.status == 0, done.stderr
    assert "drawn" in rows["b-sound"]
    assert "cannot be read" in rows["a-damaged"]
    for name in ("a-damaged", "b-sound"):
        assert iiae("galleries", "delete", name, "--yes", home=home).stdout == f"deleted {name}\n"
        assert not (home / "galleries" / name).exists()
    assert (tmp_path / "1.png").exists()


def test_a_locked_gallery_is_listed_with_its_reason(home, tmp_path):
    (tmp_path / "1.png").write_bytes(png(1))
    for name in ("a-locked", "b-sound"):
        assert iiae("index", tmp_path, "--gallery", name, "--model", "drawn", home=home).status == 0
    database = home / "galleries" / "a-locked" / "gallery.sqlite"
    lock = sqlite3.connect(database, isolation_level=None)
    try:
        lock.execute("PRAGMA locking_mode=EXCLUSIVE")
        lock.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        done = iiae("galleries", home=home)
        assert time.monotonic() - began < 10  # other commands wait for up to 30 s
    finally:
        lock.close()
    assert done.status == 0 and "b-sound" in done.stdout
    assert "is locked by another process" in " ".join(done.stdout.split())
    for name in ("a-locked", "b-sound"):
        assert iiae("galleries", "delete", name, "--yes", home=home).status == 0


def test_json_has_every_gallery_and_what_is_wrong(home, tmp_path):
    assert json.loads(iiae("galleries", "--json", home=tmp_path).stdout) == []
    assert "iiae index" in iiae("galleries", home=tmp_path).stdout
    (tmp_path / "1.png").write_bytes(png(1))
    assert iiae("index", tmp_path, "--gallery", "sound", "--model", "drawn", home=home).status == 0
    damaged = home / "galleries" / "damaged"
    damaged.mkdir()
    (damaged / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    found = {each["name"]: each for each in json.loads(iiae("galleries", "--json", home=home).stdout)}
    assert (found["sound"]["photos"], found["sound"]["index"], found["sound"]["error"]) == (1, "flat", None)
    assert "cannot be read" in found["damaged"]["error"]
    for name in ("damaged", "sound"):  # other tests use this home too
        assert iiae("galleries", "delete", name, "--yes", home=home).status == 0


def test_deleting_asks_first(home, tmp_path, monkeypatch):
    (tmp_path / "1.png").write_bytes(png(1))
    assert iiae("index", tmp_path, "--gallery", "g", "--model", "drawn", home=home).status == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    unasked = iiae("galleries", "delete", "g", home=home)
    assert unasked.status == 2 and "add --yes" in unasked.stderr
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert iiae("galleries", "delete", "g", home=home).status == 1
    assert (home / "galleries" / "g").exists()
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    done = iiae("galleries", "delete", "g", home=home)
    assert done.status == 0 and "Delete the gallery g with 1 photos?" in done.stdout
    assert not (home / "galleries" / "g").exists()


def test_the_default_gallery_is_searched_and_forgotten_when_it_is_deleted(tmp_path):
    home, folder = tmp_path / "home", tmp_path / "photos"
    publish_sketch(home)
    folder.mkdir()
    (folder / "1.png").write_bytes(png(1))
    for name in ("a-first", "b-second"):
        assert iiae("index", folder, "--gallery", name, "--model", "drawn", home=home).status == 0

    def searched() -> str:
        return iiae("search", folder / "1.png", home=home).stdout

    assert "in a-first" in searched()
    chosen = iiae("galleries", "default", "b-second", home=home)
    assert chosen.stdout == "b-second is the default for retrieve, sbir\n", chosen.stderr
    assert "in b-second" in searched()
    assert "default for retrieve, sbir: b-second" in iiae("galleries", home=home).stdout
    assert iiae("galleries", "delete", "b-second", "--yes", home=home).status == 0
    assert "in a-first" in searched()


def test_the_folders_that_a_gallery_follows_are_named(home, tmp_path):
    folders = [tmp_path / "[red] cats", tmp_path / ("long " * 20 + "name")]
    for number, folder in enumerate(folders):
        folder.mkdir()
        (folder / "1.png").write_bytes(png(number))
        assert iiae("index", folder, "--gallery", "two", "--model", "drawn", home=home).status == 0
    told = iiae("galleries", home=home).stdout.splitlines()
    assert [line for line in told if line.startswith("folder of two: ")] == [
        f"folder of two: {each}" for each in folders
    ]
    [listed] = [
        each for each in json.loads(iiae("galleries", "--json", home=home).stdout) if each["name"] == "two"
    ]
    assert listed["folders"] == [str(each) for each in folders]
    assert iiae("sync", "two", "--forget", folders[0], home=home).status == 0
    assert "cats" not in iiae("galleries", home=home).stdout
    assert iiae("galleries", "delete", "two", "--yes", home=home).status == 0
