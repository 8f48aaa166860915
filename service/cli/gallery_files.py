"""`iiae galleries export` and `iiae galleries import`: a gallery as one Parquet file."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model.errors import UserError
from model.images.formats import MAX_PIXELS
from model.regular_file import NotRegularFile
from service.cli.checkpoints import load_model, newest_digests
from service.cli.options import DEFAULT_HOME, AsJson, Home, MaxPixels, progress_bar
from service.file_names import printable
from service.galleries.collection import Galleries
from service.galleries.parquet.exporting import Export, ExportReport
from service.galleries.parquet.header import Header
from service.galleries.parquet.importing import ImportReport, import_gallery, imported_spec
from service.galleries.parquet.reading import GalleryFile
from service.galleries.parquet.refused import GalleryFileRefused
from service.galleries.whole_file import sync_folder, writing_whole
from service.registry.model import Model


def export(
    name: Annotated[str, typer.Argument(help="The gallery's name.")],
    file: Annotated[Path, typer.Argument(help="The Parquet file to write, such as photos.parquet.")],
    photos: Annotated[
        bool,
        typer.Option(
            "--photos",
            help="Put the original files in, too. Without it, uploaded photos can only be seen as thumbnails "
            "where the file is imported.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a file is replaced.")] = False,
    as_json: AsJson = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Export a gallery as one Parquet file: embeddings, thumbnails, labels and metadata.

    pandas, polars and DuckDB read it, and `iiae galleries import` makes the same gallery of it elsewhere. A
    server may run meanwhile.
    """
    exported = Export(Galleries(home / "galleries").open(name), photos=photos, paths=True)
    _check_target(file, yes=yes)
    with progress_bar("exporting") as bar, writing_whole(file, durable=True) as out:
        task = bar.add_task("exporting", total=exported.total)
        for part in exported.parts():
            out.write(part)
            bar.update(task, completed=exported.report.photos)
    sync_folder(file.resolve().parent)
    size = file.stat().st_size
    if as_json:
        about = {"gallery": name, "file": printable(str(file)), "bytes": size}
        typer.echo(json.dumps(about | asdict(exported.report)))
        return
    _warn(_export_warnings(name, exported.report))
    with_originals = f", {exported.report.originals:,} with their originals" if photos else ""
    _say(f"exported {exported.report.photos:,} photos{with_originals}: {printable(str(file))}, {_mb(size)}")


def import_(
    name: Annotated[str, typer.Argument(help="The name of the new gallery.")],
    file: Annotated[Path, typer.Argument(help="A Parquet file that `iiae galleries export` has written.")],
    as_json: AsJson = False,
    max_pixels: MaxPixels = MAX_PIXELS,
    home: Home = DEFAULT_HOME,
) -> None:
    """Make a gallery of a Parquet file that `iiae galleries export` has written. Nothing is embedded again.

    Ids, labels, metadata and scores are those of the exported gallery. The checkpoint that made its
    embeddings must be here. A running service sees the gallery at once.
    """
    galleries = Galleries(home / "galleries")
    with (
        _refusals_of(file),
        GalleryFile(file, max_pixels=max_pixels) as opened,
        progress_bar("importing") as bar,
    ):
        task = bar.add_task("importing", total=opened.rows)
        report = import_gallery(
            galleries,
            name,
            opened,
            lambda header: imported_spec(header, _model(home, header)),
            on_progress=lambda count: bar.advance(task, count),
        )
    if as_json:
        typer.echo(json.dumps({"gallery": name, "file": printable(str(file))} | asdict(report)))
        return
    _warn(_import_warnings(name, galleries.open(name).spec.model, report))
    with_originals = f", {report.originals:,} with their originals" if report.originals else ""
    _say(f"imported {report.photos:,} photos{with_originals} into {name}")


def _check_target(file: Path, *, yes: bool) -> None:
    """Ask before a file is replaced.

    Raises:
        UserError: the file cannot be written, or it exists and nobody can be asked.
    """
    if not file.resolve().parent.is_dir():
        raise UserError(f"there is no folder {file.resolve().parent}; make it, or name another file")
    if not file.exists():
        return
    if not file.is_file():
        raise UserError(f"{file} is not a file; name a file such as {file / 'photos.parquet'}")
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(f"{file} exists already, and nobody can be asked; add --yes to replace it")
    typer.confirm(f"Replace {file}?", abort=True)


def _model(home: Path, header: Header) -> Model:
    """Load the checkpoint that made a file's embeddings. It may have another name here.

    Raises:
        GalleryFileRefused: it is not here, or a newer one has its name.
    """
    here = newest_digests(home)
    names = [name for name, digest in here.items() if digest == header.digest]
    if not names:
        present = here.get(header.model)
        there = (
            f"{header.model} is {present[:12]} here"
            if present
            else f"this home has no {header.model}; it has {', '.join(here) or 'none'}"
        )
        raise GalleryFileRefused(
            f"its embeddings are of the checkpoint {header.checkpoint}, and {there}."
            " Copy that checkpoint into the home's folder checkpoints/, or reindex the gallery with one that"
            " is here, and export it again"
        )
    return load_model(home, header.model if header.model in names else names[0], "cpu")


@contextmanager
def _refusals_of(file: Path) -> Iterator[None]:
    """Put the name of the file before the reason why it is refused."""
    try:
        yield
    except GalleryFileRefused as error:
        raise UserError(f"{printable(str(file))} was not imported: {printable(str(error))}") from error
    except (FileNotFoundError, NotRegularFile) as error:
        raise UserError(f"there is no file {printable(str(file))}") from error


def _export_warnings(name: str, report: ExportReport) -> Iterator[str]:
    if report.uploads_left:
        yield (
            f"the originals of {report.uploads_left:,} uploaded photos are not in the file, and nothing else"
            " has them; --photos puts them in"
        )
    if report.originals_lost:
        yield f"the originals of {report.originals_lost:,} photos are gone or have changed"
    if report.thumbnails_lost:
        yield f"{report.thumbnails_lost:,} photos have no thumbnail; `iiae fsck {name} --repair` makes them"
    if report.damaged:
        yield f"{report.damaged:,} photos are damaged and left out; run `iiae fsck {name}`"


def _import_warnings(name: str, model: str, report: ImportReport) -> Iterator[str]:
    if report.elsewhere:
        yield (
            f"the originals of {report.elsewhere:,} photos are not in the file; only their thumbnails can be"
            f" shown. `iiae index FOLDER --gallery {name} --model {model}` finds the originals in a folder"
        )
    if report.thumbnails_lost:
        yield f"{report.thumbnails_lost:,} photos have no thumbnail"


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        Console(stderr=True).print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _say(line: str) -> None:
    Console().print(line, markup=False, highlight=False, soft_wrap=True)


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
