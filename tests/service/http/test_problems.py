"""Problem responses: their fields, and the headers that belong to a status."""

import json

from service.errors import KeyMissing, ParameterInvalid, ServiceError
from service.http.problems import problem, service_error_response


def test_a_problem_names_the_invalid_fields():
    response = problem(422, "code", "Title", "detail", errors=[("k", "too large")], headers={"X-A": "b"})
    assert response.media_type == "application/problem+json"
    assert (response.status_code, response.headers["x-a"]) == (422, "b")
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "Title",
        "status": 422,
        "detail": "detail",
        "code": "code",
        "errors": [{"field": "k", "message": "too large"}],
    }
    assert "errors" not in json.loads(problem(404, "code", "Title", "detail").body)


def test_headers_of_a_service_error_follow_from_its_status():
    error = ServiceError("the queue is full")
    error.retry_after = 7
    busy = service_error_response(error, {"Connection": "close"})
    assert (busy.headers["retry-after"], busy.headers["connection"]) == ("7", "close")
    assert "www-authenticate" not in busy.headers
    missing = service_error_response(KeyMissing("send a key"))
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, "ApiKey")
    assert "retry-after" not in missing.headers


def test_an_invalid_parameter_lists_its_errors():
    error = ParameterInvalid("k is too large", errors=(("k", "too large"),))
    body = json.loads(service_error_response(error).body)
    assert (body["status"], body["code"], body["detail"]) == (422, "parameter_invalid", "k is too large")
    assert body["errors"] == [{"field": "k", "message": "too large"}]


def test_long_texts_and_lists_are_cut_off():
    body = problem(422, "code", "Title", "é" * 10**6, errors=[("f" * 10**6, "m" * 10**6)] * 10**4).body
    assert len(body) < 200_000
    assert json.loads(body)["detail"].endswith("é…")
