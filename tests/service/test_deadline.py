"""Deadlines of requests: what they allow, and how tasks share them."""

import asyncio

from service.deadline import Deadline, current_deadline, remaining, shared_deadline, start_deadline


def test_code_outside_of_a_request_has_no_deadline() -> None:
    assert remaining() == float("inf")
    assert current_deadline().allows(1e9)


def test_started_deadline_applies_to_new_tasks() -> None:
    async def check() -> None:
        start_deadline(5)

        async def child() -> float:
            return remaining()

        assert 4 < await asyncio.create_task(child()) <= 5

    asyncio.run(check())


def test_deadline_can_only_be_extended() -> None:
    deadline = Deadline(10)
    deadline.extend(20)
    deadline.extend(15)
    assert deadline.at == 20


def test_passed_deadline_allows_nothing() -> None:
    with shared_deadline(Deadline(0)):
        assert remaining() < 0
        assert not current_deadline().allows(0)


def test_wrong_estimate_does_not_drop_work_that_has_time() -> None:
    async def check() -> None:
        deadline = start_deadline(2)
        assert deadline.allows(1000)

    asyncio.run(check())
