"""Who may call what: `X-API-Key`, compared in constant time and never logged."""

import hmac
from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader
from pydantic import SecretStr

from service.dependencies import Services, services
from service.errors import KeyMissing, KeyRefused

_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="Needed where the service was given keys.")


def _among(key: str, keys: Iterable[SecretStr]) -> bool:
    given = key.encode()
    # all of them, always: the time taken must not tell which key was near
    return any([hmac.compare_digest(given, known.get_secret_value().encode()) for known in keys])  # noqa: C419  # a list, so that every key is compared


def may_read(parts: Annotated[Services, Depends(services)], key: Annotated[str | None, Security(_header)] = None) -> None:
    """Any known key, where keys are set."""
    settings = parts.settings
    if not (settings.api_keys or settings.admin_keys):
        return
    if key is None:
        raise KeyMissing("send a key in the header X-API-Key")
    if not _among(key, (*settings.api_keys, *settings.admin_keys)):
        raise KeyRefused("the key in X-API-Key is not known")


def may_write(parts: Annotated[Services, Depends(services)], key: Annotated[str | None, Security(_header)] = None) -> None:
    """An administrator's key, where any keys are set."""
    may_read(parts, key)
    settings = parts.settings
    if (settings.api_keys or settings.admin_keys) and not _among(key or "", settings.admin_keys):
        raise KeyRefused("this needs an administrator's key (IIAE_ADMIN_KEYS)")


def ask(route: object, parts: Services, key: str | None) -> None:
    """What `READ` and `WRITE` ask of a route's callers, whenever it is called."""
    for each in getattr(route, "dependencies", ()):
        if each.dependency in (may_read, may_write):
            each.dependency(parts, key)


READ = [Depends(may_read)]
WRITE = [Depends(may_write)]
