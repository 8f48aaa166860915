"""Command-line options that the benchmarks of sketch models share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option(help="Folder with photo/<class>/ and sketch/<class>/.")]
Unseen = Annotated[str, typer.Option(help="sketchy-25, sketchy-21 or a file of class names.")]
Name = Annotated[str, typer.Option("--checkpoint", help="A checkpoint's name or folder.")]
Home = Annotated[Path, typer.Option(envvar="IIAE_HOME")]
