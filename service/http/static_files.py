"""Static files that change only with an upgrade: the page, its samples, and the documentation's scripts."""

from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles


class RevalidatedFiles(StaticFiles):
    """Static files that browsers revalidate on each use, by ETag.

    Without it, a browser could mix old and new modules after an upgrade.
    """

    def file_response(self, *args: Any, **kwargs: Any) -> Response:  # passes on whatever Starlette passes
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
