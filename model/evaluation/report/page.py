"""The whole results page, in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from model.evaluation.report.measured import Measured, grouped
from model.evaluation.report.tables import (
    ablation_table,
    checkpoint_table,
    lpips_table,
    retrieval_table,
    search_table,
)

NO_ROWS = 2
"""Lines of a table without rows."""


@dataclass(frozen=True)
class Drawn:
    """A picture of the page.

    Attributes:
        file: its name beside the page.
        caption: what it shows.
    """

    file: str
    caption: str


def page(measured: Sequence[Measured], pictures: Sequence[Drawn], limit: int | None = None) -> str:
    """Return the page.

    Args:
        measured: the checkpoints.
        pictures: the pictures beside the page.
        limit: at most this many pairs were measured; None if it was all.
    """
    groups = grouped(measured)
    stand_ins = sorted({kind.preset for kind in groups if kind.stand_in})
    notes = [f"The data of `{name}` are a stand-in for the published data." for name in stand_ins]
    if "cars" in {kind.preset for kind in groups}:
        notes.append("The paper's LPIPS of Cars is of a bimodal set; here Y has 23 views.")
    if limit is not None:
        notes.append(f"At most {limit:,} pairs of each data set were measured.")
    sections = [
        (
            "Retrieval (Tables 2 and 5)",
            "Top-1 in percent. In brackets: the same with the exclusive codes, which should be at chance.",
            retrieval_table(groups),
        ),
        (
            "How translations look (Table 4): LPIPS, Alex",
            "LPIPS between translations and the true pictures, of at most 200 pairs; smaller is better.",
            lpips_table(groups, "alex"),
        ),
        (
            "How translations look: LPIPS, VGG",
            "The same with the features of VGG.",
            lpips_table(groups, "vgg"),
        ),
        (
            "The objectives on pictures",
            "Retrieval and leakage by the objectives of Table 6.",
            ablation_table(groups),
        ),
        (
            "Sketch search (Table 6)",
            "Sketches of unseen classes search the photos of these classes.",
            search_table(groups),
        ),
        ("Checkpoints", "The commands that trained them.", checkpoint_table(groups)),
    ]
    parts = ["# Results", " ".join(["Figures are means ± standard deviations over seeds.", *notes])]
    for title, text, table in sections:
        if table.count("\n") > NO_ROWS:
            parts += [f"## {title}", text, table.rstrip()]
    if pictures:
        parts.append("## Pictures")
        parts += [f"![{each.caption}]({each.file})\n\n{each.caption}" for each in pictures]
    return "\n\n".join(parts) + "\n"
