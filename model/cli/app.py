"""The application that collects the model's commands; the service adds its own commands to it."""

from importlib.metadata import version
from typing import Annotated

import typer

from model.allocator import keep_memory
from model.cli.calibrate import calibrate
from model.cli.evaluate import evaluate
from model.cli.figure import figure
from model.cli.report import report
from model.cli.train import train

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"iiae {version('iiae')}")
        raise typer.Exit
    return wanted


@app.callback()
def every_command(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Sketch search and translation across two domains, on IIAE."""
    keep_memory()


app.add_typer(train, name="train")
app.command(epilog="Example: `iiae evaluate mnist-cdcb --data mnist --json figures.json`")(evaluate)
app.command(epilog="Example: `iiae calibrate sketchy --like sketchy-0 --like sketchy-1`")(calibrate)
app.command(epilog="Example: `iiae figure facades --data facades --kind translations --out grid.png`")(figure)
app.command(epilog="Example: `iiae report results --facades facades --mnist mnist`")(report)
