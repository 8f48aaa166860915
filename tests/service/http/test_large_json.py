"""JSON that is written in parts equals pydantic's."""

import asyncio
import threading
import time

from service.http.large_json import json_response, to_json_in_parts
from service.http.schemas import HitOut, PhotoPage, SearchResult


def hits(count: int, metadata: dict) -> SearchResult:
    found = [
        HitOut(id=i, score=0.1 * i, grade=None, label="é", url="/x", metadata=metadata) for i in range(count)
    ]
    return SearchResult(gallery="g", model="m", scores="cosine", hits=found)


def test_parts_are_written_as_by_pydantic():
    for body in (hits(0, {}), hits(3, {"a": [1, 0.5, None, {"ü": True}]}), PhotoPage(photos=[], next=None)):
        assert to_json_in_parts(body) == body.model_dump_json().encode()


def test_the_event_loop_runs_while_a_large_response_is_built():
    body, delays = hits(1000, {"a": list(range(4000))}), []

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            delays.append(time.perf_counter() - began)

    async def check() -> None:
        beating = asyncio.create_task(beat())
        threads = []

        def build() -> SearchResult:
            threads.append(threading.current_thread())
            return body

        response = await json_response(build, status=201)
        beating.cancel()
        assert (response.status_code, response.media_type) == (201, "application/json")
        assert threads != [threading.main_thread()]

    asyncio.run(check())
    assert len(delays) > 3
