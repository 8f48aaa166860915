"""The log of a training run: the same scalars as a CSV file and for TensorBoard."""

import csv
import io
from pathlib import Path

from model.regular_file import open_regular
from model.storage import write_bytes

METRICS = "metrics.csv"
"""The CSV file's name, in the run's folder."""


class ScalarLog:
    """Writes `metrics.csv` and TensorBoard scalars of the same names.

    A killed run may have logged steps after its last save. Those rows, after `step`, are dropped.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # of the extra `train`

        self.path = folder / METRICS
        kept = [row for row in _rows(self.path) if int(row[0]) <= step]
        text = "".join(",".join(row) + "\n" for row in [["step", "name", "value"], *kept])
        write_bytes(self.path, text.encode())
        self.file = self.path.open("a", newline="")
        self.writer = csv.writer(self.file)
        self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)

    def write(self, step: int, scalars: dict[str, float]) -> None:
        for name, value in scalars.items():
            self.writer.writerow([step, name, f"{value:.6g}"])
            self.board.add_scalar(name, value, step)
        self.file.flush()

    def close(self) -> None:
        self.file.close()
        self.board.close()


Scalars = dict[str, tuple[list[int], list[float]]]
"""The steps and the values of each name, in the order in which the names first appear."""


def read_scalars(path: Path) -> Scalars:
    """Return the scalars of a `metrics.csv`; none if there is no such file.

    A run that was killed, or goes on, may have written half of the last row. It is left out.
    """
    scalars: Scalars = {}
    for step, name, value in _rows(path):
        try:
            number = float(value)
        except ValueError:
            continue
        steps, values = scalars.setdefault(name, ([], []))
        steps.append(int(step))
        values.append(number)
    return scalars


def _rows(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    with io.TextIOWrapper(open_regular(path), encoding="utf-8", errors="replace") as file:
        rows = (line.rstrip("\n").split(",") for line in file)  # no name has a comma
        return [row for row in rows if len(row) == 3 and row[0].isascii() and row[0].isdigit()]
