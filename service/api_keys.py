"""API keys as a deployment sets them: `value`, or `name:value` to give a key a name in logs and limits."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import SecretStr

MIN_LENGTH = 16
"""Characters of the shortest key. 16 random letters and digits have 95 bits."""
ADVICE = "make a key with `openssl rand -hex 24`"

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_VALUE = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""The characters of a bearer token (RFC 6750). They survive shells, .env files and HTTP headers unchanged."""


@dataclass(frozen=True)
class ApiKey:
    """One key. Logs, metrics and limits use its name, never its value."""

    name: str
    value: SecretStr


def parse_keys(text: str, variable: str, prefix: str) -> tuple[ApiKey, ...]:
    """Parse a comma-separated list of keys.

    Args:
        variable: the environment variable, for messages.
        prefix: start of the names of keys without a name, such as `key` for `key-1`.

    Raises:
        ValueError: the list or one of its parts is empty, or a key is malformed. The message names the
            key's place, not its value.
    """
    if not text.strip():
        raise ValueError(
            f"{variable} is set but empty; {ADVICE}, or unset the variable to serve without keys"
        )
    keys = []
    for place, part in enumerate(text.split(","), start=1):
        name, colon, value = part.strip().rpartition(":")
        key = ApiKey(name if colon else f"{prefix}-{place}", SecretStr(value))
        if fault := _fault(key):
            raise ValueError(f"key {place} of {variable} {fault}")
        keys.append(key)
    return tuple(keys)


def check_distinct(keys: Iterable[ApiKey]) -> None:
    """Check that no two keys have the same value or name.

    Raises:
        ValueError: two keys are equal, for example a reader's and an administrator's.
    """
    names: dict[str, str] = {}
    seen: set[str] = set()
    for key in keys:
        value = key.value.get_secret_value()
        if value in names:
            raise ValueError(
                f"the keys {names[value]} and {key.name} of IIAE_API_KEYS and IIAE_ADMIN_KEYS are equal; "
                "use each key once, in one of the lists"
            )
        if key.name in seen:
            raise ValueError(f"two API keys have the name {key.name}; give each key its own name")
        names[value] = key.name
        seen.add(key.name)


def _fault(key: ApiKey) -> str | None:
    """Return what is wrong with a key, or None."""
    value = key.value.get_secret_value()
    if not _NAME.fullmatch(key.name):
        return "has an invalid name; use up to 64 letters, digits, dots, underscores and hyphens"
    if not value:
        return f"is empty; {ADVICE}, or remove the comma"
    if not _VALUE.fullmatch(value):
        return f"has a character other than letters, digits and -._~+/=; {ADVICE}"
    if len(value) < MIN_LENGTH:
        return f"has fewer than {MIN_LENGTH} characters; {ADVICE}"
    return None
