"""The last resort for exceptions that no handler caught."""

import asyncio
import logging

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import NotReady, ServiceError
from service.http.problems import problem, service_error_response
from service.http.request_record import path_of
from service.storage import storage_error
from service.tracebacks import drop_tracebacks

logger = logging.getLogger(__name__)


class UnhandledErrors:
    """Answer unexpected exceptions, and requests cut off at shutdown, with a problem response.

    This is not an exception handler, because Starlette runs the handler for `Exception` outside of all
    middleware and then raises the exception again. Such responses would have no request id, and metrics would
    miss them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        response_started = False

        async def send_and_record(message: Message) -> None:
            nonlocal response_started
            response_started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_record)
        except (Exception, asyncio.CancelledError) as error:
            if response_started:  # close the connection: half a response must not look complete
                raise
            response = _response_to(scope, error)
            drop_tracebacks(error)  # their frames hold the request's files
            await response(scope, receive, send)


def _response_to(scope: Scope, error: BaseException) -> Response:
    if isinstance(error, ServiceError):
        return service_error_response(error)
    if (refused := storage_error(error)) is not None:
        logger.error("the disk failed in %s %s: %s", scope["method"][:20], path_of(scope), error)
        return service_error_response(refused)
    if isinstance(error, asyncio.CancelledError):  # only the server cancels, after the drain timeout
        return service_error_response(
            NotReady("the service is stopping and did not finish this request; send it again")
        )
    logger.error("unexpected error in %s %s", scope["method"][:20], path_of(scope), exc_info=error)
    return problem(
        500, ServiceError.code, ServiceError.title, "an unexpected error occurred; the server has logged it"
    )
