"""Generate the clients from the service's OpenAPI document: `make clients`.

openapi.json               the document
python/iiae_client         by openapi-python-client, with `python/templates` and `python/generator.yaml`
typescript/src/generated   by @hey-api/openapi-ts, with `typescript/openapi-ts.config.ts`
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


def write_document(folder: Path) -> None:
    """Write openapi.json to a folder, indented for readable diffs."""
    document = create_app(Settings()).openapi()
    (folder / "openapi.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def generate_python(folder: Path) -> None:
    """Generate the Python client in a folder from its openapi.json."""
    package = folder / "python/iiae_client"
    shutil.rmtree(package, ignore_errors=True)
    package.parent.mkdir(exist_ok=True)
    arguments = {
        "--path": folder / "openapi.json",
        "--output-path": package,
        "--meta": "none",
        "--config": CLIENTS / "python/generator.yaml",
        "--custom-template-path": CLIENTS / "python/templates",
    }
    words = [str(word) for pair in arguments.items() for word in pair]
    # The generator calls ruff, which is installed beside this Python.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", *words, "--fail-on-warning"],
        check=True,
        env={**os.environ, "PATH": path},
        stdout=subprocess.DEVNULL,
    )
    (package / "py.typed").touch()


def generate_typescript(folder: Path) -> None:
    """Generate the TypeScript client in a folder from its openapi.json."""
    install_typescript_tools()
    target = folder / "typescript"
    if target != TYPESCRIPT:
        target.mkdir()
        for name in ("openapi-ts.config.ts", "package.json"):
            shutil.copy(TYPESCRIPT / name, target)
        (target / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    subprocess.run(["npm", "run", "--silent", "generate"], cwd=target, check=True, stdout=subprocess.DEVNULL)


def install_typescript_tools() -> None:
    """Install the packages of `package-lock.json` unless they are up to date, one process at a time."""
    lock = TYPESCRIPT / "package-lock.json"
    installed = TYPESCRIPT / "node_modules/.package-lock.json"
    with lock.open() as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=TYPESCRIPT, check=True)
        installed.touch()


def main() -> None:
    """Generate everything in this folder, then lint the document."""
    if not shutil.which("npm"):
        raise SystemExit("npm is not on the PATH; run `make clients`, which installs Node.js")
    write_document(CLIENTS)
    generate_python(CLIENTS)
    generate_typescript(CLIENTS)
    subprocess.run(["npm", "run", "--silent", "lint"], cwd=TYPESCRIPT, check=True)


if __name__ == "__main__":
    main()
