"""Pages of the documentation that are made of the code: the HTTP API, the command line and the settings.

MkDocs calls `on_files` before it reads the pages, and `on_post_build` after it has written them.
"""

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from mkdocs.config.defaults import MkDocsConfig  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402
from typer.cli import get_docs_for_click  # noqa: E402
from typer.main import get_command  # noqa: E402

from service.cli.commands import COMMANDS, MODEL_COMMANDS, app  # noqa: E402
from service.cli.serve import settings_help  # noqa: E402

SCRIPT = "redoc.standalone.js"
REDOC = f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>HTTP API - IIAE as a service</title>
    <style>body {{ margin: 0; }}</style>
  </head>
  <body>
    <div id="api"></div>
    <script src="{SCRIPT}"></script>
    <script>Redoc.init(DOCUMENT, {{}}, document.getElementById("api"));</script>
  </body>
</html>
"""
"""The page of the HTTP API. The document is in it, so the page can be opened as a file."""
API = """# HTTP API

<a class="md-button md-button--primary" href="redoc.html">Open the reference</a>

It is made from the OpenAPI document, which every server has at `/openapi.json`, with a console at `/docs`.
The clients in `clients/` are generated from the same document.

Requests are multipart forms, answers are JSON. An error is an `application/problem+json` with a stable
`code`, and a `detail` that says what is accepted. If the service has keys, send one in `X-API-Key`.

| call | what it does |
|---|---|
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for name, text in (("api.md", _api()), ("cli.md", _command_line()), ("settings.md", _settings())):
        files.append(File.generated(config, name, content=text))
    return files


def on_post_build(config: MkDocsConfig) -> None:
    """Write the reference of the HTTP API, with its script, so that it needs no other server."""
    import fastapi_offline

    site = Path(config.site_dir)
    shutil.copyfile(Path(fastapi_offline.__file__).parent / "static" / SCRIPT, site / SCRIPT)
    document = (ROOT / "clients" / "openapi.json").read_text().replace("</", "<\\/")
    (site / "redoc.html").write_text(REDOC.replace("DOCUMENT", document))


def _api() -> str:
    document = json.loads((ROOT / "clients" / "openapi.json").read_text())
    rows = [
        f"| `{method.upper()} {path}` | {operation['summary']} |"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return API + "\n".join(rows) + "\n"


def _command_line() -> str:
    program = get_command(app)
    context = program.make_context("iiae", [], resilient_parsing=True)
    parts = [
        "# Command line\n\n`iiae --install-completion` sets up your shell to complete commands and options.\n"
    ]
    for name, entry in (COMMANDS | MODEL_COMMANDS).items():
        command = entry.load()
        command.name = name
        parts.append(get_docs_for_click(obj=command, ctx=context, indent=1, name=name, call_prefix="iiae"))
    return "\n".join(parts).replace(str(Path.home()), "~")


def _settings() -> str:
    text = settings_help().replace(str(Path.home()), "~")
    return f"# Settings\n\n{text}\n"
