"""`iiae index`: embed a folder of photos into a gallery."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.images.formats import ACCEPTED_WORDS, MAX_PIXELS
from service.cli.checkpoints import load_model
from service.cli.options import DEFAULT_HOME, Device, Home, MaxPixels, progress_bar
from service.galleries.bulk import IndexReport, find_photos, index_photos, open_or_create
from service.galleries.collection import Galleries

DAMAGED_SHOWN = 20


def index(
    folder: Annotated[
        Path,
        typer.Argument(
            exists=True,
            file_okay=False,
            help="Folder of photos. Sub-folders are included; their names become labels.",
        ),
    ],
    gallery: Annotated[
        str, typer.Option(help="The gallery's name. It is created if it does not exist.")
    ] = "photos",
    model: Annotated[str, typer.Option(help="Checkpoint that embeds the photos.")] = "sketchy",
    domain: Annotated[
        str | None, typer.Option(help="Domain of the photos. Default: the model's first.")
    ] = None,
    credit: Annotated[str | None, typer.Option(help="A line that names the photos' authors.")] = None,
    drawn: Annotated[
        bool | None,
        typer.Option(
            "--drawn/--photos",
            help="The pictures are drawn (icons, emoji, clip art), or photos. An existing gallery keeps "
            "its kind. Default for a new one: photos.",
            show_default=False,
        ),
    ] = None,
    expand: Annotated[
        bool | None,
        typer.Option(
            help="Expand sketches with the first hits, unless a search says otherwise; for a new gallery. "
            "Without it, galleries with one picture of each thing are searched better. "
            "Default: yes, unless --drawn.",
            show_default=False,
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(help="Delete the gallery first, with ids and labels. `iiae reindex` keeps them."),
    ] = False,
    max_pixels: MaxPixels = MAX_PIXELS,
    home: Home = DEFAULT_HOME,
    device: Device = "auto",
) -> None:
    """Embed a folder of photos into a gallery. The files stay in place.

    A running service sees the gallery at once.
    """
    photos = find_photos(folder)
    if not photos:
        raise typer.BadParameter(
            f"no picture in {folder} or its sub-folders; {ACCEPTED_WORDS}",
            param_hint="FOLDER",
        )
    loaded = load_model(home, model, device)
    galleries = Galleries(home / "galleries")
    if again and gallery in galleries.names():
        if drawn is None:
            drawn = galleries.open(gallery).spec.drawn
        galleries.delete(gallery)
    opened = open_or_create(
        galleries, gallery, loaded, domain=domain, credit=credit, drawn=drawn, expand=expand
    )
    with progress_bar() as bar:
        task = bar.add_task("embedding", total=len(photos))
        report = index_photos(
            opened,
            loaded.inference,
            photos,
            max_pixels=max_pixels,
            on_progress=lambda count: bar.advance(task, count),
        )
    _print(report, gallery)


def _print(report: IndexReport, gallery: str) -> None:
    console = Console(stderr=True)
    for line in report.damaged[:DAMAGED_SHOWN]:
        console.print(f"left out {line}", style="yellow", markup=False)
    damaged = f" and left out {len(report.damaged)} that cannot be read" if report.damaged else ""
    Console().print(f"added {report.added} photos to {gallery}, had {report.known} already{damaged}")
