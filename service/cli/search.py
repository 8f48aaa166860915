"""`iiae search`: find a gallery's photos by a sketch."""

import json
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.images.formats import MAX_PIXELS
from model.presets import Side, other
from service.cli.checkpoints import load_model, newest_digests
from service.cli.options import DEFAULT_HOME, AsJson, Device, Home, MaxPixels, listing
from service.defaults import Defaults
from service.embedding import Embedding
from service.galleries.collection import Galleries
from service.galleries.photo_filter import PhotoFilter
from service.galleries.query import (
    MAX_SKETCHES,
    SearchResults,
    Selection,
    combined,
    first_searchable,
    search_gallery,
)
from service.inference.pixels import decode_pixels, embed_pixels


def refuse_nan(number: float | None) -> float | None:
    """Refuse NaN, which typer's `min` and `max` accept."""
    if number is not None and math.isnan(number):
        raise typer.BadParameter("it must be a number from -1 to 1")
    return number


def search(
    sketch: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="A sketch, or up to 8 of the same thing; or other pictures of the domain to search by.",
        ),
    ],
    photo: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A photo to combine with the sketches. It weighs as much as they do.",
            show_default=False,
        ),
    ] = None,
    gallery: Annotated[
        str | None,
        typer.Option(help="The gallery's name. Default: that of `iiae galleries default`, else the first."),
    ] = None,
    k: Annotated[int, typer.Option(min=1, max=1000, help="Number of hits.")] = 10,
    expand: Annotated[
        bool | None,
        typer.Option(
            help="Add the first hits to a sketch's query, to find photos like them. "
            "Default: the gallery decides."
        ),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(min=-1, max=1, callback=refuse_nan, help="Leave out photos with a lower score."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Only photos with this label; repeat it for several.", show_default=False),
    ] = None,
    folder: Annotated[
        str | None, typer.Option(help="Only photos of this folder and those below.", show_default=False)
    ] = None,
    offset: Annotated[int, typer.Option(min=0, help="Leave out this many first hits.")] = 0,
    as_json: AsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
    home: Home = DEFAULT_HOME,
    device: Device = "auto",
) -> None:
    """Find a gallery's photos by a sketch, without a server."""
    if len(sketch) > MAX_SKETCHES:
        raise typer.BadParameter(f"give at most {MAX_SKETCHES} sketches", param_hint="SKETCH")
    galleries = Galleries(home / "galleries")
    if gallery is None:
        chosen = Defaults(home).names("galleries")
        gallery = chosen.get("sbir") or chosen.get("retrieve")
    if gallery is None:
        opened = first_searchable(galleries, set(newest_digests(home).values()))
    else:
        opened = galleries.open(gallery)
    model = load_model(home, opened.spec.model, device)
    opened.check_checkpoint(model)
    side = model.side(opened.spec.domain)

    def code(path: Path, domain: Side) -> Embedding:
        pixels = decode_pixels(path.read_bytes(), model.inference, domain, max_pixels=max_pixels)
        return embed_pixels(model.inference, domain, [pixels], drawn=opened.spec.drawn)[0]

    query, norm = combined(
        [code(each, other(side)) for each in sketch],
        None if photo is None else code(photo, side),
        opened.spec.distance,
    )
    wanted = PhotoFilter(labels=tuple(label or ()), folder=folder)
    results = search_gallery(
        opened,
        model,
        other(side),
        query,
        Selection(k=k, offset=offset, min_score=min_score, wanted=wanted),
        expand=opened.spec.expand if expand is None else expand,
        query_norm=norm,
    )
    if as_json:
        _print_json(results)
    else:
        _print_table(results, sketch[0].name if len(sketch) == 1 else f"{len(sketch)} sketches", offset)


def _print_json(results: SearchResults) -> None:
    hits = [
        {
            "id": hit.photo.id,
            "score": hit.score,
            "grade": hit.grade,
            "label": hit.photo.label,
            "file": None if hit.photo.file is None else str(hit.photo.file),
        }
        for hit in results.hits
    ]
    typer.echo(json.dumps(hits, indent=2))


def _print_table(results: SearchResults, sketch: str, offset: int) -> None:
    name = results.gallery.name
    if not results.hits:
        typer.echo(f"nothing in {name} looks like {sketch}" if results.gallery.count else f"{name} is empty")
        return
    table = listing("rank", "score", "grade", "label", "file", title=f"{sketch} in {name}")
    for rank, hit in enumerate(results.hits, offset + 1):
        file = hit.photo.source or hit.photo.sha256[:12]
        about = (_one_line(text) for text in (hit.photo.label or "", file))
        table.add_row(str(rank), f"{hit.score:.3f}", hit.grade or "", *about)
    Console().print(table)


def _one_line(text: str) -> str:
    """Return a text without commands to the terminal. Labels and paths may come from other people."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
