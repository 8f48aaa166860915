"""API keys: who may call which operation.

Keys are sent in the header `X-API-Key`. They are compared in constant time and never logged.
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


def require_any_key(services: ServicesDep, key: Annotated[str | None, Security(_header)] = None) -> None:
    """Require a known API key, if the service has keys."""
    settings = services.settings
    if settings.keyless:
        return
    if key is None:
        raise KeyMissing("this service requires an API key; send it in the header X-API-Key")
    if not _is_among(key, (*settings.api_keys, *settings.admin_keys)):
        raise KeyRefused("the API key in the header X-API-Key is unknown; check the key")


def require_admin_key(services: ServicesDep, key: Annotated[str | None, Security(_header)] = None) -> None:
    """Require an administrator's API key, if the service has keys."""
    require_any_key(services, key)
    settings = services.settings
    if not settings.keyless and not _is_among(key or "", settings.admin_keys):
        raise KeyRefused("this operation requires an administrator's key; send one of IIAE_ADMIN_KEYS")


def check_key(route: object, services: Services, key: str | None) -> None:
    """Check the key as the dependencies `READ` or `WRITE` of a route will check it later.

    Raises:
        KeyMissing: the route requires a key.
        KeyRefused: the key does not allow this operation.
    """
    for dependency in getattr(route, "dependencies", ()):
        if dependency.dependency in (require_any_key, require_admin_key):
            dependency.dependency(services, key)


def _is_among(key: str, known_keys: Iterable[SecretStr]) -> bool:
    candidate = key.encode()
    # A list, not a generator: `any` must not stop early, or the duration would reveal which key matched.
    return any([hmac.compare_digest(candidate, known.get_secret_value().encode()) for known in known_keys])  # noqa: C419  # see above


READ = [Depends(require_any_key)]
WRITE = [Depends(require_admin_key)]
