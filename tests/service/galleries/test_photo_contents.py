"""A photo's header, thumbnail and pixels come from one decoding."""

from io import BytesIO
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from serving import png

from service.errors import ImageUnreadable
from service.galleries import photo_contents
from service.galleries.photo_contents import read_contents

INFERENCE = SimpleNamespace(
    prepare=lambda picture, side: torch.zeros(3, *picture.size),
    smallest_side=lambda side: 96,
    takes_drawings=lambda side: False,
)


def test_everything_is_read_from_one_decoding(monkeypatch):
    decoded, decodings = photo_contents.decoded, []

    def counted(data, **options):
        decodings.append(data)
        return decoded(data, **options)

    monkeypatch.setattr(photo_contents, "decoded", counted)
    contents = read_contents(png(1), INFERENCE, "x", max_pixels=10_000)
    assert len(decodings) == 1
    assert (contents.header.content_type, contents.header.width, contents.header.height) == (
        "image/png",
        40,
        40,
    )
    assert Image.open(BytesIO(contents.thumbnail)).format == "WEBP"
    assert contents.pixels.shape == (3, 40, 40)


def test_a_broken_file_is_refused():
    with pytest.raises(ImageUnreadable):
        read_contents(b"broken", INFERENCE, "x", max_pixels=10_000)
