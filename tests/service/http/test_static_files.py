"""Static files are revalidated by their contents, so an upgrade never mixes old and new files."""

import asyncio
import os
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from service.http.static_files import RevalidatedFiles


def get(folder: Path, etag: str | None = None) -> httpx.Response:
    """Request main.js of a folder from a new app."""
    app = Starlette()
    app.mount("/", RevalidatedFiles(folder))

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get("/main.js", headers={"If-None-Match": etag} if etag else {})

    return asyncio.run(send())


@pytest.mark.parametrize("path", ["/static/shell/main.js", "/docs/static/swagger-ui-bundle.js", "/"])
def test_browsers_revalidate_what_an_upgrade_can_change(client: httpx.Client, path: str):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


def test_a_file_of_the_same_size_and_time_with_other_contents_is_sent_again(tmp_path):
    script = tmp_path / "main.js"
    script.write_text("old()")
    os.utime(script, (0, 0))
    etag = get(tmp_path).headers["etag"]
    script.write_text("new()")
    os.utime(script, (0, 0))
    assert get(tmp_path, etag).text == "new()"


def test_an_unchanged_file_is_not_sent_again(tmp_path):
    (tmp_path / "main.js").write_text("same()")
    etag = get(tmp_path).headers["etag"]
    again = get(tmp_path, etag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
