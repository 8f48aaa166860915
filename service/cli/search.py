"""`iiae search`: find a gallery's photos by a sketch."""

import json
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.images.formats import MAX_PIXELS
from model.presets import other
from service.cli.checkpoints import load_model, newest_digests
from service.cli.options import DEFAULT_HOME, AsJson, Device, Home, MaxPixels, listing
from service.defaults import Defaults
from service.galleries.collection import Galleries
from service.galleries.query import SearchResults, Selection, first_searchable, search_gallery
from service.inference.pixels import decode_pixels, embed_pixels


def refuse_nan(number: float | None) -> float | None:
    """Refuse NaN, which typer's `min` and `max` accept."""
    if number is not None and math.isnan(number):
        raise typer.BadParameter("it must be a number from -1 to 1")
    return number


def search(
    sketch: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A sketch, or another picture of the domain to search by."
        ),
    ],
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
    as_json: AsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
    home: Home = DEFAULT_HOME,
    device: Device = "auto",
) -> None:
    """Find a gallery's photos by a sketch, without a server."""
    galleries = Galleries(home / "galleries")
    if gallery is None:
        chosen = Defaults(home).names("galleries")
        gallery = chosen.get("sbir") or chosen.get("retrieve")
    if gallery is None:
        opened = first_searchable(galleries, newest_digests(home))
    else:
        opened = galleries.open(gallery)
    model = load_model(home, opened.spec.model, device)
    opened.check_checkpoint(model)
    side = other(model.side(opened.spec.domain))
    pixels = decode_pixels(sketch.read_bytes(), model.inference, side, max_pixels=max_pixels)
    [query] = embed_pixels(model.inference, side, [pixels], drawn=opened.spec.drawn)
    if expand is None:
        expand = opened.spec.expand
    selection = Selection(k=k, min_score=min_score)
    results = search_gallery(opened, model, side, query, selection, expand=expand)
    if as_json:
        _print_json(results)
    else:
        _print_table(results, sketch.name)


def _print_json(results: SearchResults) -> None:
    hits = [
        {
            "id": hit.photo.id,
            "score": hit.score,
            "grade": hit.grade,
            "label": hit.photo.label,
            "file": hit.photo.source,
        }
        for hit in results.hits
    ]
    typer.echo(json.dumps(hits, indent=2))


def _print_table(results: SearchResults, sketch: str) -> None:
    name = results.gallery.name
    if not results.hits:
        typer.echo(f"nothing in {name} looks like {sketch}" if results.gallery.count else f"{name} is empty")
        return
    table = listing("rank", "score", "grade", "label", "file", title=f"{sketch} in {name}")
    for rank, hit in enumerate(results.hits, 1):
        file = hit.photo.source or hit.photo.sha256[:12]
        table.add_row(str(rank), f"{hit.score:.3f}", hit.grade or "", hit.photo.label or "", file)
    Console().print(table)
