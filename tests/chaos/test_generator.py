"""The load generator: it counts from the scheduled time, and never waits for answers in an open loop."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from benchmarks.chaos.load import generator, requests
from benchmarks.chaos.load.connections import NO_ANSWER, Connections
from benchmarks.chaos.load.generator import Outcome, arrivals, closed_loop, goodput, open_loop, percentile
from benchmarks.chaos.scenarios.overload import Steps

DELAY = 0.2


@asynccontextmanager
async def slow_server():
    """An HTTP server that answers each request after a while."""

    async def answer(reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(DELAY)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def request(number: int) -> bytes:
    return requests.get(f"/{number}")


def test_an_open_loop_does_not_wait_for_answers():
    async def run():
        async with slow_server() as port:
            return await open_loop(port, request, arrivals(rate=50, seconds=1))

    outcomes = asyncio.run(run())
    assert [each.status for each in outcomes] == [200] * 50
    assert all(each.latency >= DELAY for each in outcomes)
    assert sorted(each.started for each in outcomes) == [number / 50 for number in range(50)]


def test_a_closed_loop_waits_for_each_answer():
    async def run():
        async with slow_server() as port:
            return await closed_loop(port, request, clients=2, seconds=1)

    assert 2 <= len(asyncio.run(run())) <= 12


def test_a_lost_connection_is_status_0():
    async def run():
        async with slow_server() as port:
            pass
        return await open_loop(port, request, arrivals(rate=10, seconds=0.2))

    assert [each.status for each in asyncio.run(run())] == [0, 0]


def test_an_open_loop_counts_requests_without_an_answer(monkeypatch):
    monkeypatch.setattr(generator, "ANSWERED_WITHIN", DELAY / 2)

    async def run():
        async with slow_server() as port:
            return await open_loop(port, request, arrivals(rate=100, seconds=0.02))

    assert [each.status for each in asyncio.run(run())] == [0, 0]


def test_goodput_counts_good_answers_in_time():
    outcomes = [
        Outcome(number, status, started=number, latency=latency, answer=NO_ANSWER)
        for number, (status, latency) in enumerate([(200, 0.5)] * 8 + [(429, 0.1), (200, 50)])
    ]
    assert goodput(outcomes, 2, 10, deadline=10) == 6 / 8  # those that ended from second 2 to second 10


def test_percentiles_are_of_the_values():
    assert percentile([3, 1, 2, 4], 50) == 2
    assert percentile([3, 1, 2, 4], 99) == 4
    assert percentile([], 99) == 0


def test_a_request_on_a_connection_that_the_server_has_closed_is_sent_again():
    async def run():
        served = 0

        async def answer(reader, writer):
            nonlocal served
            await reader.readuntil(b"\r\n\r\n")
            served += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await reader.read(1)  # the next request: the connection is lost before it is answered
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            connections = Connections(server.sockets[0].getsockname()[1])
            answers = [await connections.ask(request(number), timeout=5) for number in range(3)]
            connections.close()
        return [each.status for each in answers], served

    assert asyncio.run(run()) == ([200] * 3, 3)


@pytest.mark.parametrize("part", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", b""])
def test_a_request_on_a_new_connection_is_sent_once(part):
    async def run():
        async def answer(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(part)
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            connections = Connections(server.sockets[0].getsockname()[1])
            return await connections.ask(request(0), timeout=5)

    assert asyncio.run(run()) == NO_ANSWER


def test_overload_measures_each_step_without_the_first():
    steps = Steps([5, 1, 2, 1], seconds=10)
    assert [steps.times(2)[index] for index in (0, 99, 100, 119, 120)] == [0, 9.9, 10, 19.5, 20]
    outcomes = [
        Outcome(number, 200, started=time, latency=0.1, answer=NO_ANSWER)
        for number, time in enumerate(steps.times(2))
    ]
    assert len(steps.sent(outcomes, 1)) == 40
    assert steps.sent(outcomes, 5) == []
    assert steps.goodputs(outcomes, 2) == pytest.approx([4], rel=0.05)
    assert steps.goodputs(outcomes, 1) == pytest.approx([2, 2], rel=0.05)
