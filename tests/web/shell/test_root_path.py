"""The page below a path, behind a real nginx that removes the path or not: all its links are relative."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browsing import PHOTOS, Served, draw, until
from playwright.sync_api import Page, expect

from service.settings import Settings

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 404; }}
        location /iiae/ {{ proxy_pass {service}{rest}; proxy_set_header Host $http_host; }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, service: str, rest: str) -> Iterator[str]:
    """The address of an nginx that passes /iiae/ on to a service; with `rest`, it replaces the path by it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, service=service, rest=rest))
    process = subprocess.Popen([str(NGINX), "-c", str(file), "-e", str(folder / "error.log")])
    try:
        for _ in range(100):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed; run apt-get install nginx-light")
@pytest.mark.parametrize("rest", ["", "/"], ids=["path kept", "path removed"])
def test_the_page_works_below_a_path(home: Path, origin: str, blank: Page, tmp_path: Path, rest: str) -> None:
    asked: list[str] = []
    blank.on("request", lambda request: asked.append(request.url))
    served = Served(Settings(home=home, root_path="/iiae"))
    with nginx(tmp_path, served.start(), rest) as proxy:
        below = f"{proxy}/iiae"
        try:
            blank.goto(below)
            draw(blank, (0.2, 0.2), (0.8, 0.3))
            expect(blank.locator("#hits li")).to_have_count(PHOTOS)
            until(
                blank, "[...document.querySelectorAll('#hits img')].every((image) => image.naturalWidth > 0)"
            )
            blank.locator("#hits li").first.click()
            until(blank, "document.getElementById('viewer-image').naturalWidth === 48")
            blank.keyboard.press("Escape")
            blank.get_by_role("button", name="Browse").click()
            expect(blank.locator("#browse-photos li")).to_have_count(PHOTOS)
            outside = [url for url in asked if not url.startswith((f"{below}/", "blob:", "data:"))]
            assert outside == [below]  # which nginx redirects to the page
        finally:
            served.stop()
