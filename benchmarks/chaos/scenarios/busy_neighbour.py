"""Other processes keep all cores busy while a client searches."""

import os
from itertools import count

from benchmarks.busy_neighbour import OURS, Case, busy, drawing, search, start
from benchmarks.chaos.report import Row
from benchmarks.chaos.trial import Trial

FACTOR = 8
"""How much slower a search may be beside busy processes. With spinning threads it was 20 to 48 times."""


def run(trial: Trial) -> list[Row]:
    """Search alone and beside one busy process for each core, in turns."""
    alone, beside, numbers = Case(), Case(), count()
    with start(trial.folder / "home", OURS) as server:
        search(server, drawing(next(numbers)), Case())  # the first opens the gallery
        searches, cores = max(2, int(trial.seconds / 4)), os.cpu_count() or 1
        for _ in range(2):
            for case, processes in ((alone, 0), (beside, cores)):
                with busy(processes):
                    for _ in range(searches):
                        search(server, drawing(next(numbers)), case)
    slower = beside.median / alone.median
    return [
        Row(
            f"{cores} busy processes on {cores} cores",
            f"a search takes at most {FACTOR} times as long, and none is refused",
            f"median {beside.median:.2f} s, alone {alone.median:.2f} s: {slower:.1f} times;"
            f" {beside.refused + alone.refused} refused",
            trial.within(slower, FACTOR) and not beside.refused + alone.refused,
        )
    ]
