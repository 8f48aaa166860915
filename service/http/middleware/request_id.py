"""Request ids: the header `X-Request-ID` of requests and responses, from the library asgi-correlation-id."""

import random
import re

from asgi_correlation_id import CorrelationIdMiddleware
from starlette.middleware import Middleware

HEADER = "X-Request-ID"
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id_middleware() -> Middleware:
    """Return the middleware that gives every request an id and every response the header `X-Request-ID`.

    It keeps a client's id of up to 64 letters, digits, dots, underscores and hyphens. It replaces any
    other id, because ids end up in logs and response headers.

    The check is a transformer, not a validator: the library logs a warning whenever a validator fails, and
    clients could fill the log with them.
    """
    return Middleware(
        CorrelationIdMiddleware,
        header_name=HEADER,
        generator=_new_id,
        validator=None,
        transformer=valid_or_new,
    )


def valid_or_new(candidate: str) -> str:
    """Return the id that a client sent if it is valid, otherwise a new one."""
    return candidate if _VALID_ID.fullmatch(candidate) else _new_id()


def _new_id() -> str:
    """Return 32 random hexadecimal digits. Ids are no secrets, so no system call is needed."""
    return f"{random.getrandbits(128):032x}"
