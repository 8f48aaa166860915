"""Log lines name the request that they belong to."""

import json
import logging
import sys

import pytest
from asgi_correlation_id import correlation_id

from service.http.logs import configure_logging


@pytest.fixture
def log_to(capsys):
    """Configure logging, and restore the root logger afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for handler in handlers:
        root.removeHandler(handler)  # pytest's: `configure_logging` would close them
    token = correlation_id.set(None)

    def lines(*, as_json: bool, request_id: str | None) -> str:
        configure_logging(as_json=as_json)
        correlation_id.set(request_id)
        try:
            raise ZeroDivisionError("a message")
        except ZeroDivisionError:
            logging.getLogger("service.test").error("it %s", "failed", exc_info=sys.exc_info())
        return capsys.readouterr().err

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
