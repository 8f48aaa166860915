"""Command-line options that the benchmarks of sketch models share."""

from pathlib import Path
from typing import Annotated

import typer

from model.home import VARIABLE, default_home

Data = Annotated[Path, typer.Option(help="Folder with photo/<class>/ and sketch/<class>/.")]
Unseen = Annotated[str, typer.Option(help="sketchy-25, sketchy-21 or a file of class names.")]
Name = Annotated[str, typer.Option("--checkpoint", help="A checkpoint's name or folder.")]
Home = Annotated[Path, typer.Option(envvar=VARIABLE, help="Folder with checkpoints/ and galleries/.")]
DEFAULT_HOME = default_home()
