"""Print requirements of pyproject.toml, one a line: `python requirements.py serve cpu`.

`serve` stands for the dependencies of the project, any other name for an extra. The images install from
these lists, so their layer of dependencies is rebuilt only when a dependency changes.
"""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
groups = {"serve": project["dependencies"], **project["optional-dependencies"]}
print(*(requirement for group in sys.argv[1:] for requirement in groups[group]), sep="\n")
