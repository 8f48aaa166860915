"""Import every module of `model` and `service`, to see that an image has all that they need.

    docker compose run --rm --entrypoint python trainer - < docker/imports.py

Prints the number of modules. Raises the error of the first module that cannot be imported.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator


def modules(package: str) -> Iterator[str]:
    """Yield the names of a package and of all modules in it."""
    yield package
    folders = importlib.import_module(package).__path__
    for found in pkgutil.walk_packages(folders, prefix=f"{package}."):
        yield found.name


names = [name for package in ("model", "service") for name in modules(package)]
for name in names:
    # `__main__` would run the program.
    if not name.endswith(".__main__"):
        importlib.import_module(name)
print(f"Python {sys.version.split()[0]} imports {len(names)} modules")
