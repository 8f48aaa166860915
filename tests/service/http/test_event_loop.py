"""Heavy work of the routes runs in worker threads, not on the event loop. Trivial work needs no thread."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from serving import Server

from benchmarks.chaos.bodies import HOSTILE, HostileRequest, send
from benchmarks.loop_lag import attack, scrape
from service.http import openapi
from service.http.app import create_app
from service.http.dependencies import require_ready
from service.http.routes import photos, search
from service.http.schemas import SearchResult
from service.settings import Settings


class FakeService:
    """A use case with nothing to do."""

    async def search_by_sketches(self, *args: object, **options: object) -> SimpleNamespace:
        return SimpleNamespace()

    search = similar = search_by_sketches

    async def page(self, *args: object) -> list[object]:
        return []


def record_threads(function: Callable[..., object], threads: list[threading.Thread]) -> Callable[..., object]:
    def recording(*args: object) -> object:
        threads.append(threading.current_thread())
        return function(*args)

    return recording


def hits(results: object) -> SearchResult:
    return SearchResult(gallery="g", model="m", scores="cosine", hits=[])


@pytest.mark.parametrize(
    ("module", "name", "work", "request_arguments"),
    [
        (search, "search_result", hits, ("POST", "/sbir/search", {"files": {"sketch": b"x"}})),
        (search, "search_result", hits, ("POST", "/retrieve", {"files": {"image": b"x"}})),
        (photos, "search_result", hits, ("GET", "/galleries/g/photos/1/similar", {})),
        (photos, "_photo_page", photos._photo_page, ("GET", "/galleries/g/photos", {})),
        (openapi, "completed", openapi.completed, ("GET", "/openapi.json", {})),
    ],
    ids=["search", "retrieve", "similar", "photos", "openapi"],
)
def test_large_responses_are_built_in_a_thread(tmp_path, monkeypatch, module, name, work, request_arguments):
    threads: list[threading.Thread] = []
    monkeypatch.setattr(module, name, record_threads(work, threads))
    app = create_app(Settings(home=tmp_path, device="cpu"))
    app.state.services = replace(app.state.services, search=FakeService(), catalogue=FakeService())
    app.dependency_overrides[require_ready] = lambda: None
    method, path, options = request_arguments

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            return await client.request(method, path, **options)

    answer = asyncio.run(ask())
    assert answer.status_code == 200, answer.text
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def calls(dependant: Dependant) -> Iterator[Callable[..., object]]:
    assert dependant.call is not None
    yield dependant.call
    for dependency in dependant.dependencies:
        yield from calls(dependency)


def is_coroutine_function(call: Callable[..., object]) -> bool:
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(type(call).__call__)


def test_no_endpoint_or_dependency_needs_a_thread(tmp_path):
    app = create_app(Settings(home=tmp_path, device="cpu"))
    contexts = iter_route_contexts(app.routes)
    routes = [each.original_route for each in contexts if isinstance(each.original_route, APIRoute)]
    assert len(routes) > 20
    in_threads = {
        f"{call.__module__}.{call.__qualname__}"
        for route in routes
        for call in calls(route.dependant)
        if not is_coroutine_function(call)
    }
    assert in_threads == set()


@pytest.fixture(scope="module")
def server_without_models(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("empty")) as server:
        yield server.live()


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_request_does_not_block_the_event_loop(server_without_models, hostile: HostileRequest):
    outcome = attack(server_without_models, hostile, within=60)
    assert outcome.seconds < 30
    assert outcome.lag.blocked < 0.25  # the promise is 50 ms; other processes share the processor's cache


def test_many_hostile_forms_at_once_leave_the_event_loop_responsive(server_without_models):
    server = server_without_models
    slowest = next(hostile for hostile in HOSTILE if hostile.name == "file of almost last boundaries")
    with ThreadPoolExecutor(6) as senders:
        scrape(server)
        sent = [senders.submit(send, slowest, server.port, 5) for _ in range(6)]
        for each in sent:
            each.result()
        assert scrape(server).blocked < 0.25
