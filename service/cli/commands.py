"""The program `iiae`: the science's commands, and those of the product."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from model import checkpoint
from model.checkpoint import CheckpointError
from model.cli import app
from model.errors import UserError
from model.inference import translate as translate_pixels
from model.pictures import picture
from model.presets import other
from service.cli.reindex import reindex
from service.errors import GalleryDamaged, GalleryNotFound, GalleryOutdated, ServiceError
from service.galleries.bulk import Indexed, Item, index_items, pictures_below
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery, GallerySpec
from service.images.decode import decode
from service.inference.device import DeviceUnavailable, select_device
from service.settings import Settings

MAX_PIXELS = 200_000_000
Home = Annotated[Path, typer.Option(envvar="IIAE_HOME", help="Folder with checkpoints/ and galleries/.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]

galleries_app = typer.Typer(help="List galleries, or delete one.", invoke_without_command=True)
app.add_typer(galleries_app, name="galleries")
app.command(epilog="Example: `iiae reindex photos --model sketchy`")(reindex)


def settings_table() -> str:
    """All settings with their defaults, as Markdown for `iiae serve --help`."""
    rows = [
        f"- `IIAE_{name.upper()}` ({'' if field.default is None else field.default!s}): {field.description}"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(rows)


@app.command(
    epilog="Example: `IIAE_PORT=9000 iiae serve`\n\nSettings come from the environment:\n\n"
    + settings_table()
)
def serve() -> None:
    """Serve the store's models and galleries over HTTP, with the page at /."""
    from service.http.server import serve as run  # the web framework is loaded by this command alone

    run(Settings())


@app.command(epilog="Example: `iiae index ~/Pictures --gallery pictures`")
def index(
    folder: Annotated[
        Path,
        typer.Argument(
            exists=True, file_okay=False, help="Photos, also in sub-folders, whose names become labels."
        ),
    ],
    gallery: Annotated[str, typer.Option(help="The gallery's name; made where there is none.")] = "photos",
    model: Annotated[str, typer.Option(help="Checkpoint that embeds them.")] = "sketchy",
    domain: Annotated[
        str | None, typer.Option(help="Domain of the photos; default the model's first.")
    ] = None,
    credit: Annotated[str | None, typer.Option(help="A line that names whose pictures these are.")] = None,
    again: Annotated[
        bool,
        typer.Option(help="Delete the gallery first, with its ids and labels; `iiae reindex` keeps them."),
    ] = False,
    home: Home = Path("var"),
    device: Device = "auto",
) -> None:
    """Embed a folder of photos into a gallery. The files stay where they are; a running service finds the gallery by itself."""
    items = pictures_below(folder)
    if not items:
        raise typer.BadParameter(
            f"no picture in {folder} or below; looked for .jpg, .png, .webp, .gif and .bmp",
            param_hint="FOLDER",
        )
    done = index_into(home, gallery, model, items, domain=domain, credit=credit, again=again, device=device)
    console = Console(stderr=True)
    for name in done.damaged[:20]:
        console.print(f"left out {name}", style="yellow", markup=False)
    more = f" and left out {len(done.damaged)} that cannot be read" if done.damaged else ""
    Console().print(f"added {done.added} photos to {gallery}, had {done.known} already{more}")


def index_into(
    home: Path,
    name: str,
    model: str,
    items: list[Item],
    *,
    domain: str | None = None,
    credit: str | None = None,
    again: bool = False,
    device: str = "auto",
) -> Indexed:
    """Embeds items into a gallery, which is made where there is none. Raises GalleryOutdated, CheckpointError, ServiceError."""
    folder = checkpoint.find(home / "checkpoints", model)
    manifest = checkpoint.read_manifest(folder)
    inference = checkpoint.load(folder, select_device(device))
    preset = manifest.preset
    if domain is not None and domain not in preset.domains:
        raise typer.BadParameter(
            f"{model} has no domain {domain!r}; there are {' and '.join(preset.domains)}",
            param_hint="--domain",
        )
    galleries = Galleries(home / "galleries")
    if again and name in galleries.names():
        galleries.delete(name)
    spec = GallerySpec(
        model=manifest.name,
        digest=manifest.weights_sha256,
        domain=domain or preset.domains[0],
        distance=preset.distance,
        dim=int(np.prod(inference.shared_shape)),
        credit=credit,
    )
    opened = galleries.open(name) if name in galleries.names() else galleries.create(name, spec)
    _check_same(opened, spec)
    with Progress(
        TextColumn("embedding"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task("embedding", total=len(items))
        return index_items(
            opened, inference, items, max_pixels=MAX_PIXELS, progress=lambda count: bar.advance(task, count)
        )


def _check_same(gallery: Gallery, spec: GallerySpec) -> None:
    if gallery.spec.digest != spec.digest:
        raise GalleryOutdated(
            f"gallery {gallery.name!r} was embedded by another checkpoint (of {gallery.spec.model!r}); `iiae reindex {gallery.name}` embeds it anew"
        )
    if gallery.spec.domain != spec.domain:
        raise GalleryOutdated(
            f"gallery {gallery.name!r} is of {gallery.spec.domain!r} pictures; choose another name for those of {spec.domain!r}"
        )


@app.command(epilog="Example: `iiae search sketch.png --gallery photos --k 5`")
def search(
    sketch: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="A drawing, or any picture of the other domain."),
    ],
    gallery: Annotated[str | None, typer.Option(help="Default the first that can be read.")] = None,
    k: Annotated[int, typer.Option(min=1, max=1000, help="How many hits.")] = 10,
    expand: Annotated[bool, typer.Option(help="Let the first hits make a sketch's query wider.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: Home = Path("var"),
    device: Device = "auto",
) -> None:
    """Find a gallery's photos by a sketch, without a server."""
    galleries = Galleries(home / "galleries")
    opened = _first(galleries) if gallery is None else galleries.open(gallery)
    if opened is None:
        raise GalleryNotFound(
            f"there is no gallery in {home} that can be searched; `iiae index FOLDER` makes one"
        )
    folder = checkpoint.find(home / "checkpoints", opened.spec.model)
    manifest = checkpoint.read_manifest(folder)
    if manifest.weights_sha256 != opened.spec.digest:
        raise GalleryOutdated(
            f"gallery {opened.name!r} was embedded by another checkpoint; `iiae reindex {opened.name}` embeds its photos anew and keeps them"
        )
    inference = checkpoint.load(folder, select_device(device))
    side = other(inference.side(opened.spec.domain))
    pixels = inference.prepare(decode(sketch.read_bytes(), max_pixels=MAX_PIXELS), side)
    asked = manifest.query_kind(side, expand=expand)
    search_for = opened.search_expanded if asked == "y_expanded" else opened.search
    hits = search_for(inference.shared(side, pixels[None])[0].flatten().float().cpu().numpy(), k)
    scored = [(hit.photo, manifest.score(asked, hit.score, opened.index.count)) for hit in hits]
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {"id": photo.id, "score": score, "label": photo.label, "file": photo.source}
                    for photo, score in scored
                ],
                indent=2,
            )
        )
        return
    table = Table("rank", "score", "label", "file", title=f"{sketch.name} in {opened.name}")
    for rank, (photo, score) in enumerate(scored, 1):
        table.add_row(str(rank), f"{score:.3f}", photo.label or "", photo.source or photo.sha256[:12])
    Console().print(table)


def _first(galleries: Galleries) -> Gallery | None:
    """The first gallery by name that can be read."""
    for name in galleries.names():
        with suppress(GalleryDamaged, GalleryNotFound):  # or deleted since
            return galleries.open(name)
    return None


@app.command(epilog="Example: `iiae translate facade.jpg --model facades --out label.png`")
def translate(
    image: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The picture to translate.")],
    out: Annotated[
        Path, typer.Option(help="The PNG to write; several samples get -1, -2, … in their names.")
    ],
    model: Annotated[str, typer.Option(help="A checkpoint's name or folder.")] = "facades",
    source: Annotated[
        str | None, typer.Option(help="The picture's domain; default the model's first.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=16, help="How many, in styles of their own.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Sample i is drawn with seed + i.")] = 0,
    home: Home = Path("var"),
    device: Device = "auto",
) -> None:
    """Translate a picture into the model's other domain, without a server."""
    inference = checkpoint.load(checkpoint.find(home / "checkpoints", model), select_device(device))
    if "translate" not in inference.capabilities:
        raise typer.BadParameter(
            f"{model} cannot translate; it can {', '.join(sorted(inference.capabilities))}",
            param_hint="--model",
        )
    domains = inference.preset.domains
    if source is not None and source not in domains:
        raise typer.BadParameter(
            f"{model} has no domain {source!r}; there are {' and '.join(domains)}", param_hint="--source"
        )
    side = inference.side(source or domains[0])
    pixels = inference.prepare(decode(image.read_bytes(), max_pixels=MAX_PIXELS), side)
    z = torch.stack(
        [
            torch.randn(inference.exclusive_size, generator=torch.Generator().manual_seed(seed + index))
            for index in range(samples)
        ]
    )
    made = translate_pixels(inference, side, pixels.expand(samples, -1, -1, -1), z)
    for index, each in enumerate(made, 1):
        path = out if samples == 1 else out.with_stem(f"{out.stem}-{index}")
        picture(each).save(path)
        Console().print(f"wrote {path}", soft_wrap=True)


@app.command(epilog="Example: `iiae models`")
def models(home: Home = Path("var")) -> None:
    """List the checkpoints of the store and of the package."""
    table = Table("name", "version", "domains", "size", "figures", "from")
    for where, folders in (
        ("store", checkpoint.published(home / "checkpoints")),
        ("package", checkpoint.released()),
    ):
        for folder in folders:
            try:
                manifest = checkpoint.read_manifest(folder)
            except CheckpointError as error:
                table.add_row(folder.parent.name, folder.name, "", "", str(error), where)
                continue
            figures = ", ".join(f"{key} {value:.3f}" for key, value in list(manifest.metrics.items())[:3])
            table.add_row(
                manifest.name,
                manifest.version,
                " ".join(manifest.preset.domains),
                str(manifest.preset.image_size),
                figures,
                where,
            )
    Console().print(table)


@galleries_app.callback()
def galleries_list(context: typer.Context, home: Home = Path("var")) -> None:
    """List the galleries."""
    if context.invoked_subcommand is not None:
        return
    opened = Galleries(home / "galleries")
    table = Table("name", "model", "domain", "photos", "index")
    for name in opened.names():
        try:
            gallery = opened.open(name)
            table.add_row(
                name, gallery.spec.model, gallery.spec.domain, str(gallery.count), gallery.index.kind
            )
        except GalleryNotFound:  # deleted since
            continue
        except GalleryDamaged as error:
            table.add_row(name, "", "", "", error.detail)
    Console().print(table)


@galleries_app.command("delete", epilog="Example: `iiae galleries delete photos`")
def galleries_delete(
    name: Annotated[str, typer.Argument(help="The gallery's name.")], home: Home = Path("var")
) -> None:
    """Delete a gallery and the pictures it owns; indexed folders stay as they are."""
    Galleries(home / "galleries").delete(name)
    Console().print(f"deleted {name}")


def main() -> None:
    """Runs `iiae`; what can be foreseen to fail ends with a sentence and status 2."""
    sys.exit(_said(app, (UserError, ServiceError, DeviceUnavailable, ValidationError)))


def _said(run: Callable[[], object], foreseen: tuple[type[Exception], ...]) -> int:
    try:
        run()
    except foreseen as error:
        message = (
            "; ".join(str(entry["msg"]) for entry in error.errors())
            if isinstance(error, ValidationError)
            else str(error)
        )
        Console(stderr=True).print(f"iiae: {message}", style="red", markup=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    main()
