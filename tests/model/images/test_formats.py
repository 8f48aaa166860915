"""Files are recognised by their first bytes, whatever their names are."""

import os

import pytest
from picture_files import NOISE, saved

from model.images.formats import START, SUFFIXES, is_picture, sniff, unsupported_kind

KINDS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"]


@pytest.mark.parametrize("kind", KINDS)
def test_real_files_are_recognised(kind):
    assert sniff(saved(NOISE, kind)[:START]) == kind


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        (b"mif1\0\0\0\0mif1heic", "HEIF"),
        (b"mif1\0\0\0\0mif1avif", "AVIF"),
        (b"avis\0\0\0\0msf1", "AVIF"),
        (b"hevc\0\0\0\0", "HEIF"),
        (b"isom\0\0\0\0heicavif", None),
        (b"qt  \0\0\0\0", None),
    ],
)
def test_iso_media_files_are_recognised_by_their_brands(brands, kind):
    assert sniff((8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands) == kind


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\xef\xbb\xbf  <svg", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypmp42", "a video"),
        (b"\0\0\0\x18ftypcrx ", "a camera's raw file"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"anything", None),
    ],
)
def test_other_formats_are_named(data, name):
    assert sniff(data) is None
    assert unsupported_kind(data) == name


def test_a_file_is_a_picture_by_its_suffix_or_its_first_bytes(tmp_path):
    contents = {
        "no suffix": saved(NOISE, "JPEG"),
        "photo.dat": saved(NOISE, "HEIF"),
        "damaged.JFIF": b"",
        "notes.txt": b"BMW, II*, and other words",
        "empty": b"",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    os.mkfifo(tmp_path / "pipe")
    assert {path.name for path in tmp_path.iterdir() if is_picture(path)} == {
        "no suffix",
        "photo.dat",
        "damaged.JFIF",
    }


def test_suffixes_are_in_lower_case():
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in SUFFIXES)
