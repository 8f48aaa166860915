"""`iiae demo`: create a gallery to search, then serve it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.images.formats import MAX_PIXELS, is_picture
from service.cli.checkpoints import load_model
from service.cli.options import progress_bar
from service.cli.serve import Host, Port, refuse_taken_port, settings_for
from service.demo.things import CREDIT, copy_things
from service.galleries.bulk import index_photos, open_or_create
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.records import GallerySpec
from service.galleries.reindex.offline import reindex_gallery
from service.galleries.sync.following import follow, sync_folder
from service.galleries.sync.job import OnProgress
from service.galleries.sync.records import RemovalRefused, SyncOptions
from service.registry.model import Model
from service.settings import Settings

GALLERY, PHOTOS_GALLERY, MODEL = "things", "photos", "sketchy"
DEFAULT_MODEL = "facades"
"""The default model for translate and analogy: the page opens with a house front that is translated."""


def prepare(settings: Settings, photos: Path | None) -> str:
    """Create or complete the gallery, and return its name. An outdated gallery is re-embedded first."""
    name = GALLERY if photos is None else PHOTOS_GALLERY
    files = copy_things(settings.home / "things") if photos is None else []
    credit = CREDIT if photos is None else None
    model = load_model(settings.home, MODEL, settings.device)
    galleries = Galleries(settings.galleries)
    with progress_bar() as bar:
        task = bar.add_task("embedding", total=None)
        drawn = True if photos is None else None
        if name in galleries.names() and _is_outdated(galleries.open(name).spec, model, drawn):
            reindex_gallery(
                galleries,
                name,
                model,
                drawn=drawn,
                on_progress=lambda progress: bar.update(task, completed=progress.done, total=progress.total),
            )
        gallery = open_or_create(galleries, name, model, credit=credit, drawn=drawn)
        if photos is not None:
            _sync(
                gallery,
                photos,
                model,
                on_progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        elif gallery.count < len(files):
            bar.update(task, completed=0, total=len(files))
            index_photos(gallery, model.inference, files, on_progress=lambda count: bar.advance(task, count))
    return name


def _sync(gallery: Gallery, photos: Path, model: Model, on_progress: OnProgress) -> None:
    """Sync the gallery with a folder of photos. If that would remove too much, only add photos."""

    def sync(options: SyncOptions) -> None:
        sync_folder(
            gallery,
            follow(gallery, photos),
            lambda: model.inference,
            is_picture=is_picture,
            max_pixels=MAX_PIXELS,
            options=options,
            on_progress=on_progress,
        )

    try:
        sync(SyncOptions())
    except RemovalRefused as error:
        Console(stderr=True).print(f"{gallery.name}: {error}", style="yellow", markup=False, soft_wrap=True)
        sync(SyncOptions(keep=True))


def _is_outdated(spec: GallerySpec, model: Model, drawn: bool | None) -> bool:
    """Whether another checkpoint or an earlier version of the demo embedded the gallery."""
    return spec.digest != model.digest or drawn not in {None, spec.drawn}


def demo(
    photos: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A folder of photos to search, instead of the pictures of the package.",
            show_default=False,
        ),
    ] = None,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Create the gallery and stop.")
    ] = False,
    host: Host = None,
    port: Port = None,
) -> None:
    """Create a gallery to search, then serve it with the web page.

    The gallery has pictures of the package, or with `--photos FOLDER` your own. Photos that are embedded
    already are skipped, and the gallery follows your folder. Settings are those of `iiae serve`.
    """
    settings = settings_for(host, port)
    if not prepare_only:
        refuse_taken_port(settings)
    # A thread that ends before the service starts. Its OpenMP helpers end with it: see `configure_threads`.
    with ThreadPoolExecutor(1) as thread:
        name = thread.submit(prepare, settings, photos).result()
    if prepare_only:
        return
    from service.http.server import serve  # slow to import, and `--prepare-only` does not need it

    print(
        f"\n  Draw a sketch: http://{settings.host}:{settings.port}/   (gallery: {name}; Ctrl+C stops)\n",
        flush=True,
    )
    default_model = settings.default_model or DEFAULT_MODEL
    serve(settings.model_copy(update={"default_gallery": name, "default_model": default_model}))
