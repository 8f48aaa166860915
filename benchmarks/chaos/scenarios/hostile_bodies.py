"""Request bodies that are slow to parse, while other clients ask for the health of the service."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from benchmarks.chaos.load.connections import Answer, Connections
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_tiny

MB = 1_000_000
PAUSE = 0.05
"""Longest time that the event loop may be blocked, in seconds."""
CHARSETS = [
    "punycode",
    "idna",
    "utf-7",
    "unicode_escape",
    "raw_unicode_escape",
    "rot13",
    "hex",
    "zlib",
    "bz2",
    "base64",
    "uu",
    "quopri",
    "mbcs",
    "undefined",
    "utf-16",
    "utf-32",
    "cp037",
    "hz",
    "iso2022_jp",
    "no-such-charset",
]


@dataclass(frozen=True)
class Attack:
    """One hostile request."""

    name: str
    request: bytes


def run(trial: Trial) -> list[Row]:
    """Send each body, and watch how long other requests wait."""
    home = trial.home()
    publish_tiny(home)
    size = int(min(15.0, trial.seconds) * MB)
    rows = []
    with Server(home) as server:
        server.ready()
        usual = longest_wait(server, b"", 1.0)[0]
        statuses, worst = list[int](), dict[str, float]()
        for attack in attacks(size):
            wait, answer, seconds = attacked(server, attack.request)
            if server.process.poll() is not None:
                return [Row(attack.name, "the service keeps running", "it ended", False)]
            statuses.append(answer.status)
            worst[attack.name] = max(worst.get(attack.name, 0.0), wait)
            if seconds > 10 * trial.patience:
                rows.append(Row(attack.name, "it is answered within 10 s", f"{seconds:.1f} s", False))
        slowest = max(worst, key=lambda name: worst[name])
        rows += [
            Row(
                f"{len(statuses)} hostile bodies of up to {size / MB:.0f} MB",
                "each is refused or answered: no 5xx",
                counts(statuses),
                all(0 < status < 500 for status in statuses),
            ),
            Row(
                "hostile bodies",
                f"the event loop is never blocked for more than {1000 * PAUSE:.0f} ms",
                f"a probe waited up to {1000 * worst[slowest]:.0f} ms ({slowest}); {1000 * usual:.0f} ms at rest",
                trial.within(worst[slowest] - usual, PAUSE),
            ),
        ]
    return rows


def attacked(server: Server, request: bytes) -> tuple[float, Answer, float]:
    """Send a hostile request. Return the longest wait of a probe, the answer, and its seconds."""
    started = time.monotonic()
    wait, answer = longest_wait(server, request, 0.0)
    return wait, answer, time.monotonic() - started


def longest_wait(server: Server, request: bytes, seconds: float) -> tuple[float, Answer]:
    """Send a request and probe the service until the answer comes, for some seconds at least.

    Returns:
        The longest time that a probe took, and the answer.
    """
    done, waits = threading.Event(), list[float]()

    def probe() -> None:
        with httpx.Client(base_url=server.url, timeout=120) as client:
            client.get("/health/live")
            while not done.is_set():
                started = time.perf_counter()
                client.get("/health/live")
                waits.append(time.perf_counter() - started)
                time.sleep(0.005)

    prober = threading.Thread(target=probe)
    prober.start()
    time.sleep(0.05)
    try:
        answer = asyncio.run(ask(server.port, request)) if request else Answer(200, {}, b"")
        time.sleep(max(seconds, 0.05))
    finally:
        done.set()
        prober.join()
    return max(waits), answer


async def ask(port: int, request: bytes) -> Answer:
    """Send one request."""
    connections = Connections(port)
    answer = await connections.ask(request, timeout=300)
    connections.close()
    return answer


def attacks(size: int) -> Iterator[Attack]:
    """Yield the hostile requests. The largest have about `size` bytes."""
    yield from charset_attacks(size)
    yield from json_attacks(size)
    yield from multipart_attacks(size)
    chunk = b"1\r\na\r\n"
    one_byte_chunks = post(
        "/embed", "multipart/form-data; boundary=b", chunk * (size // 10) + b"0\r\n\r\n", -1
    )
    yield Attack("one-byte chunks", one_byte_chunks)


def charset_attacks(size: int) -> Iterator[Attack]:
    """Yield forms in unusual charsets. Some of Python's decoders need quadratic time."""
    for charset in CHARSETS:
        text = b"a" * (size // 20) + b"-" + b"a" * (size // 20)
        for where in ("type", "part"):
            inner = f"; charset={charset}" if where == "part" else ""
            head = (
                f'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain{inner}\r\n\r\n'
            )
            body = head.encode() + text + b"\r\n--b--\r\n"
            outer = f"; charset={charset}" if where == "type" else ""
            yield Attack(
                f"charset {charset[:20]}", post("/embed", f"multipart/form-data; boundary=b{outer}", body)
            )
    form = b"name=" + b"%ff" * (size // 30)
    yield Attack(
        "urlencoded form", post("/embed", "application/x-www-form-urlencoded; charset=punycode", form)
    )
    yield Attack(
        "many urlencoded fields", post("/embed", "application/x-www-form-urlencoded", b"a=b&" * (size // 4))
    )


def json_attacks(size: int) -> Iterator[Attack]:
    """Yield large and deep JSON."""
    for name, body in {
        "JSON of many lists": b"[" + b"[]," * (size // 3) + b"[]]",
        "JSON of many keys": b"{" + b",".join(b'"%d":0' % number for number in range(size // 12)) + b"}",
        "deep JSON": b"[" * (size // 2) + b"]" * (size // 2),
        "deep objects": b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6),
        "JSON with a long number": b'{"name":' + b"9" * size + b"}",
        "JSON with a long text": b'{"name":"' + b"a" * size + b'","model":"tiny"}',
        "JSON with escapes": b'{"name":"' + b"\\u00e9" * (size // 6) + b'","model":"tiny"}',
        "JSON in UTF-16": json.dumps({"name": "a", "model": "tiny"}).encode("utf-16"),
    }.items():
        yield Attack(name, post("/galleries", "application/json", body))
        yield Attack(name, post("/galleries/g/reindex", "application/json", body))


def multipart_attacks(size: int) -> Iterator[Attack]:
    """Yield forms with very many or very odd parts."""
    field = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    file = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\nx\r\n'
    picture = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + png() + b"\r\n"
    for name, body in {
        "form with many fields": field * (size // len(field)) + b"--b--\r\n",
        "form with many files": file * (size // len(file)) + b"--b--\r\n",
        "part with many headers": b"--b\r\n" + b"a: b\r\n" * (size // 6) + b"\r\nx\r\n--b--\r\n",
        "part with a long header": b"--b\r\na: " + b"b" * size + b"\r\n\r\nx\r\n--b--\r\n",
        "form without an end": picture,
        "form full of line breaks": b"--b\r\n\r\n" + b"\r\n" * (size // 2),
        "form full of half boundaries": b"--b\r\n\r\n" + b"\r\n--" * (size // 4),
        "form that begins late": b"\r\n" * (size // 2) + picture + b"--b--\r\n",
        "metadata": b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n'
        + b"[" * (size // 2)
        + b"\r\n--b--",
    }.items():
        for path in ("/embed", "/galleries/g/photos"):
            yield Attack(name, post(path, "multipart/form-data; boundary=b", body))
    yield Attack("long boundary", post("/embed", "multipart/form-data; boundary=" + "b" * 10_000, picture))
    yield Attack("no boundary", post("/embed", "multipart/form-data", picture))


def post(path: str, content_type: str, body: bytes, length: int | None = None) -> bytes:
    """Return a POST request. A negative length means that the body is chunked."""
    framing = f"Content-Length: {len(body)}" if length is None else "Transfer-Encoding: chunked"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{framing}\r\n\r\n"
    return head.encode() + body
