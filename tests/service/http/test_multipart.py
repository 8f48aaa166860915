"""Parsing of multipart forms, compared with Starlette's parser."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartParser

from service.http import multipart
from service.http.multipart import MAX_FIELD_BYTES, MAX_FIELDS, FormMalformed, Forms

FORM = "multipart/form-data; boundary=b"
PUNYCODE = b"a" * 20_000
"""Python takes seconds to decode a few of these as punycode."""


def part(disposition: str, data: bytes = b"x", *headers: str) -> bytes:
    lines = [f"--b\r\nContent-Disposition: form-data; {disposition}", *headers, "", ""]
    return "\r\n".join(lines).encode() + data + b"\r\n"


async def chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def read(*parts: bytes, content_type: str = FORM, chunk: int = 65_536, max_files: int = 4) -> FormData:
    body = b"".join(parts) + b"--b--\r\n"
    return asyncio.run(Forms(max_files=max_files).read(content_type, chunks(body, chunk)))


def contents(form: FormData) -> list[tuple[str, object]]:
    return [
        (name, (value.filename, value.size, dict(value.headers), value.file.read()))
        if isinstance(value, UploadFile)
        else (name, value)
        for name, value in form.multi_items()
    ]


NAMES = st.text("abcé写", min_size=1, max_size=5)
DATA = st.binary(max_size=200) | st.lists(
    st.sampled_from([b"\r\n", b"--b", b"\r\n--", b"\r", b"\n", b"-", b"b", b"a" * 50]), max_size=20
).map(b"".join)


@given(
    st.lists(st.tuples(NAMES, NAMES, DATA), max_size=4),
    st.lists(st.tuples(NAMES, st.text(max_size=50)), max_size=4),
    st.integers(1, 300),
)
def test_a_form_is_read_as_by_starlette(files, fields, chunk):
    body = (
        b"".join(
            part(f'name="{name}"; filename="{filename}"', data.replace(b"\r\n--b", b""), "Content-Type: a/b")
            for name, filename, data in files
        )
        + b"".join(part(f'name="{name}"', text.encode()) for name, text in fields)
        + b"--b--\r\n"
    )

    async def by_starlette() -> FormData:
        return await MultiPartParser(Headers({"Content-Type": FORM}), chunks(body, chunk)).parse()

    if not files and not fields:
        body = b"--b--\r\n"
    form = asyncio.run(Forms(max_files=4).read(FORM, chunks(body, chunk)))
    assert contents(form) == contents(asyncio.run(by_starlette()))


@pytest.mark.parametrize(
    ("content_type", "parts"),
    [
        (FORM + "; charset=punycode", [part('name="gallery"', PUNYCODE)] * 9),
        (FORM + '; Charset="utf-16"', [part('name="gallery"', PUNYCODE)] * 9),
        (FORM, [part('name="gallery"', PUNYCODE, "Content-Type: text/plain; charset=punycode")] * 9),
        (FORM, [part('name="gallery"', b"\xfc")]),
        (FORM, [part('name="gallery"', b"x").replace(b"gallery", b"\xfc")]),
        (FORM, [part('name="a"; filename="b"').replace(b'"b"', b'"\xfc"')]),
    ],
    ids=["punycode", "utf-16", "punycode in a part", "text", "name", "filename"],
)
def test_only_utf_8_is_read(content_type, parts):
    began = time.thread_time()
    with pytest.raises(FormMalformed, match="UTF-8"):
        read(*parts, content_type=content_type)
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "us-ascii"])
def test_utf_8_may_be_declared(charset):
    form = read(
        part('name="é"', "ü".encode(), f"Content-Type: text/plain; charset={charset}"),
        content_type=f"{FORM}; charset={charset}",
    )
    assert contents(form) == [("é", "ü")]


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("more than 4 files", [part('name="a"; filename="b"')] * 5),
        (f"more than {MAX_FIELDS} text fields", [part('name="a"')] * (MAX_FIELDS + 1)),
        ("the text of the field a", [part('name="a"', b"x" * (MAX_FIELD_BYTES + 1))]),
        ("Content-Transfer-Encoding", [part('name="a"', b"eA==", "Content-Transfer-Encoding: base64")]),
        ("filename\\*", [part("name=\"a\"; filename*=utf-8''b.png")]),
        ("no name", [part("x=y")]),
        ("invalid multipart data", [b"--c\r\n"]),
        ("invalid multipart data", [part('name="a"', b"x", *["A: b"] * 20)]),
    ],
)
def test_malformed_and_oversized_forms_are_refused(message, parts):
    with pytest.raises(FormMalformed, match=message):
        read(*parts)


@pytest.mark.parametrize(
    ("message", "content_type"),
    [
        ("no boundary", "multipart/form-data"),
        ("Boundary length", "multipart/form-data; boundary=" + "b" * 500),
        ("Content-Type has more", FORM + ';a="' + '\\";' * 15_000),
    ],
)
def test_malformed_content_types_are_refused(message, content_type):
    with pytest.raises(FormMalformed, match=message):
        read(content_type=content_type)


def test_an_encoded_filename_beside_a_plain_one_is_ignored():
    form = read(part('name="a"; filename="b"; filename*=utf-8\'\'c'))
    assert [value.filename for _, value in form.multi_items()] == ["b"]


def test_large_files_stay_in_memory():
    form = read(part('name="a"; filename="b"', b"x" * 3_000_000))
    assert not form["a"].file._rolled


def test_the_event_loop_runs_between_the_parts_of_many_hostile_forms(monkeypatch):
    monkeypatch.setattr(multipart, "SHORT_TURN", 0.0)
    monkeypatch.setattr(multipart, "TURN", 0.0)
    body = part('name="a"; filename="b"', b"\r\n--b-\r\n--bb" * 2_000) + b"--b--\r\n"
    forms, beats = Forms(max_files=1), 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    async def check() -> None:
        beating = asyncio.create_task(beat())
        await asyncio.gather(*(forms.read(FORM, chunks(body, len(body))) for _ in range(5)))
        beating.cancel()

    asyncio.run(check())
    assert beats >= 5 * len(body) / multipart.SLICE


def test_an_ordinary_form_does_not_wait_for_slow_ones():
    slow = part('name="a"; filename="b"', b"\r\n--b-\r\n--bb" * 50_000) + b"--b--\r\n"
    ordinary = part('name="a"; filename="b"', b"\0" * 3_000_000) + b"--b--\r\n"
    forms, done = Forms(max_files=1), []

    async def read(name: str, body: bytes) -> None:
        await forms.read(FORM, chunks(body, 65_536))
        done.append(name)

    async def check() -> None:
        await asyncio.gather(*(read("slow", slow) for _ in range(3)), read("ordinary", ordinary))

    asyncio.run(check())
    assert done[0] == "ordinary"
