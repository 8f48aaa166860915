"""Log lines name the request that they belong to."""

import json
import logging
import sys

import pytest
from asgi_correlation_id import correlation_id

from service.http.logs import configure_logging


@pytest.fixture
def log_to(capfd):
    """Configure logging, and restore the root logger afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for handler in handlers:
        root.removeHandler(handler)  # pytest's: `configure_logging` would close them
    token = correlation_id.set(None)

    def lines(*, as_json: bool, request_id: str | None, message: str = "failed") -> str:
        log = configure_logging(as_json=as_json)
        correlation_id.set(request_id)
        try:
            raise ZeroDivisionError("a message")
        except ZeroDivisionError:
            logging.getLogger("service.test").error("it %s", message, exc_info=sys.exc_info())
        log.close()
        return capfd.readouterr().err

    yield lines
    correlation_id.reset(token)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_text_lines_have_the_request_id(log_to):
    assert "ERROR service.test [my-id]: it failed" in log_to(as_json=False, request_id="my-id")


def test_text_lines_outside_of_requests_have_a_dash(log_to):
    assert "ERROR service.test [-]: it failed" in log_to(as_json=False, request_id=None)


def test_json_lines_have_the_request_id_and_the_exception(log_to):
    entry = json.loads(log_to(as_json=True, request_id="my-id"))
    assert (entry["level"], entry["logger"], entry["message"]) == ("ERROR", "service.test", "it failed")
    assert entry["request_id"] == "my-id"
    assert "ZeroDivisionError: a message" in entry["exception"]


def test_json_lines_outside_of_requests_have_no_request_id(log_to):
    assert "request_id" not in json.loads(log_to(as_json=True, request_id=None))


def test_the_text_of_a_client_cannot_look_like_another_entry(log_to):
    text = "failed\n2026-01-01 INFO service.access [-]: GET / 200\x1b[2J\u2028"
    lines = log_to(as_json=False, request_id=None, message=text).splitlines()
    assert lines[0].endswith(r"failed\n2026-01-01 INFO service.access [-]: GET / 200\x1b[2J\u2028")
    assert lines[1] == "Traceback (most recent call last):"
    assert json.loads(log_to(as_json=True, request_id=None, message=text))["message"] == f"it {text}"
