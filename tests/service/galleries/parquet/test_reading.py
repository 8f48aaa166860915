"""Files that are damaged, of something else, or made to do harm: one sentence, and nothing imported."""

import hashlib
import json
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gallery_files import DIM, MAX_PIXELS, exported, gallery_of, imported, photo, rewritten, webp
from gallery_photos import embedding

from model.sealed_json import seal
from service.galleries.collection import Galleries
from service.galleries.parquet.reading import GalleryFile
from service.galleries.parquet.refused import GalleryFileRefused

DATA = webp(200)


@pytest.fixture
def whole(tmp_path):
    """A file with three photos, the second with its original."""
    sha256 = hashlib.sha256(DATA).hexdigest()
    gallery = gallery_of(
        tmp_path / "a",
        photo(1, label="a"),
        photo(2, sha256=sha256, data=DATA, source=None, content_type="image/webp"),
        photo(3, metadata={"n": 3}),
    )
    return exported(gallery, tmp_path / "g.parquet", photos=True)[0]


def read(path) -> list[object]:
    with GalleryFile(path, max_pixels=MAX_PIXELS) as file:
        return [
            (each.photo, each.fault, each.thumbnail, each.original, each.embedding.tobytes())
            for each in file.photos()
        ]


def refusal(path, tmp_path) -> str:
    """Why a file is refused. It leaves nothing in the folder of the galleries."""
    root = tmp_path / "refused"
    made_by = Galleries(tmp_path / "a").open("g").spec
    with pytest.raises(GalleryFileRefused) as refused:
        imported(path, root, made_by)
    assert not root.exists() or list(root.iterdir()) == []
    return str(refused.value)


def with_header(path, **changes):
    """The same file with another header, sealed."""
    table = pq.read_table(path)
    header = json.loads(table.schema.metadata[b"iiae"]) | changes
    changed = path.with_name("header.parquet")
    pq.write_table(table.replace_schema_metadata({b"iiae": json.dumps(seal(header)).encode()}), changed)
    return changed


def test_a_file_that_another_program_has_rewritten_is_read(whole):
    assert read(rewritten(whole, label=["b", None, "c"]))[2][0].label == "c"
    assert [each[0].label for each in read(whole)] == ["a", None, None]


def test_no_changed_bit_gives_another_gallery(whole, tmp_path):
    data, expected = whole.read_bytes(), read(whole)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    drawn = random.Random(4)
    changed = tmp_path / "changed.parquet"
    refused = 0
    for number in range(300):
        at = drawn.randrange(footer if number % 2 else 0, len(data))
        damaged = bytearray(data)
        damaged[at] ^= 1 << drawn.randrange(8)
        changed.write_bytes(damaged)
        try:
            assert read(changed) == expected, at  # some bytes of the end have no meaning for us
        except GalleryFileRefused:
            refused += 1
    assert refused > 150


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_cut_file_is_refused(whole, tmp_path, share):
    data = whole.read_bytes()
    whole.write_bytes(data[: int(share * len(data))])
    assert "not a Parquet file" in refusal(whole, tmp_path)


def test_other_files_are_refused(tmp_path):
    gallery_of(tmp_path / "a")
    path = tmp_path / "other"
    path.write_bytes(b"PK\3\4" * 100)
    assert "not a Parquet file" in refusal(path, tmp_path)
    pq.write_table(pa.table({"url": ["a"], "caption": ["b"]}), path)
    assert "no metadata of a gallery" in refusal(path, tmp_path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 2}, "its format is 2, and this version reads 1"),
        ({"dim": 0}, "its metadata is damaged (dim: "),
        ({"dim": DIM + 1}, "the column embedding has the type"),
        ({"model": "../../x"}, "its metadata is damaged (model: "),
        ({"digest": "\x1b[31m"}, "its metadata is damaged (digest: "),
        ({"last_id": 2**60}, "its metadata is damaged (last_id: "),
        ({"distance": "l2"}, "are compared by l2"),
    ],
)
def test_a_header_is_checked(whole, tmp_path, changes, reason):
    assert reason in refusal(with_header(whole, **changes), tmp_path)


def test_an_edited_header_without_its_checksum_is_refused(whole, tmp_path):
    table = pq.read_table(whole)
    text = table.schema.metadata[b"iiae"].replace(b'"last_id": 3', b'"last_id": 4')
    pq.write_table(table.replace_schema_metadata({b"iiae": text}), whole)
    assert "does not match its checksum" in refusal(whole, tmp_path)


def test_columns_are_checked(whole, tmp_path):
    table = pq.read_table(whole)
    changed = tmp_path / "columns.parquet"
    pq.write_table(table.drop_columns(["label", "photo"]), changed)
    assert refusal(changed, tmp_path) == "it has no column label, photo"
    pq.write_table(table.append_column("price", pa.array([1, 2, 3])), changed)
    assert "columns that galleries do not have: price" in refusal(changed, tmp_path)
    wide = table.set_column(0, "id", pa.array([1.0, 2.0, 3.0]))
    pq.write_table(wide, changed)
    assert refusal(changed, tmp_path) == "the column id has the type double instead of int64"


NAN, HUGE = [*embedding(1)[:-1], np.nan], [*embedding(1)[:-1], np.inf]
LARGE = webp(1, side=600)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("id", 0, "its id 0 is not between"),
        ("id", 2**62, "is not between"),
        ("id", None, "its id is missing"),
        ("id", 1, "an earlier row has its id 1"),
        ("sha256", f"{1:064x}", "or its sha256, too"),
        ("sha256", "../../../../etc/passwd", "its sha256 is not"),
        ("sha256", "A" * 64, "its sha256 is not"),
        ("sha256", f"{7:064x}\n", "its sha256 is not"),
        ("label", "x" * 10_001, "its label has more than"),
        ("image_path", "/" * 10_001, "its image_path has more than"),
        ("metadata", "[1]", "its metadata is not a JSON object"),
        ("metadata", "{", "its metadata is not a JSON object"),
        ("metadata", '{"a": NaN}', "its metadata is not a JSON object"),
        ("metadata", '{"a": 1e999}', "its metadata is not a JSON object"),
        ("metadata", '{"a":' * 5000 + "1" + "}" * 5000, "its metadata is not a JSON object"),
        ("metadata", json.dumps({"a": "x" * 1_000_000}), "its metadata is not a JSON object, or too long"),
        ("content_type", "text/html", "its content_type 'text/html' is not"),
        ("content_type", "image/svg+xml", "is not that of a picture"),
        ("width", 0, "its size is 0 x 4"),
        ("height", -4, "its size is"),
        ("width", MAX_PIXELS, "--max-pixels is 1,000,000"),
        ("thumbnail", b"<html>", "its thumbnail is not a WebP"),
        ("thumbnail", b"", "its thumbnail is not a WebP"),
        ("thumbnail", LARGE, "its thumbnail is larger than"),
        ("thumbnail", webp(1) + bytes(1_000_000), "its thumbnail has more than"),
        ("embedding", NAN, "no finite numbers"),
        ("embedding", HUGE, "no finite numbers"),
        ("embedding", None, "neither an embedding nor a fault"),
        ("fault", "x" * 10_001, "its fault has more than"),
        ("photo", b"<script>", "does not have its sha256"),
    ],
)
def test_rows_are_checked(whole, tmp_path, column, value, reason):
    values = pq.read_table(whole).column(column).to_pylist()
    values[2] = value
    said = refusal(rewritten(whole, **{column: values}), tmp_path)
    assert said.startswith("row 3: ") and reason in said


def test_an_original_must_be_a_picture_of_its_media_type(whole, tmp_path):
    page = b"<html><script>alert(1)</script></html>"
    table = pq.read_table(whole)
    digests, photos, kinds = (table.column(name).to_pylist() for name in ("sha256", "photo", "content_type"))
    digests[1], photos[1] = hashlib.sha256(page).hexdigest(), page
    said = refusal(rewritten(whole, sha256=digests, photo=photos), tmp_path)
    assert "row 2: its photo is not of the content_type image/webp" in said
    kinds[1] = "image/png"
    assert "image/png" in refusal(rewritten(whole, content_type=kinds), tmp_path)
