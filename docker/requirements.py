"""Prints what pyproject.toml asks for, a line each, so that an image's layer of dependencies changes with them alone.

python requirements.py serve cpu      # `serve` stands for the dependencies that everything has, the rest are extras
"""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
groups = {"serve": project["dependencies"], **project["optional-dependencies"]}
print(*(line for group in sys.argv[1:] for line in groups[group]), sep="\n")
