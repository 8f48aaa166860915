"""The version of the HTTP API. It grows when a call changes so that older clients would fail."""

import re

API_VERSION = "1"
PREFIX = f"/v{API_VERSION}"
"""Path below which all calls are, besides their paths without it."""
HEADER = "X-API-Version"
_VERSIONED = re.compile(r"/v(\d{1,9})(/|$)")


def other_version(path: str) -> str | None:
    """Return the version that a path asks for, or None if it is this one or the path names none."""
    found = _VERSIONED.match(path)
    return found[1] if found and found[1] != API_VERSION else None
