"""Options that several commands share, each declared once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import torch
import typer
from PIL import Image

from model.home import VARIABLE, default_home

DeviceName = Literal["auto", "cpu", "cuda"]

Home = Annotated[Path, typer.Option(envvar=VARIABLE, help="Folder with checkpoints/, galleries/ and runs/.")]
DEFAULT_HOME = default_home()
Data = Annotated[Path, typer.Option(help="Folder of the data.")]
Unseen = Annotated[
    str | None, typer.Option(help="Text file of unseen class names, or sketchy-25 or sketchy-21.")
]
CheckpointName = Annotated[
    str, typer.Argument(metavar="CHECKPOINT", help="Name of a checkpoint, or its folder.")
]
Device = Annotated[
    DeviceName, typer.Option(help="Where to compute; auto takes a CUDA device if there is one.")
]


def choose_device(name: DeviceName) -> torch.device:
    """Return the device of this name.

    Raises:
        typer.BadParameter: CUDA was asked for and no CUDA device was found.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise typer.BadParameter("no CUDA device was found; use auto or cpu", param_hint="--device")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def check_output(path: Path, option: str) -> None:
    """Check before the work that a file can be written at this path.

    Raises:
        typer.BadParameter: its folder does not exist, or the path is itself a folder.
    """
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder; name a file", param_hint=option)
    if not path.parent.is_dir():
        raise typer.BadParameter(f"the folder {path.parent} does not exist; create it", param_hint=option)


def check_picture_output(path: Path, option: str) -> None:
    """Check before the work that a picture can be written at this path, by its folder and its ending.

    Raises:
        typer.BadParameter: no picture can be written at this path.
    """
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise typer.BadParameter(f"{path} is not a picture's name; end it with .png", param_hint=option)
    check_output(path, option)


def refuse_unused(given: Mapping[str, object], subject: str) -> None:
    """Refuse options that have no effect here, before any work starts.

    Args:
        given: the options that do not apply, with their values; None means that the option was not given.
        subject: the model or option that ignores them, e.g. "an image model".

    Raises:
        typer.BadParameter: one of them was given.
    """
    for option, value in given.items():
        if value is not None:
            raise typer.BadParameter(f"it does not apply to {subject}; leave it out", param_hint=option)
