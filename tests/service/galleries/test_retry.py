"""A use case is tried again when its gallery is re-embedded, but not forever."""

import asyncio

import pytest

from service.errors import GalleryReindexed, PhotoNotFound
from service.galleries.retry import ATTEMPTS, retry_when_reindexed


def run(*outcomes: object) -> tuple[object, int]:
    """Run attempts with these outcomes. Return the result or the error, and the number of attempts."""
    remaining = list(outcomes)

    async def attempt() -> object:
        outcome = remaining.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    try:
        result: object = asyncio.run(retry_when_reindexed(attempt))
    except Exception as error:
        result = error
    return result, len(outcomes) - len(remaining)


def test_a_reembedded_gallery_is_tried_again():
    assert run(GalleryReindexed("again"), "found", "unused") == ("found", 2)


def test_the_last_attempt_fails():
    error, attempts = run(*[GalleryReindexed(str(number)) for number in range(ATTEMPTS + 1)])
    assert (str(error), attempts) == (str(ATTEMPTS - 1), ATTEMPTS)


@pytest.mark.parametrize("error", [PhotoNotFound("none"), ValueError("wrong")])
def test_other_errors_are_not_retried(error):
    assert run(error, "unused") == (error, 1)
