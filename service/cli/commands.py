"""The program `iiae`: the commands of the model and those of the service."""

import sys

import typer
from pydantic import ValidationError
from rich.console import Console

from model.cli.app import app
from model.errors import UserError
from service.cli.fsck import fsck
from service.cli.galleries import default_gallery, delete_gallery, list_galleries
from service.cli.index import index
from service.cli.models import default_model, list_models
from service.cli.reindex import reindex
from service.cli.search import search
from service.cli.serve import serve, settings_table
from service.cli.translate import translate
from service.errors import ServiceError
from service.inference.device import DeviceUnavailable
from service.storage import storage_error

SERVE_EPILOG = (
    "Example: `IIAE_PORT=9000 iiae serve`\n\nSettings come from the environment:\n\n" + settings_table()
)

app.command(epilog=SERVE_EPILOG)(serve)
app.command(epilog="Example: `iiae index ~/Pictures --gallery pictures`")(index)
app.command(epilog="Example: `iiae search sketch.png --gallery photos --k 5`")(search)
app.command(epilog="Example: `iiae translate facade.jpg --model facades --out label.png`")(translate)
app.command(epilog="Example: `iiae reindex photos --model sketchy`")(reindex)
app.command(epilog="Example: `iiae fsck photos --repair`")(fsck)

models_app = typer.Typer(
    help="List the checkpoints, or choose the default.",
    epilog="Example: `iiae models`",
    invoke_without_command=True,
)
models_app.callback()(list_models)
models_app.command("default", epilog="Example: `iiae models default facades`")(default_model)
app.add_typer(models_app, name="models")

galleries_app = typer.Typer(
    help="List the galleries, delete one, or choose the default.", invoke_without_command=True
)
galleries_app.callback()(list_galleries)
galleries_app.command("delete", epilog="Example: `iiae galleries delete photos`")(delete_gallery)
galleries_app.command("default", epilog="Example: `iiae galleries default photos`")(default_gallery)
app.add_typer(galleries_app, name="galleries")


def main() -> None:
    """Run `iiae`. An expected error is printed as a sentence, with exit status 2."""
    try:
        app()
    except ValidationError as error:  # of the settings
        sys.exit(_fail("; ".join(_setting_fault(entry["loc"], entry["msg"]) for entry in error.errors())))
    except (UserError, ServiceError, DeviceUnavailable) as error:
        sys.exit(_fail(str(error)))
    except OSError as error:
        refused = storage_error(error)
        if refused is None:
            raise
        place = f"{error.filename}: " if error.filename else ""
        sys.exit(_fail(f"{place}{refused}"))
    except KeyboardInterrupt:
        sys.exit(130)


def _setting_fault(location: tuple[int | str, ...], message: str) -> str:
    """Return what is wrong with a setting, with the name of its variable."""
    message = message.removeprefix("Value error, ")
    return message if "IIAE_" in message or not location else f"IIAE_{str(location[0]).upper()}: {message}"


def _fail(message: str) -> int:
    Console(stderr=True).print(f"iiae: {message}", style="red", markup=False, soft_wrap=True)
    return 2


if __name__ == "__main__":
    main()
