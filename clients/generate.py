"""Makes the clients from the document that the service serves, as `make clients` does.

openapi.json               the document
python/iiae_client         by openapi-python-client, from `python/templates` and `python/generator.yaml`
typescript/src/generated   by @hey-api/openapi-ts, as `typescript/openapi-ts.config.ts` says
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from service.http.app import create_app
from service.settings import Settings

CLIENTS = Path(__file__).resolve().parent
TYPESCRIPT = CLIENTS / "typescript"
MADE = ("openapi.json", "python/iiae_client", "typescript/src/generated")


def write_document(into: Path) -> None:
    """The document, as text whose changes can be read."""
    document = create_app(Settings()).openapi()
    (into / "openapi.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def make_python(into: Path) -> None:
    """The Python client, of `into / "openapi.json"`."""
    package = into / "python/iiae_client"
    shutil.rmtree(package, ignore_errors=True)
    package.parent.mkdir(exist_ok=True)
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # ruff, which the generator calls
    subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", into / "openapi.json", "--output-path", package, "--meta", "none",
         "--config", CLIENTS / "python/generator.yaml", "--custom-template-path", CLIENTS / "python/templates", "--fail-on-warning"],
        check=True, env={**os.environ, "PATH": tools}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    (package / "py.typed").touch()


def make_typescript(into: Path) -> None:
    """The TypeScript client, of `into / "openapi.json"`."""
    install_typescript_tools()
    folder = into / "typescript"
    if folder != TYPESCRIPT:
        folder.mkdir()
        for name in ("openapi-ts.config.ts", "package.json"):
            shutil.copy(TYPESCRIPT / name, folder)
        (folder / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    subprocess.run(["npm", "run", "--silent", "generate"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def install_typescript_tools() -> None:
    """What `package-lock.json` names, by npm, unless it is there; one process at a time."""
    lock, installed = TYPESCRIPT / "package-lock.json", TYPESCRIPT / "node_modules/.package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                cwd=TYPESCRIPT,
                check=True,
            )
            installed.touch()


def main() -> None:
    """Makes all that is checked in."""
    if not shutil.which("npm"):
        raise SystemExit("npm is needed for the TypeScript client: install Node 20 or newer")
    write_document(CLIENTS)
    make_python(CLIENTS)
    make_typescript(CLIENTS)
    subprocess.run(["npm", "run", "--silent", "lint"], cwd=TYPESCRIPT, check=True)


if __name__ == "__main__":
    main()
