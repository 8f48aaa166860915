"""The report's pictures of an image model: translations, analogies and retrieval."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from model.data.pairs import Pairs
from model.evaluation.image_figures import analogies, translations
from model.evaluation.report.measured import Kind
from model.evaluation.report.page import Drawn
from model.evaluation.report.tables import NAMES, OBJECTIVE_NAMES
from model.evaluation.retrieval_figure import retrieval
from model.inference import Inference
from model.storage import write_bytes

ROWS = 4


def draw(
    inference: Inference, pairs: Pairs, kind: Kind, name: str, folder: Path, setting: str
) -> Iterator[Drawn]:
    """Draw what a model can do into a folder, unless the pictures are there, and yield them.

    Args:
        inference: the model.
        pairs: the reported pairs.
        kind: what the model is, for the captions.
        name: start of the files' names; another one for other weights.
        folder: where to write the pictures.
        setting: how it was trained, for the captions.
    """
    system = NAMES[kind.system]
    if kind.objective != "iiae":
        system = f"{system}, {OBJECTIVE_NAMES[kind.objective]}"
    figures = {"translations": ("Translations", lambda: translations(inference, pairs, count=ROWS))}
    if "analogy" in inference.capabilities:
        figures["analogies"] = ("Analogies", lambda: analogies(inference, pairs, count=ROWS))
    if "retrieve" in inference.capabilities:
        figures["retrieval"] = ("Retrieval", lambda: retrieval(inference, pairs, count=ROWS))
    for figure, (title, picture) in figures.items():
        file = f"{name}-{figure}.png"
        if not (folder / file).exists():
            png = BytesIO()
            picture().save(png, "PNG")
            write_bytes(folder / file, png.getvalue())
        yield Drawn(file, f"{title} by {system} on {kind.data} ({setting})")
