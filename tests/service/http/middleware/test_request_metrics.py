"""Counts and durations of requests."""

import asyncio

import pytest
from asgi import Exchange, respond

from service.http.middleware.request_metrics import RequestMetrics
from service.http.telemetry import Telemetry


class Route:
    path = "/galleries/{name}"


async def answer(scope, receive, send) -> None:
    scope["route"] = Route()
    await respond(send, 404)


async def answer_without_route(scope, receive, send) -> None:
    await respond(send, 404)


async def send_nothing(scope, receive, send) -> None:
    pass


def requests_counted(app, *exchanges: Exchange) -> dict[tuple[str, str, str], float]:
    """Send requests through the middleware and return the counts by method, route and status."""
    telemetry = Telemetry()
    for exchange in exchanges:
        asyncio.run(exchange.send_to(RequestMetrics(app, telemetry)))
    (family,) = telemetry.requests.collect()
    return {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for sample in family.samples
        if sample.name == "iiae_requests_total"
    }


def test_requests_are_counted_by_the_template_of_their_route():
    exchanges = [Exchange(path=f"/galleries/{name}") for name in ("a", "b", "c")]
    assert requests_counted(answer, *exchanges) == {("GET", "/galleries/{name}", "404"): 3}


def test_unknown_paths_share_one_label():
    exchanges = [Exchange(path=f"/nowhere/{number}") for number in range(3)]
    assert requests_counted(answer_without_route, *exchanges) == {("GET", "other", "404"): 3}


def test_unknown_methods_share_one_label():
    exchanges = [Exchange(method=method) for method in ("PROPFIND", "MKCOL", "X-1")]
    assert requests_counted(answer, *exchanges) == {("other", "/galleries/{name}", "404"): 3}


def test_a_request_without_a_response_counts_as_a_disconnect():
    assert requests_counted(send_nothing, Exchange()) == {("GET", "other", "499"): 1}


def test_an_exception_is_counted_and_raised():
    async def fail(scope, receive, send) -> None:
        raise ZeroDivisionError

    telemetry = Telemetry()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Exchange().send_to(RequestMetrics(fail, telemetry)))
    assert b'iiae_request_seconds_count{route="other"} 1.0' in telemetry.text()
