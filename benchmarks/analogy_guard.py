"""The analogy's domain guard: how well it separates two domains, how often it refuses, and what it costs.

    python -m benchmarks.analogy_guard --facades FACADES --mnist MNIST [--originals MNIST_CDCB]

An analogy is refused if one picture scores above the margin (X) and the other below minus the margin (Y).
The first table pairs pictures of X with pictures of Y: all of these should be refused. The second table pairs
pictures of one domain and edits the second one, for example darkens or crops it: none should be refused. Some
edits do turn a picture into one of the other domain, such as the negative of a coloured digit on black.

The margin was chosen on the train pairs. We compared .25, .375 and .5: the other two refuse some pairs of
unchanged pictures of one domain.
"""

import statistics
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps
from rich.console import Console
from rich.table import Table

from model import checkpoint
from model.data.mnist import Digits, read_mnist
from model.data.mnist_cdcb import MnistCdcb
from model.inference import Inference, analogy
from model.pictures import picture
from model.presets import SIDES, Side
from service.inference.translation import DOMAIN_MARGIN

DIGITS = 500
ROUNDS = 50

Pictures = dict[Side, list[Image.Image]]
Scores = NDArray[np.float32]


def scaled(contrast: float, offset: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.point(lambda level: int(min(255, max(0, contrast * level + offset))))


def blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(image.width / 43))


def noisy(image: Image.Image) -> Image.Image:
    levels = np.asarray(image) + np.random.default_rng(0).normal(0, 20, (image.height, image.width, 3))
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def compressed(image: Image.Image) -> Image.Image:
    file = BytesIO()
    image.save(file, "JPEG", quality=20)
    return Image.open(file).convert("RGB")


def cropped(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 4, height // 4, 3 * width // 4, 3 * height // 4))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "unchanged": lambda image: image,
    "grey": lambda image: image.convert("L").convert("RGB"),
    "dark": scaled(0.35, 0),
    "bright": scaled(1.5, 30),
    "blurred": blurred,
    "negative": ImageOps.invert,
    "low contrast": scaled(0.4, 77),
    "noisy": noisy,
    "JPEG": compressed,
    "cropped": cropped,
    "rotated": lambda image: image.rotate(90),
}


def side_by_side(folder: Path) -> Pictures:
    """Pairs in side-by-side files: X is the left half, Y the right half."""
    pairs: Pictures = {"x": [], "y": []}
    for path in sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".png"}):
        both = Image.open(path).convert("RGB")
        middle = both.width // 2
        pairs["x"].append(both.crop((0, 0, middle, both.height)))
        pairs["y"].append(both.crop((middle, 0, both.width, both.height)))
    return pairs


def coloured_digits(digits: Digits, size: int) -> Pictures:
    """Pairs of MNIST-CDCB made from the first digits."""
    made = MnistCdcb(Digits(digits.images[:DIGITS], digits.labels[:DIGITS]), size)
    pairs = [made.pair(index, None) for index in range(DIGITS)]
    return {"x": [picture(x) for x, _ in pairs], "y": [picture(y) for _, y in pairs]}


def scores(inference: Inference, side: Side, images: Sequence[Image.Image]) -> Scores:
    pixels = torch.stack([inference.prepare(image, side) for image in images])
    scored: Scores = torch.cat([inference.domain_score(batch) for batch in pixels.split(50)]).cpu().numpy()
    return scored


def refused(first: Scores, second: Scores) -> float:
    """Percentage of all combinations of two pictures that the guard refuses."""
    a, b = first[:, None], second[None]
    return float(100 * ((np.minimum(a, b) < -DOMAIN_MARGIN) & (np.maximum(a, b) > DOMAIN_MARGIN)).mean())


def cost(inference: Inference) -> tuple[float, float]:
    """Median milliseconds of an analogy without the guard, and of the guard for both pictures."""
    size = inference.preset.image_size
    image, reference = torch.rand(1, 3, size, size), torch.rand(1, 3, size, size)
    times: dict[str, list[float]] = {"analogy": [], "guard": []}
    for _ in range(ROUNDS):
        for name, work in (
            ("analogy", lambda: analogy(inference, "x", image, reference)),
            ("guard", lambda: [inference.domain_score(each) for each in (image, reference)]),
        ):
            started = perf_counter()
            work()
            times[name].append(1000 * (perf_counter() - started))
    return statistics.median(times["analogy"]), statistics.median(times["guard"])


def main(
    facades: Annotated[Path, typer.Option(help="Folder with train/ and val/ of side-by-side pictures.")],
    mnist: Annotated[Path, typer.Option(help="Folder with MNIST, as `iiae train mnist-cdcb` takes it.")],
    originals: Annotated[
        Path | None, typer.Option(help="Folder with published side-by-side pairs of MNIST-CDCB.")
    ] = None,
) -> None:
    """Print the three tables."""
    models = {
        folder.name: checkpoint.load(folder, torch.device("cpu"))
        for folder in checkpoint.released()
        if folder.name in {"facades", "mnist-cdcb"}
    }
    train, test = read_mnist(mnist)
    size = models["mnist-cdcb"].preset.image_size
    sets = [
        ("facades", "train", side_by_side(facades / "train")),
        ("facades", "val", side_by_side(facades / "val")),
        ("mnist-cdcb", "train", coloured_digits(train, size)),
        ("mnist-cdcb", "test", coloured_digits(test, size)),
    ]
    if originals is not None:
        sets.append(("mnist-cdcb", "originals", side_by_side(originals)))

    columns = ("lowest X", "median X", "median Y", "highest Y", "pairs of X and Y refused, %")
    separation = Table("model", "pictures", "pairs", *columns)
    refusals = Table("model", "pictures", *CHANGES, title="pairs of one domain refused (X / Y), %")
    for name, split, pairs in sets:
        scored = {
            (side, change): scores(models[name], side, [CHANGES[change](image) for image in pairs[side]])
            for side in SIDES
            for change in CHANGES
        }
        x, y = scored["x", "unchanged"], scored["y", "unchanged"]
        ends = (f"{value:.2f}" for value in (x.min(), np.median(x), np.median(y), y.max()))
        separation.add_row(name, split, str(len(x)), *ends, f"{refused(x, y):.1f}")
        rates = (
            " / ".join(f"{refused(scored[side, 'unchanged'], scored[side, change]):.1f}" for side in SIDES)
            for change in CHANGES
        )
        refusals.add_row(name, split, *rates)

    costs = Table("model", "analogy, ms", "guard, ms", "guard : analogy")
    for name, inference in models.items():
        own, guard = cost(inference)
        costs.add_row(name, f"{own:.1f}", f"{guard:.1f}", f"{guard / own:.2f}")
    console = Console(width=200)
    for table in (separation, refusals, costs):
        console.print(table)


if __name__ == "__main__":
    typer.run(main)
