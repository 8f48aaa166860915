"""`iiae reindex`: a gallery embedded anew without a server; one that runs goes on searching it meanwhile."""

import math
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from model import checkpoint
from model.inference import Inference
from model.presets import Side
from service.embedding import Embedding
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery, GallerySpec
from service.galleries.read_ahead import read_ahead
from service.galleries.records import Photo
from service.galleries.reindex.job import ReadPhoto, ReindexJob, pair_with_embeddings, read_photo
from service.inference.device import select_device

FAULTS_SHOWN = 20


def reindex(
    gallery: Annotated[str, typer.Argument(help="The gallery's name.")],
    model: Annotated[
        str | None,
        typer.Option(
            help="Checkpoint that embeds it, a name or a folder; default the newest version of its own."
        ),
    ] = None,
    anew: Annotated[
        bool,
        typer.Option(
            help="Embed every photo, also those that an interrupted reindex or the same checkpoint has embedded."
        ),
    ] = False,
    home: Annotated[
        Path, typer.Option(envvar="IIAE_HOME", help="Folder with checkpoints/ and galleries/.")
    ] = Path("var"),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Embed a gallery's photos by another checkpoint; ids, labels, metadata and files stay. Until all of it is done, the old embeddings answer.

    Interrupted at any moment, it goes on where it was when it is run again. A photo whose file is gone is embedded by its thumbnail.
    """
    galleries = Galleries(home / "galleries")
    opened = galleries.open(gallery)
    folder = checkpoint.find(home / "checkpoints", model or opened.spec.model)
    manifest = checkpoint.read_manifest(folder)
    preset = manifest.preset
    if opened.spec.domain not in preset.domains:
        raise typer.BadParameter(
            f"{manifest.name} has no domain {opened.spec.domain!r}; there are {' and '.join(preset.domains)}",
            param_hint="--model",
        )
    inference = checkpoint.load(folder, select_device(device))
    spec = GallerySpec(
        model=manifest.name,
        digest=manifest.weights_sha256,
        domain=opened.spec.domain,
        distance=preset.distance,
        dim=math.prod(inference.shared_shape),
    )
    _reembed(opened, inference, spec, from_scratch=anew)
    galleries.open(gallery).save_index()


def _reembed(gallery: Gallery, inference: Inference, spec: GallerySpec, *, from_scratch: bool) -> None:
    side = inference.side(spec.domain)
    console = Console(stderr=True)
    with ReindexJob(gallery, spec, from_scratch=from_scratch) as job:
        if job.switched:
            Console().print(f"{gallery.name} is embedded by this version of {spec.model} already")
            return
        with Progress(
            TextColumn("embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        ) as bar:
            task = bar.add_task("embedding", total=None)
            while not job.switched:
                for reads in read_ahead(job.pages(), lambda page: _read(gallery, inference, side, page)):
                    job.keep(pair_with_embeddings(reads, _codes(inference, side, reads)))
                    progress = job.progress()
                    bar.update(task, completed=progress.done, total=progress.total)
                job.switch()
        progress = job.progress()
    for fault in progress.faults[:FAULTS_SHOWN]:
        what = "embedded by its thumbnail" if fault.thumbnail else "found by no search until it can be read"
        console.print(
            f"photo {fault.photo_id}: {fault.reason}; {what}", style="yellow", markup=False, soft_wrap=True
        )
    more = f"; of {progress.faulty} the pictures could not be read" if progress.faulty else ""
    Console().print(
        f"{gallery.name} is embedded by {spec.model} {spec.digest[:12]} now: {progress.total} photos{more}",
        soft_wrap=True,
    )


def _read(gallery: Gallery, inference: Inference, side: Side, page: list[Photo]) -> list[ReadPhoto]:
    return [read_photo(gallery, inference, side, photo) for photo in page]


def _codes(inference: Inference, side: Side, reads: list[ReadPhoto]) -> list[Embedding]:
    pixels = [each.pixels for each in reads if each.pixels is not None]
    return list(inference.shared(side, torch.stack(pixels)).float().cpu().numpy()) if pixels else []
