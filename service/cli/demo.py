"""`make demo`: create a gallery to search, then serve it.

The gallery has OpenMoji's pictures, or with `--photos FOLDER` your own. Photos that are embedded already
are skipped.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service.cli.checkpoints import load_model
from service.cli.openmoji import CREDIT, render_emoji
from service.cli.options import progress_bar
from service.galleries.bulk import find_photos, index_photos, open_or_create
from service.galleries.collection import Galleries
from service.galleries.records import GallerySpec
from service.galleries.reindex.offline import reindex_gallery
from service.registry.model import Model
from service.settings import Settings

GALLERY, PHOTOS_GALLERY, MODEL = "openmoji", "photos", "sketchy"
DEFAULT_MODEL = "mnist-cdcb"
"""The default model for translate and analogy. The page has sample pictures of both its domains."""


def prepare(settings: Settings, photos: Path | None) -> str:
    """Create or complete the gallery, and return its name. An outdated gallery is re-embedded first."""
    name = GALLERY if photos is None else PHOTOS_GALLERY
    files = render_emoji(settings.home / "openmoji") if photos is None else find_photos(photos)
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
        if photos is not None or gallery.count < len(files):
            bar.update(task, completed=0, total=len(files))
            index_photos(gallery, model.inference, files, on_progress=lambda count: bar.advance(task, count))
    return name


def _is_outdated(spec: GallerySpec, model: Model, drawn: bool | None) -> bool:
    """Whether another checkpoint or an earlier version of the demo embedded the gallery."""
    return spec.digest != model.digest or drawn not in {None, spec.drawn}


def run() -> None:
    """Prepare the gallery, print the page's address, and serve."""
    from service.http.server import serve  # slow to import, and `--prepare-only` does not need it

    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--photos", type=Path, help="a folder of photos to search instead of OpenMoji's pictures"
    )
    parser.add_argument("--prepare-only", action="store_true", help="create the gallery and stop")
    arguments = parser.parse_args()
    settings = Settings()
    photos = arguments.photos.expanduser() if arguments.photos else None
    # A thread that ends before the service starts. Its OpenMP helpers end with it: see `configure_threads`.
    with ThreadPoolExecutor(1) as thread:
        name = thread.submit(prepare, settings, photos).result()
    if arguments.prepare_only:
        return
    print(
        f"\n  Draw a sketch: http://{settings.host}:{settings.port}/   (gallery: {name}; Ctrl+C stops)\n",
        flush=True,
    )
    default_model = settings.default_model or DEFAULT_MODEL
    serve(settings.model_copy(update={"default_gallery": name, "default_model": default_model}))


if __name__ == "__main__":
    run()
