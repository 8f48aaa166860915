"""Try to bring the service down, and print what it promises and what it did.

    python -m benchmarks.chaos [SCENARIO...] [--seconds 20] [--seed 0] [--patience 1]

Without names, all scenarios run. Everything stays on the loopback interface and in a temporary folder.
The exit status is 1 if a promise was broken.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.chaos.catalogue import SCENARIOS
from benchmarks.chaos.report import HEAD, Row, line
from benchmarks.chaos.trial import Trial


def main() -> None:
    """Run the scenarios and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each phase under load")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=1.0, help="factor of all time limits")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenarios) - set(SCENARIOS):
        parser.error(f"no scenario {', '.join(sorted(unknown))}; choose from {', '.join(SCENARIOS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that scenarios end their processes
    print(HEAD, flush=True)
    broken = False
    for name in arguments.scenarios or SCENARIOS:
        for row in run(name, arguments.seconds, arguments.seed, arguments.patience):
            broken |= row.ok is False
            print(line(row), flush=True)
    sys.exit(broken)


def run(name: str, seconds: float, seed: int, patience: float) -> list[Row]:
    """Run one scenario in a temporary folder. A scenario that cannot finish is a broken promise."""
    with tempfile.TemporaryDirectory(prefix="iiae-chaos-") as folder:
        try:
            return SCENARIOS[name](Trial(Path(folder), seconds, seed, patience))
        except Exception as error:  # the other scenarios still run
            return [
                Row(
                    name,
                    "the scenario finishes",
                    f"{type(error).__name__}: {error}".replace("\n", " "),
                    False,
                )
            ]


if __name__ == "__main__":
    main()
