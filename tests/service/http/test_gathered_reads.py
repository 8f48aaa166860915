"""Under overload, new requests are read together; nothing that was held back is lost."""

import asyncio

from service.http.gathered_reads import GATHER_SECONDS, GatheredReads


class Connection:
    def __init__(self) -> None:
        self.data = b""

    def read_held(self, data: bytes) -> None:
        self.data += data


def test_nothing_is_held_back_without_overload():
    connection = Connection()
    assert not GatheredReads(lambda: False).hold(connection, b"GET")
    assert connection.data == b""


def test_readers_get_their_data_together():
    async def check():
        reads, first, second = GatheredReads(lambda: True), Connection(), Connection()
        assert reads.hold(first, b"one")
        await asyncio.sleep(GATHER_SECONDS / 3)
        assert reads.hold(second, b"two")
        assert (first.data, second.data) == (b"", b"")
        await asyncio.sleep(2 * GATHER_SECONDS)
        assert (first.data, second.data) == (b"one", b"two")
        assert reads.hold(first, b"three")
        await asyncio.sleep(2 * GATHER_SECONDS)
        assert first.data == b"onethree"

    asyncio.run(check())


def test_taken_data_is_not_handed_out_again():
    async def check():
        reads, connection = GatheredReads(lambda: True), Connection()
        reads.hold(connection, b"one")
        assert reads.take(connection) == b"one"
        assert reads.take(connection) == b""
        await asyncio.sleep(2 * GATHER_SECONDS)
        assert connection.data == b""

    asyncio.run(check())
