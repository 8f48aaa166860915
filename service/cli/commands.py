"""The program `iiae`: the commands of the model and those of the service."""

import sys

from pydantic import ValidationError
from rich.console import Console

from model.cli.app import COMMANDS as MODEL_COMMANDS
from model.cli.program import Entry, program
from model.errors import UserError
from model.home import earlier_home
from service.errors import ServiceError
from service.storage import storage_error

COMMANDS = {
    "demo": Entry(
        "service.cli.demo",
        "demo",
        "Create a gallery to search, then serve it with the web page.",
        "iiae demo",
    ),
    "serve": Entry(
        "service.cli.serve",
        "serve",
        "Serve models and galleries over HTTP, with the web page at /.",
        example="iiae serve --port 9000",
        epilog="settings_help",
    ),
    "index": Entry(
        "service.cli.index",
        "index",
        "Embed a folder of photos into a gallery, which then follows the folder.",
        "iiae index ~/Pictures --gallery pictures",
    ),
    "sync": Entry(
        "service.cli.sync",
        "sync",
        "Bring galleries in step with their folders, those that `iiae index` has added.",
        "iiae sync photos --watch",
    ),
    "search": Entry(
        "service.cli.search",
        "search",
        "Find a gallery's photos by a sketch, without a server.",
        "iiae search sketch.png --gallery photos --k 5",
    ),
    "translate": Entry(
        "service.cli.translate",
        "translate",
        "Translate a picture into the model's other domain, without a server.",
        "iiae translate facade.jpg --model facades --out label.png",
    ),
    "galleries": Entry(
        "service.cli.galleries",
        "galleries",
        "List, delete, export and import galleries, or choose the default.",
    ),
    "models": Entry(
        "service.cli.models", "models", "List the checkpoints, or choose the default.", "iiae models"
    ),
    "reindex": Entry(
        "service.cli.reindex",
        "reindex",
        "Re-embed a gallery's photos with another checkpoint. Ids, labels, metadata and files stay.",
        "iiae reindex photos --model sketchy",
    ),
    "fsck": Entry(
        "service.cli.fsck",
        "fsck",
        "Check galleries: the database, its rows, the pictures, the thumbnails and the index.",
        "iiae fsck photos --repair",
    ),
}
app = program(COMMANDS | MODEL_COMMANDS)


def main() -> None:
    """Run `iiae`. An expected error is printed as a sentence, with exit status 2."""
    if (earlier := earlier_home()) is not None:
        print(
            f"iiae: {earlier}/ here has models or galleries of an earlier version; "
            f"set IIAE_HOME={earlier} to use them",
            file=sys.stderr,
        )
    try:
        app()
    except ValidationError as error:  # of the settings
        sys.exit(_fail("; ".join(_setting_fault(entry["loc"], entry["msg"]) for entry in error.errors())))
    except (UserError, ServiceError) as error:
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
