"""Parse multipart forms: UTF-8 only, in memory, and never long on the event loop."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from time import thread_time
from typing import TYPE_CHECKING, BinaryIO, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FIELDS = 128
"""Text fields of a form. A search may have 100 labels, and some others."""
MAX_FIELD_BYTES = 131_072
"""Bytes of a text field. The largest legal one is a photo's metadata."""
MAX_CONTENT_TYPE = 1000
"""Characters of a `Content-Type` header. Parsing it takes quadratic time."""
SLICE = 8192
"""Bytes to parse at once. Hostile forms take up to 1 µs per byte."""
SHORT_TURN, TURN = 0.002, 0.005
"""CPU seconds for which a form is parsed before other callbacks run: at first, and once it is slow."""

UTF_8 = frozenset({b"utf-8", b"utf8", b"us-ascii"})
PLAIN_ENCODINGS = frozenset({b"7bit", b"8bit", b"binary"})
EXTENDED_FILENAME = re.compile(rb";\s*filename\*", re.IGNORECASE)


class FormMalformed(Exception):
    """The form cannot be parsed. The message says why, and what to send."""


@dataclass
class _Part:
    """One part of a form while it is parsed."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    name: str = ""
    text: bytearray = field(default_factory=bytearray)
    file: UploadFile | None = None

    def header(self, wanted: bytes) -> bytes:
        """Return a header's value, or nothing if the part does not have it."""
        return next((value for name, value in self.headers if name == wanted), b"")


class Forms:
    """Reads the multipart forms of all requests.

    Ordinary forms take 0.1 ms for each chunk of their body. Forms made to be slow can take thousands of times
    as long. Only one slow form is parsed at a time, and only for half of the time. So the event loop stays
    responsive, however many slow forms arrive at once, and ordinary forms do not wait for them.

    Args:
        max_files: files of a form.
    """

    def __init__(self, *, max_files: int) -> None:
        self._max_files = max_files
        self._turn = asyncio.Lock()

    async def read(self, content_type: str, body: AsyncIterator[bytes]) -> FormData:
        """Parse a body and return its form.

        Args:
            content_type: value of the header `Content-Type`.
            body: chunks of the body.

        Raises:
            FormMalformed: the body is not a multipart form, has too many or too large fields, or has text
                that is not UTF-8.
        """
        reader, is_slow = FormReader(content_type, max_files=self._max_files), False
        async for chunk in body:
            rest = memoryview(chunk)
            if not is_slow:
                rest = _parse(reader, rest, SHORT_TURN)
                is_slow = len(rest) > 0
            while rest:
                async with self._turn:
                    began = thread_time()
                    rest = _parse(reader, rest, TURN)
                    await asyncio.sleep(thread_time() - began)  # keeps the turn: nobody else is slow now
            await asyncio.sleep(0)
        return reader.finish()


def _parse(reader: "FormReader", chunk: memoryview, seconds: float) -> memoryview:
    """Parse for some CPU seconds, at least one slice, and return the rest of the chunk."""
    until = thread_time() + seconds
    while chunk:
        reader.feed(bytes(chunk[:SLICE]))
        chunk = chunk[SLICE:]
        if thread_time() >= until:
            break
    return chunk


class FormReader:
    """Parses one multipart form.

    Starlette's parser decodes text with any codec that the client names. Python has codecs that take
    quadratic time, such as punycode, so one request could stop the event loop for minutes. This parser
    accepts only UTF-8, as RFC 7578 recommends.

    Files stay in memory, because the limit on all request bodies counts them as memory. So parsing waits
    neither for a disk nor for a thread.

    Raises:
        FormMalformed: the content type has no boundary, or names an encoding other than UTF-8.
    """

    def __init__(self, content_type: str, *, max_files: int) -> None:
        if len(content_type) > MAX_CONTENT_TYPE:
            raise FormMalformed(f"Content-Type has more than {MAX_CONTENT_TYPE:,} characters")
        options = parse_options_header(content_type)[1]
        _check_charset(options, "Content-Type")
        if not options.get(b"boundary"):
            raise FormMalformed("Content-Type has no boundary")
        self._max_files = max_files
        self._files = self._fields = 0
        self._items: list[tuple[str, str | UploadFile]] = []
        self._part = _Part()
        self._header_name = self._header_value = b""
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_to_header_name,
            "on_header_value": self._add_to_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
        }
        with _malformed():
            self._parser = MultipartParser(options[b"boundary"], callbacks)

    def feed(self, data: bytes) -> None:
        """Parse the next bytes."""
        with _malformed():
            self._parser.write(data)

    def finish(self) -> FormData:
        """Return the form, when all bytes are parsed."""
        with _malformed():
            self._parser.finalize()
        return FormData(self._items)

    def _begin_part(self) -> None:
        self._part = _Part()

    def _add_to_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_to_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        self._part.headers.append((self._header_name.lower(), self._header_value))
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        part = self._part
        disposition = part.header(b"content-disposition")
        options = parse_options_header(disposition)[1]
        if b"name" not in options:
            raise FormMalformed('a part has no name; send Content-Disposition: form-data; name="..."')
        part.name = _decode(options[b"name"], "the name of a field")
        encoding = part.header(b"content-transfer-encoding").strip().lower()
        if encoding and encoding not in PLAIN_ENCODINGS:
            raise FormMalformed(
                f"the field {part.name} has a Content-Transfer-Encoding; send its bytes as they are"
            )
        if b"filename" in options:
            part.file = UploadFile(
                cast(BinaryIO, SpooledTemporaryFile()),  # noqa: SIM115  # without a size it stays in memory
                size=0,
                filename=_decode(options[b"filename"], "a filename"),
                headers=Headers(raw=part.headers),
            )
            self._files += 1
            if self._files > self._max_files:
                raise FormMalformed(f"the form has more than {self._max_files} files; send fewer")
            return
        if EXTENDED_FILENAME.search(disposition):
            raise FormMalformed(
                f"the field {part.name} has an encoded filename* only; send filename in UTF-8 (RFC 7578)"
            )
        _check_charset(parse_options_header(part.header(b"content-type"))[1], f"the field {part.name}")
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise FormMalformed(f"the form has more than {MAX_FIELDS} text fields; send fewer")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file is not None:
            part.file.file.write(memoryview(data)[start:end])
            return
        part.text += memoryview(data)[start:end]
        if len(part.text) > MAX_FIELD_BYTES:
            raise FormMalformed(
                f"the text of the field {part.name} has more than {MAX_FIELD_BYTES:,} bytes; "
                "send a shorter text, or a file with a filename"
            )

    def _end_part(self) -> None:
        part = self._part
        if part.file is None:
            self._items.append((part.name, _decode(part.text, f"the field {part.name}")))
            return
        part.file.size = part.file.file.tell()
        part.file.file.seek(0)
        self._items.append((part.name, part.file))


@contextmanager
def _malformed() -> Iterator[None]:
    try:
        yield
    except FormParserError as error:
        raise FormMalformed(f"invalid multipart data: {error}") from error


def _check_charset(options: dict[bytes, bytes], where: str) -> None:
    charset = options.get(b"charset", b"utf-8").lower()
    if charset not in UTF_8:
        raise FormMalformed(f"{where} has a charset other than UTF-8; send UTF-8")


def _decode(data: bytes | bytearray, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise FormMalformed(f"{what} is not UTF-8; send UTF-8") from None
