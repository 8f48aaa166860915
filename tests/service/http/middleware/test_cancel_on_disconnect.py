"""Cancellation of requests whose client has disconnected."""

import asyncio

import pytest
from asgi import Exchange, respond

from service.http.middleware.cancel_on_disconnect import CancelOnDisconnect


class TestCancelWhenGone:
    def test_a_handler_ends_when_its_client_goes(self):
        ended = []

        async def app(scope, receive, send):
            await receive()
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                ended.append(True)

        async def check() -> Exchange:
            exchange = Exchange()
            task = asyncio.create_task(exchange.through(CancelOnDisconnect(app)))
            await asyncio.sleep(0.01)
            exchange.gone.set()
            return await asyncio.wait_for(task, 1)

        assert asyncio.run(check()).sent == []
        assert ended

    def test_who_goes_in_the_midst_of_a_body_is_sent_nothing(self):
        async def app(scope, receive, send):
            await receive()
            assert (await receive())["type"] == "http.disconnect"
            await respond(send, 400)

        exchange = Exchange([b"a"], unending=True)
        exchange.gone.set()
        asyncio.run(exchange.through(CancelOnDisconnect(app)))
        assert exchange.sent == []

    def test_what_a_handler_does_after_its_answer_is_not_cut_off(self):
        ended = []

        async def app(scope, receive, send):
            await receive()
            await respond(send)
            await asyncio.sleep(0.05)  # closes files, say
            ended.append(True)

        asyncio.run(Exchange().through(CancelOnDisconnect(app)))
        assert ended

    def test_a_handler_is_over_before_the_server_hears_that_it_was_cut_off(self):
        ended = []

        async def app(scope, receive, send):
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0.01)
                ended.append(True)

        async def check() -> None:
            task = asyncio.create_task(Exchange().through(CancelOnDisconnect(app)))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert ended

        asyncio.run(check())

    def test_errors_come_through(self):
        async def app(scope, receive, send):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            asyncio.run(Exchange().through(CancelOnDisconnect(app)))
