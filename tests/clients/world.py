"""Facts that the tests of both clients share: the operations, the problems and their statuses."""

import json
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
READER, ADMIN = "reader-key-0123456789", "admin-key-0123456789"
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
"""Problems that a single request can cause, with their status. The others have tests of their own."""


def without_node() -> str:
    """Return why the TypeScript client cannot be tested here, or an empty string."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "Node.js 20.19 or newer with npm is not installed"
    output = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", output)[:2])
    return "" if version >= (20, 19) else f"Node.js is {output.strip()}; 20.19 or newer is required"


def operations() -> set[str]:
    """Return the ids of all operations in openapi.json."""
    document = json.loads((CLIENTS / "openapi.json").read_text())
    return {operation["operationId"] for item in document["paths"].values() for operation in item.values()}


def huge_png() -> bytes:
    """Return a PNG whose header claims 900 million pixels, with little data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
