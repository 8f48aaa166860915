"""Hostile names, texts and header values, and a client that sends them byte for byte."""

import http.client
import socket

NAMES = {
    "not ASCII": "%E9%92%96",
    "emoji": "%F0%9F%98%80",
    "surrogate": "%ED%A0%80",
    "not UTF-8": "%FF%FE",
    "unescaped bytes": "\xe9\x92",
    "NUL": "%00",
    "slash": "a%2Fb",
    "backslash": "..%5C..%5Cetc",
    "line break": "a%0d%0aX-Injected:%20yes",
    "line separator": "a%E2%80%A8X-Injected:%20yes",
    "parent folder": "..",
    "escaped parent folder": "%2e%2e",
    "path to a file": "..%2F..%2Fetc%2Fpasswd",
    "hidden": ".hidden",
    "long": "a" * 10_000,
    "empty": "",
    "space": "%20",
    "percent": "%",
    "half an escape": "%2",
    "no hex digits": "%zz",
    "2^63": "9223372036854775808",
    "5000 digits": "9" * 5_000,
    "negative": "-1",
    "zero": "0",
    "fraction": "1.5",
    "Arabic digits": "%D9%A1",
    "infinity": "inf",
    "template": "{name}",
    "format": "%25s%25n",
    "query": "a%3Fb=c",
    "semicolon": "a;b=c",
    "absolute": "%2Fetc%2Fpasswd",
    "dot": ".",
    "Windows device": "CON",
    "null": "null",
}
HEADER_VALUES = {
    "not ASCII": b"\xe9\x92\x96",
    "long": b"a" * 10_000,
    "empty": b"",
    "commas": b"," * 2_000,
    "quotes": b'"' * 1_001,
    "stars": b"*" * 1_001,
    "number": b"9" * 5_000,
    "tab": b"a\tb",
    "ranges": b"bytes=" + b",".join(b"0-1" for _ in range(1_000)),
    "huge range": b"bytes=0-" + b"9" * 5_000,
    "suffix range": b"bytes=-" + b"9" * 5_000,
    "weak": b'W/"a", "b", *',
    "image": b"image/png;q=" + b"9" * 400,
}
HEADERS = (
    "X-Request-ID",
    "X-API-Key",
    "If-None-Match",
    "If-Range",
    "If-Modified-Since",
    "Accept",
    "Accept-Encoding",
    "Range",
    "Prefer",
    "Cookie",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "Forwarded",
    "Sec-Fetch-Site",
    "Origin",
    "Access-Control-Request-Method",
    "Authorization",
    "Content-Type",
    "Traceparent",
)
TEXTS: tuple[str | bytes, ...] = (
    "\u94a6",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
    "\0",
    "a\r\nX-Injected: yes",
)
TEXTS += ("..", "../../etc/passwd", "a" * 100_000, "", " ", "%", "9" * 5_000, "-1", "nan", "inf", "1e999")
TEXTS += ("\u202e", "\U0001f600", "{0.__class__}", "CON", "\u0661", "true", "null", "[]", '{"a":' * 500)


def exchange(
    port: int, method: str, target: str, body: bytes = b"", **headers: str | bytes
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send one request, byte for byte, and return status, headers and body of the answer."""
    lines = [f"{method} {target} HTTP/1.1".encode("latin-1"), b"Host: localhost", b"Connection: close"]
    sent: dict[str, str | bytes] = {"Content-Length": str(len(body))}
    sent |= {name.replace("_", "-"): each for name, each in headers.items()}
    for name, value in sent.items():
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        return response.status, response.headers, response.read()
