"""Web origins whose pages may call the service from a browser (CORS)."""

import re

ANY = "*"
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?")


def parse_origins(text: str, variable: str) -> tuple[str, ...]:
    """Parse a comma-separated list of origins such as `https://shop.example.org`, or `*` for all.

    Args:
        variable: the environment variable, for messages.

    Raises:
        ValueError: a part of the list is empty or malformed.
    """
    origins = []
    for part in text.split(","):
        origin = part.strip().lower()
        if origin != ANY and not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{variable} has the part {part.strip()!r}; send origins with scheme and without a path, "
                "separated by commas, such as https://shop.example.org or http://localhost:3000"
            )
        origins.append(origin)
    return tuple(origins)
