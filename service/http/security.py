"""API keys: who may call which operation.

Keys are sent in the header `X-API-Key`. They are compared in constant time and never logged.

The dependencies are coroutine functions: FastAPI would run plain functions in a thread, at every request.
"""

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader

from service.errors import KeyMissing, KeyRefused
from service.http.dependencies import Services, ServicesDep, require_ready
from service.settings import Settings

_header = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="API key; required if the service has keys."
)


@dataclass(frozen=True)
class Caller:
    """The owner of an API key.

    Args:
        name: name of the key.
        admin: whether the key may also change galleries and models.
    """

    name: str
    admin: bool


def find_caller(settings: Settings, sent: str | None) -> Caller | None:
    """Return the owner of the key that a request sent, or None if the key is absent or unknown."""
    if sent is None:
        return None
    candidate = sent.encode("utf-8", "replace")
    known = [(key, False) for key in settings.api_keys] + [(key, True) for key in settings.admin_keys]
    # A list, not a loop with a break: the duration must not reveal which key matched.
    matching = [
        Caller(key.name, admin)
        for key, admin in known
        if hmac.compare_digest(candidate, key.value.get_secret_value().encode())
    ]
    return matching[0] if matching else None


async def require_any_key(
    services: ServicesDep, key: Annotated[str | None, Security(_header)] = None
) -> None:
    """Require a known API key, if the service has keys."""
    _authorise(services.settings, key)


async def require_admin_key(
    services: ServicesDep, key: Annotated[str | None, Security(_header)] = None
) -> None:
    """Require an administrator's API key, if the service has keys."""
    _authorise(services.settings, key, admin=True)


def check_key(route: object, services: Services, key: str | None) -> None:
    """Check the key as the dependencies `READ` or `WRITE` of a route will check it later.

    Raises:
        KeyMissing: the route requires a key.
        KeyRefused: the key does not allow this operation.
    """
    required = {dependency.dependency for dependency in getattr(route, "dependencies", ())}
    if required & {require_any_key, require_admin_key}:
        _authorise(services.settings, key, admin=require_admin_key in required)


def _authorise(settings: Settings, key: str | None, *, admin: bool = False) -> None:
    if settings.keyless:
        return
    if key is None:
        raise KeyMissing("this service requires an API key; send it in the header X-API-Key")
    caller = find_caller(settings, key)
    if caller is None:
        raise KeyRefused("the API key in the header X-API-Key is unknown; check the key")
    if admin and not caller.admin:
        raise KeyRefused("this operation requires an administrator's key; send one of IIAE_ADMIN_KEYS")


READ_ALWAYS = [Depends(require_any_key)]
WRITE_ALWAYS = [Depends(require_admin_key)]
"""For operations that answer while the models are being loaded, too."""
READ = [*READ_ALWAYS, Depends(require_ready)]
WRITE = [*WRITE_ALWAYS, Depends(require_ready)]
