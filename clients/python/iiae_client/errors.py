"""The error that calls raise."""

from typing import NoReturn

import httpx

from .models import FieldProblem, Problem


class ProblemError(Exception):
    """The service rejected a request, or failed.

    `code` is stable, for programs; `detail` is for people. With `request_id` the operator finds the request in the logs.
    """

    def __init__(self, problem: Problem, retry_after: int | None = None) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem
        self.retry_after = retry_after
        """Seconds to wait before a retry, if the service gave a time."""

    @property
    def status(self) -> int:
        return self.problem.status

    @property
    def code(self) -> str:
        return self.problem.code

    @property
    def title(self) -> str:
        return self.problem.title

    @property
    def detail(self) -> str:
        return self.problem.detail

    @property
    def request_id(self) -> str | None:
        return self.problem.request_id

    @property
    def errors(self) -> list[FieldProblem]:
        return self.problem.errors or []


def fail(response: httpx.Response) -> NoReturn:
    """Raise ProblemError. If a proxy answered instead of the service, `code` is its status, such as `http_502`."""
    wait = response.headers.get("Retry-After", "")
    try:
        problem = Problem.from_dict(response.json())
    except (ValueError, KeyError, TypeError):
        code, request_id = f"http_{response.status_code}", response.headers.get("X-Request-ID")
        problem = Problem(title=response.reason_phrase, status=response.status_code, detail=response.text[:1000], code=code, request_id=request_id)
    raise ProblemError(problem, int(wait) if wait.isdecimal() else None)


__all__ = ["ProblemError", "fail"]
