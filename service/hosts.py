"""Host names that a service answers to, as a list of patterns."""

import ipaddress
import re
from functools import lru_cache

ANY = "*"
_HEADER = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/\\\s]+)(?::\d*)?", re.IGNORECASE)
_NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def parse_hosts(text: str, variable: str) -> tuple[str, ...]:
    """Parse a comma-separated list of host names, IP addresses, `*.example.org` for subdomains, or `*`.

    Args:
        variable: the environment variable, for messages.

    Raises:
        ValueError: the list or one of its parts is empty or malformed.
    """
    hosts = []
    for part in text.split(","):
        host = _normalised(part.strip())
        if not (host == ANY or _NAME.fullmatch(host) or _address(host)):
            raise ValueError(
                f"{variable} has the part {part.strip()!r}; send host names without scheme and port, "
                "separated by commas, such as photos.example.org, *.example.org or 192.0.2.1"
            )
        hosts.append(host)
    return tuple(hosts)


def host_in(header: str) -> str | None:
    """Return the host of a `Host` header in lower case, without its port. None if the header is malformed."""
    matched = _HEADER.fullmatch(header)
    return _normalised(matched[1]) if matched else None


def is_loopback(host: str) -> bool:
    """Return whether the host is `localhost` or a loopback address. No other machine can have these names."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_allowed(host: str, patterns: tuple[str, ...]) -> bool:
    """Return whether one of the patterns matches the host."""
    return any(
        pattern in (ANY, host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
        for pattern in patterns
    )


def _normalised(host: str) -> str:
    """Return the host in lower case, without the dot of a fully qualified name, and IPv6 in short form."""
    host = host.lower().removesuffix(".")
    address = _address(host)
    return host if address is None else str(address)


@lru_cache(maxsize=64)  # each request asks for its host several times
def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
