"""Problem responses for bad `Range` headers."""

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.problems import problem


class RangeProblems:
    """Answer a bad `Range` header with a problem response. Starlette's own answer is plain text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "range" not in Headers(scope=scope):
            await self.app(scope, receive, send)
            return
        replaced = False

        async def send_or_replace(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                headers = Headers(raw=message["headers"])
                replaced = headers.get("content-type", "").startswith("text/plain")
                if replaced:
                    await _range_problem(message["status"], headers)(scope, receive, send)
            if not replaced:
                await send(message)

        await self.app(scope, receive, send_or_replace)


def _range_problem(status: int, headers: Headers) -> Response:
    if status == 416:
        content_range = headers["content-range"]
        size = content_range.rpartition("/")[2]
        return problem(
            416,
            "range_not_satisfiable",
            "Range is outside of the file",
            f"the requested range is outside of the file; the file has {size} bytes",
            headers={"Content-Range": content_range},
        )
    return problem(
        400,
        "range_malformed",
        "Range header is malformed",
        "the Range header cannot be parsed; send a range such as bytes=0-499",
    )
