"""The folder of all state, `IIAE_HOME`: checkpoints, galleries and the trainer's runs."""

import os
from pathlib import Path

from platformdirs import user_data_path

VARIABLE = "IIAE_HOME"


def default_home() -> Path:
    """Return the folder if no option names another: `IIAE_HOME`, or the platform's folder for user data.

    On Linux, this is `~/.local/share/iiae`, or what `XDG_DATA_HOME` says.
    """
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_data_path("iiae", appauthor=False)


def earlier_home() -> Path | None:
    """Return the working directory's `var` if it has the state of an earlier version that is not used now."""
    earlier = Path("var")
    used = VARIABLE in os.environ or default_home().exists()
    has_state = (earlier / "checkpoints").is_dir() or (earlier / "galleries").is_dir()
    return earlier if has_state and not used else None
