"""Re-embed a gallery in this thread, without a server. A running service keeps searching it."""

from collections.abc import Callable

from service.galleries.collection import Galleries
from service.galleries.read_ahead import read_ahead
from service.galleries.records import GallerySpec, Photo
from service.galleries.reindex.job import ReindexJob, pair_with_embeddings, read_photo
from service.galleries.reindex.records import ReadPhoto, ReindexProgress
from service.galleries.sizes import correct_sizes
from service.inference.pixels import embed_pixels
from service.registry.model import Model


def reindex_gallery(
    galleries: Galleries,
    name: str,
    model: Model,
    *,
    drawn: bool | None = None,
    from_scratch: bool = False,
    on_progress: Callable[[ReindexProgress], None] | None = None,
) -> ReindexProgress | None:
    """Re-embed the photos of a gallery with a model. An interrupted run continues where it stopped.

    Args:
        drawn: whether the gallery then has drawn pictures. With None, that stays as it is.
        from_scratch: embed every photo, also those that an interrupted reindex or this checkpoint has
            embedded.
        on_progress: called after each page of photos.

    Returns:
        The final progress, or None if this checkpoint has embedded all photos already.

    Raises:
        GalleryNotFound, GalleryDamaged, DomainUnknown.
        ReindexRunning: this or another process is re-embedding the gallery.
        ReindexCancelled: it was cancelled.
    """
    gallery = galleries.open(name)
    side = model.side(gallery.spec.domain)

    def read(page: list[Photo]) -> list[ReadPhoto]:
        return [read_photo(gallery, model.inference, side, photo) for photo in page]

    spec = GallerySpec.of(model, side)
    with ReindexJob(gallery, spec, drawn=drawn, from_scratch=from_scratch) as job:
        correct_sizes(gallery)
        if job.switched:
            return None
        while not job.switched:
            for photos in read_ahead(job.pages(), read):
                pixels = [photo.pixels for photo in photos if photo.pixels is not None]
                embeddings = embed_pixels(model.inference, side, pixels, drawn=job.drawn)
                job.keep(pair_with_embeddings(photos, embeddings))
                if on_progress is not None:
                    on_progress(job.progress())
            job.switch()
        progress = job.progress()
    galleries.open(name).save_index()
    return progress
