"""API keys: who may call which operation.

Keys are sent in the header `X-API-Key`. They are compared in constant time and never logged.

The dependencies are coroutine functions: FastAPI would run plain functions in a thread, at every request.
"""

import hmac
from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader
from pydantic import SecretStr

from service.errors import KeyMissing, KeyRefused
from service.http.dependencies import Services, ServicesDep

_header = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="API key; required if the service has keys."
)


async def require_any_key(
    services: ServicesDep, key: Annotated[str | None, Security(_header)] = None
) -> None:
    """Require a known API key, if the service has keys."""
    _check_any_key(services, key)


async def require_admin_key(
    services: ServicesDep, key: Annotated[str | None, Security(_header)] = None
) -> None:
    """Require an administrator's API key, if the service has keys."""
    _check_admin_key(services, key)


def check_key(route: object, services: Services, key: str | None) -> None:
    """Check the key as the dependencies `READ` or `WRITE` of a route will check it later.

    Raises:
        KeyMissing: the route requires a key.
        KeyRefused: the key does not allow this operation.
    """
    for dependency in getattr(route, "dependencies", ()):
        if dependency.dependency is require_any_key:
            _check_any_key(services, key)
        elif dependency.dependency is require_admin_key:
            _check_admin_key(services, key)


def _check_any_key(services: Services, key: str | None) -> None:
    settings = services.settings
    if settings.keyless:
        return
    if key is None:
        raise KeyMissing("this service requires an API key; send it in the header X-API-Key")
    if not _is_among(key, (*settings.api_keys, *settings.admin_keys)):
        raise KeyRefused("the API key in the header X-API-Key is unknown; check the key")


def _check_admin_key(services: Services, key: str | None) -> None:
    _check_any_key(services, key)
    settings = services.settings
    if not settings.keyless and not _is_among(key or "", settings.admin_keys):
        raise KeyRefused("this operation requires an administrator's key; send one of IIAE_ADMIN_KEYS")


def _is_among(key: str, known_keys: Iterable[SecretStr]) -> bool:
    candidate = key.encode()
    # A list, not a generator: `any` must not stop early, or the duration would reveal which key matched.
    return any([hmac.compare_digest(candidate, known.get_secret_value().encode()) for known in known_keys])  # noqa: C419  # see above


READ = [Depends(require_any_key)]
WRITE = [Depends(require_admin_key)]
