"""The estimates of memory hold for real processes, and are not much too large."""

import subprocess
import sys
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from benchmarks.peak_memory import pictures
from model.images.decode import decode, decoded
from model.images.errors import PictureTooLarge
from model.images.formats import MAX_PIXELS
from model.images.peak import PREPARING, coefficient_bytes

SIDE = 2500
DECODE = """
import sys
from contextlib import nullcontext
from io import BytesIO
from PIL import Image
from model.images.decode import decoded

def memory(which):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(which))

def reserve(size):
    print(size)
    return nullcontext()

data = sys.stdin.buffer.read()
for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):  # loads the plugins
    out = BytesIO()
    Image.new("L", (8, 8)).save(out, kind)
    with decoded(out.getvalue(), max_pixels=64):
        pass
before = memory("VmRSS")
smallest = int(sys.argv[1]) or None
with decoded(data, max_pixels=40_000_000, smallest=smallest, reserve=reserve):
    print(memory("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("smallest", [0, 96])
@pytest.mark.parametrize("name", list(pictures(SIDE)))
def test_estimates_hold(name, smallest):
    data = pictures(SIDE)[name](0)
    ran = subprocess.run(
        [sys.executable, "-c", DECODE, str(smallest)], input=data, capture_output=True, check=True
    )
    estimate, peak = map(int, ran.stdout.split())
    assert peak <= estimate
    assert estimate - PREPARING - len(data) < 3 * peak + 5_000_000


def test_a_waiting_webp_takes_no_memory(monkeypatch):
    opened: list[int] = []
    monkeypatch.setattr("model.images.decode.open_picture", lambda *_: opened.append(1))

    def reserve(size: int) -> None:
        raise TimeoutError(size)

    with (
        pytest.raises(TimeoutError),
        decoded(pictures(SIDE)["blank-webp"](0), max_pixels=40_000_000, reserve=reserve),
    ):
        pass
    assert not opened


def test_coefficients_follow_the_sampling():
    assert coefficient_bytes(10, 10, [4, 1, 1]) == 300  # 4:2:0
    assert coefficient_bytes(10, 10, [1, 1, 1]) == 600  # 4:4:4
    assert coefficient_bytes(10, 10, []) == 0


def test_pictures_that_take_more_memory_must_be_smaller():
    out = BytesIO()
    pillow_heif.from_pillow(Image.new("RGBA", (3000, 2000))).save(out, quality=50)
    with pytest.raises(PictureTooLarge, match=r"too much memory.*without transparency"):
        decode(out.getvalue(), max_pixels=6_000_000)
    assert decode(out.getvalue(), max_pixels=8_000_000).picture.size == (3000, 2000)


def test_a_phones_picture_of_50_megapixels_takes_little_memory():
    out = BytesIO()
    Image.new("RGB", (8192, 6144), "teal").save(out, "JPEG")
    reserved: list[int] = []
    with decoded(
        out.getvalue(),
        max_pixels=MAX_PIXELS,
        smallest=768,
        reserve=lambda size: reserved.append(size) or nullcontext(),
    ) as image:
        assert image.header.size == (8192, 6144)
        assert image.picture.size == (1024, 768)
    assert reserved[0] < 64_000_000  # 200 MB without the reduction of its decoder
