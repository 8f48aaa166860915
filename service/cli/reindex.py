"""`iiae reindex`: re-embed a gallery without a server."""

from typing import Annotated

import typer
from rich.console import Console

from service.cli.checkpoints import load_model
from service.cli.options import DEFAULT_HOME, Device, Home, progress_bar
from service.galleries.collection import Galleries
from service.galleries.reindex.offline import reindex_gallery
from service.galleries.reindex.records import ReindexProgress
from service.registry.model import Model

FAULTS_SHOWN = 20


def reindex(
    gallery: Annotated[str, typer.Argument(help="The gallery's name.")],
    model: Annotated[
        str | None,
        typer.Option(
            help="Checkpoint that embeds the photos: a name or a folder. Default: the gallery's model."
        ),
    ] = None,
    from_scratch: Annotated[
        bool,
        typer.Option(
            help="Embed every photo, also those that this checkpoint or an interrupted reindex has embedded."
        ),
    ] = False,
    drawn: Annotated[
        bool | None,
        typer.Option(
            "--drawn/--photos",
            help="The pictures are drawn (icons, emoji, clip art), or photos. Default: as before.",
            show_default=False,
        ),
    ] = None,
    home: Home = DEFAULT_HOME,
    device: Device = "auto",
) -> None:
    """Re-embed a gallery's photos with another checkpoint. Ids, labels, metadata and files stay.

    The old embeddings answer searches until all photos are re-embedded. If the command is interrupted, run
    it again: it continues where it stopped. If a photo's file is gone, its thumbnail is embedded.
    """
    galleries = Galleries(home / "galleries")
    loaded = load_model(home, model or galleries.open(gallery).spec.model, device)
    with progress_bar() as bar:
        task = bar.add_task("embedding", total=None)
        progress = reindex_gallery(
            galleries,
            gallery,
            loaded,
            drawn=drawn,
            from_scratch=from_scratch,
            on_progress=lambda progress: bar.update(task, completed=progress.done, total=progress.total),
        )
    if progress is None:
        Console().print(f"{gallery} is already embedded by this version of {loaded.id}")
    else:
        _print(progress, gallery, loaded)


def _print(progress: ReindexProgress, gallery: str, model: Model) -> None:
    console = Console(stderr=True)
    for fault in progress.faults[:FAULTS_SHOWN]:
        result = (
            "its thumbnail was embedded" if fault.thumbnail else "no search finds it until its file is back"
        )
        console.print(
            f"photo {fault.photo_id}: {fault.reason}; {result}", style="yellow", markup=False, soft_wrap=True
        )
    pictures = "1 picture" if progress.faulty == 1 else f"{progress.faulty} pictures"
    faulty = f"; {pictures} could not be read" if progress.faulty else ""
    Console().print(
        f"{gallery} is now embedded by {model.id} {model.digest[:12]}: {progress.total} photos{faulty}",
        soft_wrap=True,
    )
