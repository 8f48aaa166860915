"""Plots of a training run's log: its terms and its validation figures over the steps, one run or two."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from model.errors import UserError
from model.training.scalar_log import METRICS, Scalars, read_scalars

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, DPI = 5.2, 2.5, 100
"""Size of a panel in inches, and pixels per inch."""
FEW = 40
"""Up to this many values are also marked by dots."""


class CurvesError(UserError):
    """A run's curves cannot be drawn; the text says why."""


@dataclass(frozen=True)
class Panel:
    """A plot of some of a log's names.

    Attributes:
        title: what the names have in common.
        unit: label of the vertical axis.
        names: the names.
        scale: of the vertical axis.
        limits: of the vertical axis; None fits the values.
    """

    title: str
    unit: str
    names: tuple[str, ...]
    scale: Literal["linear", "log"] = "linear"
    limits: tuple[float, float] | None = None


TOP1 = ("top1_shared_xy", "top1_shared_yx", "top1_exclusive_xy", "top1_exclusive_yx")
PANELS = (
    Panel("Reconstruction", "nats", ("log_px", "log_py", "log_px_zs", "log_py_zs")),
    Panel("KL of the exclusive codes to their prior", "nats", ("kl_zx", "kl_zy"), "log"),
    Panel("KL of the shared code to its prior", "nats", ("kl_zs",), "log"),
    Panel("Preference: KL of q(zs|x, y) to r(zs|x), r(zs|y)", "nats", ("kl_rx", "kl_ry"), "log"),
    Panel("Validation: retrieval by each code", "top-1, share of 1", TOP1, limits=(-0.03, 1.03)),
    Panel("Validation: translations", "mean absolute error", ("l1_from_x", "l1_from_y")),
    Panel("Validation: search of held-out classes", "mAP@all", ("held_out_map_all",)),
)
"""The panels of IIAE's terms, and of the validation figures of all systems."""
NOT_DRAWN = frozenset({"pairs", "validation"})
"""Names that have no curve: a constant, and a combination of other figures."""


def run_scalars(folder: Path) -> Scalars:
    """Return the log of a run from its folder; of a sketch model's run, that of its encoders and decoders.

    Raises:
        CurvesError: the folder has no log, or an empty one.
    """
    for place in (folder, folder / "iiae"):
        if (place / METRICS).exists():
            if panels_of([scalars := read_scalars(place / METRICS)]):
                return scalars
            raise CurvesError(
                f"{place / METRICS} has nothing to draw yet; try again when the run has logged steps"
            )
    raise CurvesError(
        f"{folder} has no {METRICS}, the log of a training run; "
        "give the --home with which `iiae train` ran, and the run's name"
    )


def panels_of(runs: Sequence[Scalars]) -> list[Panel]:
    """Return the panels that runs need, each with the names that at least one run has.

    The terms of compared systems have a panel each, which both directions share.
    """
    names = list(dict.fromkeys(name for run in runs for name in run))
    terms: dict[str, list[str]] = {}
    known = {name for panel in PANELS for name in panel.names} | NOT_DRAWN
    for name in names:
        if name not in known:
            terms.setdefault(re.sub(r"(_from)?_[xy]$", "", name), []).append(name)
    losses = [
        Panel(f"Loss: {term.replace('_', ' ')}", "weighted", tuple(group)) for term, group in terms.items()
    ]
    figures = [
        replace(panel, names=present)
        for panel in PANELS
        if (present := tuple(name for name in panel.names if name in names))
    ]
    return [*losses, *figures]


def curves(runs: Mapping[str, Scalars]) -> Image.Image:
    """Plot runs: one has two panels in a row; two are beside each other, with equal axes in each row.

    Args:
        runs: one or two runs' scalars, by the names to write above them.

    Raises:
        CurvesError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise CurvesError("matplotlib, which curves need, is missing; run: pip install 'iiae[train]'")
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # of the extra `train`
    from matplotlib.figure import Figure

    panels = panels_of(list(runs.values()))
    compared = len(runs) > 1
    rows = len(panels) if compared else -(-len(panels) // 2)
    figure = Figure(figsize=(2 * WIDTH, rows * HEIGHT + 0.6), dpi=DPI, layout="constrained")
    plots = figure.subplots(rows, 2, squeeze=False, sharex=True, sharey="row" if compared else False)
    figure.suptitle(f"Training of {' and '.join(runs)}", fontsize=13, parse_math=False)
    figure.supxlabel("optimiser step", fontsize=10)
    for index, panel in enumerate(panels):
        for column, (name, scalars) in enumerate(runs.items()):
            if compared:
                _draw(plots[index][column], panel, scalars, f"{name}: {panel.title}")
            else:
                _draw(plots[index // 2][index % 2], panel, scalars, panel.title)
    if not compared and len(panels) % 2:
        plots[-1][1].set_axis_off()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _draw(axes: "Axes", panel: Panel, scalars: Scalars, title: str) -> None:
    """Plot a panel of one run. Domains or directions differ in colour, kinds of codes in dashes."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for index, name in enumerate(panel.names):
        if name in scalars:
            steps, values = scalars[name]
            dashes = "--" if index > 1 else "-"
            marker = "." if len(steps) <= FEW else ""
            axes.plot(steps, values, dashes, color=f"C{index % 2}", marker=marker, linewidth=1.3, label=name)
    axes.set_title(title, fontsize=10, parse_math=False)
    axes.set_ylabel(panel.unit, fontsize=9)
    if panel.limits is not None:
        axes.set_ylim(panel.limits)
    axes.tick_params(labelsize=8, labelbottom=True)
    axes.grid(alpha=0.3)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    if panel.scale == "log":
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if axes.lines:
        axes.legend(fontsize=8, framealpha=0.7)
    else:
        axes.text(0.5, 0.5, "not logged", ha="center", va="center", transform=axes.transAxes)
