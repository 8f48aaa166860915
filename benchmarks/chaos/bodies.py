"""Hostile requests: each is small or legal in size, but costs a careless server seconds of CPU time.

`HOSTILE` lists them. They are sent over a raw socket, because no HTTP client would build most of them.
"""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

MEGABYTE = 1_000_000
BLOCK = 262_144
SEARCH, GALLERIES = "/sbir/search", "/galleries"
FORM = "multipart/form-data; boundary=b"


@dataclass(frozen=True)
class HostileRequest:
    """One hostile request.

    Args:
        name: what is hostile in it.
        target: path and query.
        body: creates the blocks of the body, as they are sent. None for a request without a body.
        content_type: `Content-Type` of the body.
        headers: further header lines.
        chunked: whether `body` is already in chunked coding. If not, its length is declared.
        repeat: number of times to send the whole request at once, as pipelined requests.
    """

    name: str
    target: str = SEARCH
    body: Callable[[], Iterable[bytes]] | None = None
    content_type: str = FORM
    headers: tuple[str, ...] = ()
    chunked: bool = False
    repeat: int = 1

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the request."""
        lines = [f"{'GET' if self.body is None else 'POST'} {self.target} HTTP/1.1", "Host: localhost"]
        blocks = list(self.body()) if self.body is not None else []
        if self.body is not None:
            lines.append(f"Content-Type: {self.content_type}")
            length = f"Content-Length: {sum(map(len, blocks))}"
            lines.append("Transfer-Encoding: chunked" if self.chunked else length)
        head = "\r\n".join((*lines, *self.headers, "", "")).encode("latin-1")
        if self.repeat > 1:
            yield (head + b"".join(blocks)) * self.repeat
            return
        yield head
        yield from blocks


def send(request: HostileRequest, port: int, within: float) -> int | None:
    """Send the request to a server on this machine, and return the status of the first answer.

    Returns:
        None if the connection ended without an answer, or if no answer came in `within` seconds.
    """
    until = time.monotonic() + within
    with socket.create_connection(("127.0.0.1", port), timeout=within) as connection:
        try:
            for block in request.blocks():
                connection.settimeout(max(0.1, until - time.monotonic()))
                connection.sendall(block)
        except OSError:
            pass  # the server answered early and closed the connection
        return _status(connection, until)


def _status(connection: socket.socket, until: float) -> int | None:
    received = b""
    try:
        while b"\r\n" not in received:
            connection.settimeout(max(0.1, until - time.monotonic()))
            data = connection.recv(65_536)
            if not data:
                return None
            received += data
    except OSError:
        return None
    return int(received.split()[1])


def _part(name: str, data: bytes, *, filename: str = "", headers: str = "") -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{headers}\r\n'
    return head.encode("latin-1") + data + b"\r\n"


def _form(*parts: bytes) -> Callable[[], Iterable[bytes]]:
    return lambda: _cut(b"".join(parts) + b"--b--\r\n")


def _filled(pattern: bytes, size: int = 15 * MEGABYTE) -> bytes:
    return pattern * (size // len(pattern))


def _file(pattern: bytes) -> Callable[[], Iterable[bytes]]:
    """Return the body of a form with one file of 15 MB that repeats the pattern."""
    return lambda: _cut(_part("sketch", _filled(pattern), filename="a.png") + b"--b--\r\n")


def _plain(
    pattern: bytes, before: bytes = b"", after: bytes = b"", size: int = 15 * MEGABYTE
) -> Callable[[], Iterable[bytes]]:
    return lambda: _cut(before + _filled(pattern, size) + after)


def _cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), BLOCK):
        yield data[start : start + BLOCK]


def _chunks(chunk: bytes, count: int) -> Callable[[], Iterable[bytes]]:
    return lambda: _cut(chunk * count + b"0\r\n\r\n")


def _chunked_file(count: int) -> Callable[[], Iterable[bytes]]:
    """Return the body of a form with one file, whose contents come in chunks of one byte."""
    head = _part("sketch", b"", filename="a.png").removesuffix(b"\r\n")
    start, end = b"%x\r\n%b\r\n" % (len(head), head), b"9\r\n\r\n--b--\r\n\r\n"
    return lambda: _cut(start + b"1\r\na\r\n" * count + end + b"0\r\n\r\n")


LONG_TEXT = _part("gallery", b"a" * 400_000)
"""Python's decoder of punycode takes quadratic time: 1 MB takes minutes."""
JSON = "application/json"

HOSTILE = (
    HostileRequest("form in punycode", body=_form(LONG_TEXT), content_type=FORM + "; charset=punycode"),
    HostileRequest(
        "form in punycode, quoted", body=_form(LONG_TEXT), content_type=FORM + '; CHARSET="puny\\code"'
    ),
    HostileRequest("form in UTF-7", body=_form(LONG_TEXT), content_type=FORM + "; charset=utf-7"),
    HostileRequest(
        "part in punycode",
        body=_form(
            _part("gallery", b"a" * 900_000, headers="Content-Type: text/plain; charset=punycode\r\n")
        ),
    ),
    HostileRequest(
        "part in base64",
        body=_form(_part("gallery", b"YWFh" * 225_000, headers="Content-Transfer-Encoding: base64\r\n")),
    ),
    HostileRequest("text that is not UTF-8", body=_form(_part("gallery", b"\xfc" * 900_000))),
    HostileRequest(
        "long number", body=_form(_part("k", b"1" * 1_000_000), _part("sketch", b"a", filename="a"))
    ),
    HostileRequest(
        "long metadata",
        "/galleries/none/photos",
        _form(_part("metadata", b"[" * 1_000_000), _part("image", b"a", filename="a")),
    ),
    HostileRequest("many fields", body=_plain(_part("a", b""))),
    HostileRequest("many files", body=_plain(_part("sketch", b"a", filename="a"))),
    HostileRequest("many headers in a part", body=_plain(b"a: b\r\n", before=b"--b\r\n")),
    HostileRequest("many small parts as preamble", body=_plain(b"\r\n--c\r\n")),
    HostileRequest("file of line breaks", body=_file(b"\r\n")),
    HostileRequest("file of carriage returns", body=_file(b"\r")),
    HostileRequest("file of almost boundaries", body=_file(b"\r\n--")),
    HostileRequest("file of almost last boundaries", body=_file(b"\r\n--b-\r\n--bb")),
    HostileRequest("file of zeros", body=_file(b"\0" * 1000)),
    HostileRequest("text after the last boundary", body=_plain(b"\r\n--b", before=b"--b--\r\n")),
    HostileRequest(
        "URL-encoded form", body=_plain(b"a=b&"), content_type="application/x-www-form-urlencoded"
    ),
    HostileRequest(
        "URL-encoded escapes",
        body=_plain(b"%c3", b"a=", size=MEGABYTE),
        content_type="application/x-www-form-urlencoded; charset=punycode",
    ),
    HostileRequest("JSON of numbers", GALLERIES, _plain(b"1,", b"[", b"1]"), JSON),
    HostileRequest("JSON of objects", GALLERIES, _plain(b'{"a":1},', b"[", b"1]"), JSON),
    HostileRequest("JSON of lists", GALLERIES, _plain(b'{"":[]},', b"[", b"1]"), JSON),
    HostileRequest("deep JSON", GALLERIES, _plain(b"["), JSON),
    HostileRequest("deep small JSON", GALLERIES, _plain(b"[", size=60_000), JSON),
    HostileRequest("long number in JSON", GALLERIES, _plain(b"9"), JSON),
    HostileRequest(
        "long number in small JSON", GALLERIES, _plain(b"9", b'{"name":', b"}", size=60_000), JSON
    ),
    HostileRequest("long name in JSON", GALLERIES, _plain(b"a", b'{"name":"', b'","model":"a"}'), JSON),
    HostileRequest("escapes in JSON", GALLERIES, _plain(b"\\u00e9", b'{"name":"', b'","model":"a"}'), JSON),
    HostileRequest(
        "JSON in UTF-16",
        GALLERIES,
        _plain("1,".encode("utf-16-le"), "[".encode("utf-16-le")),
        JSON + "; charset=utf-16",
    ),
    HostileRequest("one-byte chunks", body=_chunked_file(2_500_000), chunked=True),
    HostileRequest(
        "one-byte chunks after the answer", "/nowhere", _chunks(b"1\r\na\r\n", 2_500_000), chunked=True
    ),
    HostileRequest(
        "chunk extensions", body=_chunks(b"1;" + b"a" * 1000 + b"\r\na\r\n", 15_000), chunked=True
    ),
    HostileRequest("many headers", GALLERIES, headers=("a:b",) * 10_000),
    HostileRequest("many cookies", GALLERIES, headers=("Cookie: " + "a=b;" * 14_000,)),
    HostileRequest("many cookies with escapes", GALLERIES, headers=("Cookie: " + 'a="\\101";' * 6_000,)),
    HostileRequest("many query parameters", "/galleries/none/photos?" + "a&" * 28_000),
    HostileRequest("escapes in the query", "/galleries/none/photos?after=" + "%c3" * 18_000),
    HostileRequest("escapes in the path", "/galleries/" + "%c3%28" * 9_000),
    HostileRequest("slashes in the path", "/" * 60_000),
    HostileRequest("many path segments", "/galleries" + "/photos" * 8_000 + "/"),
    HostileRequest("static file with many segments", "/static" + "/.." * 15_000),
    HostileRequest("many accepted types", GALLERIES, headers=("Accept: " + "a/b;q=0.1," * 5_000,)),
    HostileRequest("many ranges", "/static/shell/main.js", headers=("Range: bytes=" + "0-0," * 14_000,)),
    HostileRequest(
        "many entity tags", "/static/shell/main.js", headers=("If-None-Match: " + '"a",' * 14_000,)
    ),
    HostileRequest(
        "many parameters of a type", body=_form(_part("a", b"")), content_type=FORM + ";a=b" * 14_000
    ),
    HostileRequest(
        "quotes in the type", body=_form(_part("a", b"")), content_type=FORM + ';a="' + '\\";' * 15_000
    ),
    HostileRequest(
        "quotes in the type of JSON", GALLERIES, _plain(b"1", size=10), JSON + ';a="' + '\\";' * 15_000
    ),
    HostileRequest("many preferences", GALLERIES, headers=("Prefer: " + "wait=1 ," * 7000,)),
    HostileRequest(
        "spaces in a preference",
        GALLERIES,
        headers=("Prefer: wait" + " " * 30_000 + "=1" + " " * 30_000 + "x",),
    ),
    HostileRequest("long key", GALLERIES, headers=("X-API-Key: " + "\xe9" * 60_000,)),
    HostileRequest("long request id", GALLERIES, headers=("X-Request-ID: " + "a" * 60_000 + "!",)),
    HostileRequest(
        "long origin", GALLERIES, _plain(b"1", size=10), JSON, headers=("Origin: " + "a://" * 15_000,)
    ),
    HostileRequest(
        "long number in a range", "/static/shell/main.js", headers=("Range: bytes=0-" + "9" * 60_000,)
    ),
    HostileRequest("long number in the path", "/galleries/none/photos/" + "9" * 60_000),
    HostileRequest("long number in the query", "/galleries/none/photos?after=" + "9" * 60_000),
    HostileRequest("many pipelined requests", "/health/live", repeat=6_000),
)
"""All hostile requests. None of them may block the event loop."""
