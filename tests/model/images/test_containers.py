"""Stripped files have the same pixels, and files with too many parts are refused."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageSequence
from PIL.PngImagePlugin import PngInfo

from model.images.containers import MAX_PARTS, MAX_SCANS, strip_metadata
from model.images.errors import PictureUnreadable

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def with_chunks(png: bytes, chunks: bytes) -> bytes:
    return png[:33] + chunks + png[33:]


def with_segments(jpeg: bytes, segments: bytes) -> bytes:
    return jpeg[:2] + segments + jpeg[2:]


def with_blocks(gif: bytes, blocks: bytes) -> bytes:
    first = 13 + (3 << (gif[10] & 7) + 1 if gif[10] & 0x80 else 0)
    return gif[:first] + blocks + gif[first:]


def with_scans(jpeg: bytes, count: int) -> bytes:
    """Repeat the last scan of a progressive JPEG."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * count + jpeg[-2:]


FRAMES = [NOISE, NOISE.rotate(180)]
FILES = {
    "png": saved(NOISE, "PNG", icc_profile=b"a profile", dpi=(72, 72)),
    "png, many chunks": with_chunks(saved(NOISE, "PNG"), chunk(b"IDAT", b"") * 1000),
    "png, animated": saved(NOISE, "PNG", save_all=True, append_images=FRAMES[1:]),
    "png, palette": saved(NOISE.quantize(16), "PNG", transparency=3),
    "jpeg": saved(NOISE, "JPEG", icc_profile=b"a profile", comment="a comment"),
    "jpeg, progressive": saved(NOISE, "JPEG", progressive=True),
    "jpeg, restarts": saved(NOISE, "JPEG", restart_marker_blocks=1),
    "jpeg, adobe's colours": saved(NOISE, "JPEG")[:2]
    + jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
    + saved(NOISE, "JPEG")[20:],  # without the JFIF segment
    "jpeg, cmyk": saved(NOISE.convert("CMYK"), "JPEG"),
    "jpeg, several pictures": saved(NOISE, "MPO", save_all=True, append_images=FRAMES[1:]),
    "webp": saved(NOISE, "WEBP", exif=Image.Exif()),
    "gif": saved(NOISE, "GIF", comment=b"a comment"),
    "gif, animated": saved(NOISE, "GIF", save_all=True, append_images=FRAMES[1:], loop=0),
    "gif, transparent": saved(NOISE.quantize(16), "GIF", transparency=3, comment=b"a comment"),
    "bmp": saved(NOISE, "BMP"),
    "text": b"this is a text",
    "nothing": b"",
}


@pytest.mark.parametrize("name", [name for name in FILES if name not in {"text", "nothing"}])
def test_pixels_do_not_change(name):
    original, stripped = opened(FILES[name]), opened(strip_metadata(FILES[name]).data)
    assert np.array_equal(np.asarray(original.convert("RGBA")), np.asarray(stripped.convert("RGBA")))
    assert len(strip_metadata(FILES[name]).data) <= len(FILES[name])


@pytest.mark.parametrize("name", FILES)
def test_truncated_files_are_passed_on_to_the_decoder(name):
    for length in range(0, len(FILES[name]), 1 + len(FILES[name]) // 300):
        assert len(strip_metadata(FILES[name][:length]).data) <= length + 1


def test_png_text_is_removed():
    text = PngInfo()
    # Pillow mixes these with its own entries of `info`.
    for key in ("transparency", "interlace", "bbox", "exif", "Comment"):
        text.add_text(key, "1")
    assert opened(strip_metadata(saved(NOISE, "PNG", pnginfo=text)).data).info == {}


def test_only_the_first_picture_of_a_jpeg_stays():
    stripped = opened(strip_metadata(FILES["jpeg, several pictures"]).data)
    assert stripped.format == "JPEG"
    assert len(list(ImageSequence.Iterator(stripped))) == 1


APPENDED = {
    "jpeg, progressive": b"\xff\xda\0\x02" * MAX_PARTS,
    "jpeg, restarts": b"\xff\xda\0\x02" * MAX_PARTS,
    "png, palette": chunk(b"fiLm", b"") * MAX_PARTS,
}


@pytest.mark.parametrize("name", APPENDED)
def test_data_after_the_picture_is_removed(name):
    assert strip_metadata(FILES[name] + APPENDED[name]) == strip_metadata(FILES[name])


FLOODS = {
    "png chunks": with_chunks(saved(NOISE, "PNG"), chunk(b"abCd", b"") * MAX_PARTS),
    "png pixels in empty chunks": with_chunks(saved(NOISE, "PNG"), chunk(b"IDAT", b"") * MAX_PARTS),
    "jpeg comments": with_segments(saved(NOISE, "JPEG"), jpeg_segment(0xFE, b"") * MAX_PARTS),
    "jpeg scans": with_scans(saved(NOISE, "JPEG", progressive=True), MAX_SCANS),
    "gif comments": with_blocks(saved(NOISE, "GIF"), b"!\xfe\1a\0" * MAX_PARTS),
    "gif comment of small blocks": with_blocks(saved(NOISE, "GIF"), b"!\xfe" + b"\1a" * MAX_PARTS + b"\0"),
    "gif, empty extension that hides a comment": with_blocks(
        saved(NOISE, "GIF"), b"!\1\0" + b"!\xfe" + b"\1a" * MAX_PARTS + b"\0"
    ),
    "gif of no blocks": with_blocks(saved(NOISE, "GIF"), b"\0" * MAX_PARTS),
    "webp chunks": saved(NOISE, "WEBP") + b"abCd\0\0\0\0" * MAX_PARTS,
}


@pytest.mark.parametrize("name", FLOODS)
def test_files_with_too_many_parts_are_refused(name):
    with pytest.raises(PictureUnreadable, match="more than"):
        strip_metadata(FLOODS[name])


def test_many_scans_are_accepted_and_many_comments_removed():
    drawing = saved(NOISE.quantize(16), "GIF", transparency=3)
    assert strip_metadata(with_blocks(drawing, b"!\xfe\3abc\1d\0" * 1000)).data == drawing
    photo = saved(NOISE, "JPEG", progressive=True)
    assert strip_metadata(with_scans(photo, MAX_SCANS // 2)).data == with_scans(photo, MAX_SCANS // 2)
    assert strip_metadata(with_segments(photo, jpeg_segment(0xE1, b"x" * 1000) * 1000)) == strip_metadata(
        photo
    )
    picture = saved(NOISE, "PNG")
    inflated = chunk(
        b"zTXt", b"\0\0" + zlib.compress(b"\0" * 1_000_000)
    )  # 1,000 of them took seconds to decode
    assert strip_metadata(with_chunks(picture, inflated * 1000)).data == picture


def test_comments_nested_in_a_segment_are_removed():
    photo = saved(NOISE, "JPEG")
    assert strip_metadata(
        with_segments(photo, jpeg_segment(0xF0, jpeg_segment(0xFE, b"") * 10_000))
    ) == strip_metadata(photo)
    comments = jpeg_segment(0xDB, jpeg_segment(0xFE, b"") * 10_000)
    assert strip_metadata(with_segments(photo, b"\xff\xdb\0\0" + comments)).data == with_segments(
        photo, b"\xff\xdb\0\0" + comments
    )


# EXIF orientation


def exif(*entries: tuple[int, int, int, bytes], order: str = ">") -> bytes:
    head = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(f"{order}LH", 8, len(entries))
    return (
        b"Exif\0\0"
        + head
        + b"".join(struct.pack(f"{order}HHL", *entry[:3]) + entry[3] for entry in entries)
        + b"\0" * 4
    )


ORIENTATIONS = {
    "sideways": (exif((0x0112, 3, 1, b"\0\6\0\0")), 6),
    "sideways, little-endian": (
        exif((0x010F, 2, 2, b"a\0\0\0"), (0x0112, 3, 1, b"\6\0\0\0"), order="<"),
        6,
    ),
    "sideways, an invalid pointer": (
        exif((0x0112, 3, 1, b"\0\6\0\0"), (0x8769, 2, 2, b"a\0\0\0")),
        6,
    ),
    "sideways, a width of the wrong type": (exif((0x0100, 2, 2, b"a\0\0\0"), (0x0112, 3, 1, b"\0\6\0\0")), 6),
    "sideways, truncated after it": (exif((0x0112, 3, 1, b"\0\6\0\0"), (0x0100, 3, 1, b"\0\1\0\0"))[:30], 6),
    "wrong type": (exif((0x0112, 2, 2, b"6\0\0\0")), 1),
    "value out of range": (exif((0x0112, 3, 1, b"\0\x09\0\0")), 1),
    "empty": (b"Exif\0\0", 1),
    "junk": (b"Exif\0\0" + b"\x9a" * 100, 1),
    "a directory beyond the end": (b"Exif\0\0MM\0*\xff\xff\xff\xff", 1),
    "truncated": (exif((0x0112, 3, 1, b"\0\6\0\0"))[:20], 1),
}


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_orientation_is_read_or_defaults_to_upright(name):
    block, orientation = ORIENTATIONS[name]
    assert (
        strip_metadata(with_segments(saved(NOISE, "JPEG"), jpeg_segment(0xE1, block))).orientation
        == orientation
    )
    assert (
        strip_metadata(
            with_chunks(saved(NOISE, "PNG"), chunk(b"eXIf", block.removeprefix(b"Exif\0\0")))
        ).orientation
        == orientation
    )
    assert strip_metadata(saved(NOISE, "WEBP", exif=block, icc_profile=b"odd")).orientation == orientation
