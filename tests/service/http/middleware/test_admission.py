"""Deadlines: when they start and end, how clients shorten them, and what happens after them."""

import asyncio
import json

import httpx
import pytest
from asgi import respond
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.deadline import current_deadline, remaining
from service.errors import GalleryBusy
from service.http.controls import Controls
from service.http.middleware.admission import Admission, Deadlines, preferred_wait
from service.http.middleware.unhandled_errors import UnhandledErrors
from service.inference.admission import add_work


async def read_body(receive: Receive) -> None:
    while (await receive()).get("more_body", False):
        pass


def protected(app: ASGIApp, *, seconds: float = 0.2, controls: Controls | None = None) -> ASGIApp:
    controls, deadlines = controls or Controls(), Deadlines(seconds=seconds, change_seconds=30)
    return UnhandledErrors(Admission(app, controls=controls, deadlines=deadlines))


def request(
    app: ASGIApp, method: str = "POST", path: str = "/translate", **options: object
) -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path, **options)  # type: ignore[arg-type]

    return asyncio.run(send())


def sleeping(seconds: float, cancelled: list[bool]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        await respond(send)

    return app


def test_request_that_is_late_is_cancelled_and_gets_503() -> None:
    cancelled: list[bool] = []
    controls = Controls()
    answer = request(protected(sleeping(30, cancelled), controls=controls), content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (503, "deadline_exceeded")
    assert answer.headers["Retry-After"] == "1"
    assert cancelled == [True]
    assert (controls.computing.in_flight, controls.computing.late) == (0, 1)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/galleries"), ("POST", "/sbir/search"), ("POST", "/embed")]
)
def test_reading_and_computing_have_the_short_deadline(method: str, path: str) -> None:
    assert request(protected(sleeping(30, [])), method, path).status_code == 503


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/galleries/g/photos"), ("DELETE", "/galleries/g"), ("POST", "/models/reload")],
)
def test_changes_have_the_long_deadline(method: str, path: str) -> None:
    assert request(protected(sleeping(0.5, [])), method, path).status_code == 200


def test_upload_time_does_not_count() -> None:
    async def slow_body():
        for _ in range(5):
            await asyncio.sleep(0.1)
            yield b"part"

    assert request(protected(sleeping(0, [])), content=slow_body()).status_code == 200


def test_sending_the_response_does_not_count() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.5)
        await send({"type": "http.response.body", "body": b"late"})

    assert request(protected(app), "GET").content == b"late"


def test_client_shortens_the_deadline() -> None:
    answer = request(protected(sleeping(30, []), seconds=20), headers={"Prefer": "wait=0.1"})
    assert answer.status_code == 503
    assert "0.1 s" in answer.json()["detail"]


def test_client_cannot_lengthen_the_deadline() -> None:
    assert request(protected(sleeping(30, [])), headers={"Prefer": "wait=1000"}).status_code == 503


def test_applied_preference_is_confirmed() -> None:
    answer = request(protected(sleeping(0, []), seconds=20), headers={"Prefer": "wait=5"})
    assert answer.headers["Preference-Applied"] == "wait=5"
    assert "Preference-Applied" not in request(protected(sleeping(0, []))).headers


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=3", 3.0),
        ("respond-async, wait=2.5", 2.5),
        ('return=minimal; foo="some", WAIT = "7"', 7.0),
        ("wait=-1", None),
        ("wait=abc", None),
        ("await=3", None),
        ("wait=0", 0),
        ("respond-async;wait=3", None),
        ('foo="a, wait=0.001"', None),
        ('foo="a, wait=0.001", wait="3"', 3),
        ("wait=3, wait=4", 3),
        ("x" * 1000 + ", wait=3", None),
        ("wait=1e9", None),
        ("", None),
    ],
)
def test_preferences(header: str, seconds: float | None) -> None:
    assert preferred_wait(Headers({"prefer": header})) == seconds


def test_preferences_may_have_several_lines() -> None:
    headers = Headers(raw=[(b"prefer", b"respond-async"), (b"prefer", b"wait=3")])
    assert preferred_wait(headers) == 3


def test_a_wait_of_zero_is_applied() -> None:
    answer = request(protected(sleeping(0.05, [])), content=b"x", headers={"Prefer": "wait=0"})
    assert (answer.status_code, answer.json()["code"]) == (503, "deadline_exceeded")


def test_a_change_without_a_body_has_a_deadline() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(30)  # it never receives the body

    answer = request(protected(app), path="/models/reload", headers={"Prefer": "wait=0.2"})
    assert (answer.status_code, answer.json()["code"]) == (503, "deadline_exceeded")


def test_handler_sees_its_deadline() -> None:
    seen: list[float] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        seen.append(remaining())
        await respond(send)

    request(protected(app, seconds=5))
    assert 4 < seen[0] <= 5


def overloaded(count: int) -> Controls:
    controls = Controls()
    for _ in range(count):
        controls.computing.add_work(controls.computing.enter("/translate"), 1)
    return controls


def test_other_requests_are_admitted_while_the_model_is_overloaded() -> None:
    app = protected(sleeping(0, []), seconds=10, controls=overloaded(1000))
    assert request(app, "GET", "/health/live").status_code == 200
    assert request(app, "POST", "/galleries/g/photos").status_code == 200


def test_bodies_that_complete_together_are_checked_again() -> None:
    """All requests pass the door while nothing is in flight. Only some may start."""
    controls, started = Controls(), 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal started
        await read_body(receive)
        started += 1
        await asyncio.sleep(0.05)
        await respond(send)

    async def check() -> list[int]:
        together, statuses = asyncio.Event(), list[int]()
        admission = Admission(app, controls=controls, deadlines=Deadlines(seconds=1, change_seconds=1))

        async def receive() -> Message:
            await together.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def one() -> None:
            scope = {"type": "http", "method": "POST", "path": "/embed", "headers": []}
            try:
                await admission(scope, receive, send)
            except Exception as error:
                statuses.append(error.status_code)  # type: ignore[attr-defined]

        tasks = [asyncio.create_task(one()) for _ in range(100)]
        await asyncio.sleep(0.01)
        together.set()
        await asyncio.gather(*tasks)
        return statuses

    statuses = asyncio.run(check())
    assert statuses.count(200) == started < 20
    assert statuses.count(429) == 100 - started


def test_refused_requests_leave_no_ticket() -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        await respond(send, 422, json.dumps({}).encode())

    controls = Controls()
    request(protected(refuse, controls=controls))
    assert controls.computing.in_flight == 0


def test_request_that_waited_for_a_locked_gallery_does_not_make_others_be_refused() -> None:
    def locked(seconds: float) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await read_body(receive)
            add_work(1)
            await asyncio.sleep(seconds)
            current_deadline().blocked = True
            raise GalleryBusy("locked")

        return app

    controls = Controls()
    before = controls.computing.cost("/sbir/search")
    app = protected(locked(0.5), seconds=10, controls=controls)
    answer = request(app, path="/sbir/search", content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (503, "gallery_busy")
    assert controls.computing.cost("/sbir/search") == before
