"""Measure the time of a query on one core and of indexing on two, compared with the bare backbone.

    python -m benchmarks.sketch_speed --data DIR

The forms take turns within one run. The tables have medians, and ratios to the backbone in its serving form.
The last lines compare the mAP of the serving form's features with that of the trained form, on the classes of
`--unseen`.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Name
from model import checkpoint
from model.allocator import keep_memory
from model.data.sketchy import read_sketchy, read_unseen
from model.inference import Inference
from model.metrics import cosine_map
from model.sketch.backbone.serving_form import serving_form
from model.sketch.linear_start import standardised
from model.sketch.pictures import Pictures, decode
from service.galleries.bulk import find_photos, index_photos
from service.galleries.collection import Galleries
from service.galleries.records import GallerySpec

CPU = torch.device("cpu")


def milliseconds(forms: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median times over rounds in which the forms take turns, in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in forms}
    for run in forms.values():
        run()
    for _ in range(rounds):
        for name, run in forms.items():
            began = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(each) for name, each in times.items()}


def table(title: str, times: dict[str, float], unit: str, bare: str) -> Table:
    """A table of times and of their ratios to that of `bare`."""
    sheet = Table("", unit, f": {bare}", title=title)
    for name, value in times.items():
        sheet.add_row(name, f"{value:.1f}", f"{value / times[bare]:.2f}")
    return sheet


def main(
    data: Data,
    unseen: Annotated[str, typer.Option(help="Classes on which mAP is compared.")] = "sketchy-25",
    name: Name = "sketchy",
    home: Home = DEFAULT_HOME,
    rounds: Annotated[int, typer.Option(min=3)] = 20,
) -> None:
    """Print two tables and the mAP of both forms."""
    keep_memory()
    folder = checkpoint.find(home / "checkpoints", name)
    manifest, _, trained = checkpoint.load_parts(folder)
    assert trained is not None
    inference = checkpoint.load(folder, CPU)
    eager = trained.eval().requires_grad_(False)
    quick = serving_form(trained, CPU)
    size = manifest.preset.image_size
    catalogue = read_sketchy(data)
    file = catalogue.sketches[0][0]
    pixels = inference.read(file, "y")[None]

    def pixels_to_code() -> Tensor:
        return inference.search_codes("y", inference.read(file, "y")[None])

    with torch.inference_mode():
        torch.set_num_threads(1)
        bare = {
            "full-precision eager backbone": lambda: eager(pixels),
            "serving form of the backbone": lambda: quick(pixels),
        }
        query = milliseconds({**bare, "from a drawing's file to its search code": pixels_to_code}, rounds)
        torch.set_num_threads(2)
        console = Console(width=110)
        console.print(
            table(f"A query on one core, {size}×{size}", query, "ms", "serving form of the backbone")
        )
        console.print(
            table(
                "Indexing on two cores, ms per photo",
                _catalogue(data, inference, eager, quick, size),
                "ms",
                "serving form of the backbone",
            )
        )
        hidden = read_unseen(unseen, catalogue.classes)
        some = catalogue.only(hidden)
        photos, sketches = (
            decode(some.photos, hidden, size),
            decode(some.sketches, hidden, size, drawings=manifest.preset.require_sketch().drawings),
        )
        for label, network in (("full-precision eager", eager), ("serving form", quick)):
            codes = [standardised(_features(network, pictures)) for pictures in (photos, sketches)]
            found = cosine_map(codes[0], photos.labels, codes[1], sketches.labels)
            console.print(f"mAP@all, features, {label}: {found:.4f}")


def _features(network: torch.nn.Module, pictures: Pictures) -> Tensor:
    return torch.cat([network(batch) for batch in pictures.batches(32)])


def _catalogue(
    data: Path, inference: Inference, eager: torch.nn.Module, quick: torch.nn.Module, size: int
) -> dict[str, float]:
    """Milliseconds per photo to index 256 files, and to run the bare networks on their pixels."""
    items = find_photos(data / "photo")[::12][:256]
    pictures = decode([(item.path, "x") for item in items], ("x",), size)
    spec = GallerySpec(
        model="m",
        digest="d",
        domain=inference.preset.domains[0],
        distance=inference.preset.distance,
        dim=inference.search_size,
    )

    def indexed() -> None:
        with tempfile.TemporaryDirectory() as scratch:
            index_photos(Galleries(Path(scratch)).create("g", spec), inference, items, max_pixels=10_000_000)

    forms = {
        "full-precision eager backbone": lambda: _features(eager, pictures),
        "serving form of the backbone": lambda: _features(quick, pictures),
        "`iiae index`, from files to a gallery": indexed,
    }
    return {name: value / len(items) for name, value in milliseconds(forms, 3).items()}


if __name__ == "__main__":
    typer.run(main)
