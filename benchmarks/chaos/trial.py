"""The size of a trial, and its folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trial:
    """What a scenario needs to know.

    Args:
        folder: an empty folder for everything that the scenario writes. The caller deletes it.
        seconds: length of each phase under load. Scenarios that count scale their counts with it.
        seed: seed of all random choices.
        patience: factor of all time limits, for machines that do other work too.
    """

    folder: Path
    seconds: float = 20.0
    seed: int = 0
    patience: float = 1.0

    @property
    def short(self) -> bool:
        """Whether this is a short form, as tests run it. It repeats less and waits less."""
        return self.seconds < 10

    def home(self, name: str = "home") -> Path:
        """Create a folder for `IIAE_HOME`."""
        home = self.folder / name
        home.mkdir()
        return home

    def within(self, seconds: float, limit: float) -> bool:
        """Return whether a duration keeps its limit, with this trial's patience."""
        return seconds <= limit * self.patience
