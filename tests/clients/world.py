"""What the clients' tests ask for, whatever the language: the calls that there are, and how each problem comes spec."""

import json
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
READER, ADMIN = "a reader's key", "an administrator's key"
DAMAGED, OUTDATED = "damaged", "outdated"

PROBLEMS = {
    "image_unreadable": 422,
    "sketch_empty": 422,
    "image_format_unsupported": 415,
    "image_too_many_pixels": 413,
    "parameter_invalid": 422,
    "name_invalid": 422,
    "domain_unknown": 422,
    "domains_differ": 422,
    "capability_missing": 422,
    "model_not_found": 404,
    "gallery_not_found": 404,
    "photo_not_found": 404,
    "reindex_not_found": 404,
    "gallery_exists": 409,
    "gallery_outdated": 409,
    "gallery_damaged": 500,
}
"""Those that a request alone brings spec; keys, other origins, size, overload, slowness and stopping have tests of their own."""


def without_node() -> str:
    """Why the TypeScript client cannot be tested here, if so."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "there is no Node.js here, with npm (20.19 or newer is needed)"
    said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    return "" if version >= (20, 19) else f"Node.js is {said.strip()} here (20.19 or newer is needed)"


def operations() -> set[str]:
    """Ids of all operations of the document that the clients were made of."""
    document = json.loads((CLIENTS / "openapi.json").read_text())
    return {operation["operationId"] for item in document["paths"].values() for operation in item.values()}


def huge_png() -> bytes:
    """A header that claims 900 million pixels, and hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
