"""HTTP requests as bytes. They are built before the load starts, so that sending them costs little."""

from collections.abc import Mapping

import httpx

URL = "http://127.0.0.1"


def form(
    path: str,
    files: Mapping[str, bytes] | list[tuple[str, bytes]],
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return a POST request with a multipart form.

    Args:
        path: path of the URL.
        files: field names and contents of the files. A list may repeat a name.
        fields: names and values of the text fields.
        headers: further headers.
    """
    pairs = list(files.items()) if isinstance(files, Mapping) else files
    request = httpx.Request(
        "POST",
        URL + path,
        files=[(name, ("file", data)) for name, data in pairs],
        data=fields,
        headers=headers,
    )
    return raw(request)


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a GET request."""
    return raw(httpx.Request("GET", URL + path, headers=headers))


def raw(request: httpx.Request) -> bytes:
    """Return a request as it is sent."""
    head = f"{request.method} ".encode() + request.url.raw_path + b" HTTP/1.1\r\n"
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in request.headers.raw)
    return head + lines + b"\r\n" + request.read()
