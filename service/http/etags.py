"""Conditional requests: whether the client has the present version already (RFC 9110, section 13.1.2)."""

import re
from collections.abc import Iterable

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def matches(if_none_match: Iterable[str], etag: str) -> bool:
    """Return whether one of the `If-None-Match` headers names this version.

    Each header is `*` or a list of tags. Tags are compared weakly: `W/"a"` names `"a"`.

    Args:
        etag: the strong tag of the present version, with its quotes.
    """
    return any(value.strip() == "*" or etag in _TAG.findall(value) for value in if_none_match)
