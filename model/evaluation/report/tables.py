"""The report's tables, in Markdown: retrieval, how translations look, ablation, and sketch search."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from model.evaluation.report.measured import Kind, Measured, mean_and_deviation
from model.evaluation.report.published import ABLATION, LPIPS, PUBLISHED_SPLIT, BothWays, retrieval_of
from model.objective import OBJECTIVES

Groups = Mapping[Kind, Sequence[Measured]]
Way = Literal["xy", "yx"]
WAYS: tuple[Way, Way] = ("xy", "yx")
NAMES: dict[str, str] = {
    "iiae": "IIAE",
    "cddn": "CdDN",
    "bicyclegan": "BicycleGAN",
    "pix2pix": "pix2pix",
    "drit": "DRIT",
}
OBJECTIVE_NAMES = {
    "iiae": "ELBO + λ(II − MI)",
    "elbo": "ELBO",
    "ii": "II",
    "ii-mi": "II − MI",
    "elbo+ii": "ELBO + λII",
}
LITTLE = 0.0005
"""Shares below it would be printed as 0.0 %."""
RETRIEVAL_BY: dict[str, str] = {
    "shared": "shared codes",
    "translated": "pixels of the translation",
    "style": "style of the translation",
}
"""How a system may search: the figures' names, and the table's words."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    escaped = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped) + "\n"


def percent(found: tuple[float, float | None] | None) -> str:
    """Return a share and its deviation in percent, such as `98.0 ± 1.0`; a little is not nothing: `<0.1`."""
    if found is None:
        return "–"
    mean, deviation = found
    if 0 < mean < LITTLE:
        return "<0.1"
    return f"{100 * mean:.1f}" + ("" if deviation is None else f" ± {100 * deviation:.1f}")


def fraction(found: tuple[float, float | None] | None) -> str:
    """Return a figure and its deviation with three decimals, such as `.215 ± .004`."""
    if found is None:
        return "–"
    mean, deviation = found
    text = f"{mean:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")
    return re.sub(r"\b0\.", ".", text)


def setting(kind: Kind, groups: Iterable[Kind]) -> str:
    """Return a kind's pictures and training in words, with what differs among this system's kinds."""
    others = [each for each in groups if (each.preset, each.system) == (kind.preset, kind.system)]
    common = set(kind.settings).intersection(*(each.settings for each in others))
    words = [f"{kind.image_size}×{kind.image_size}, width {kind.width:g}"]
    if kind.pairs_seen:
        words.append(f"trained on {kind.pairs_seen:,} pairs")
    return ", ".join([*words, *sorted(set(kind.settings) - common)])


def pairs_of(group: Sequence[Measured]) -> str:
    """Return the number of pairs that a group was measured on."""
    return " or ".join(sorted({f"{each.figures['pairs']:,.0f}" for each in group if "pairs" in each.figures}))


def retrieval_table(groups: Groups) -> str:
    """Tables 2 and 5: top-1 in percent of every system, with leakage in brackets."""
    rows: list[Sequence[str]] = []
    for kind, group in groups.items():
        if kind.objective != "iiae" or kind.unseen:
            continue
        pairs = pairs_of(group)
        published = retrieval_of(kind.preset, pairs).get(kind.system, BothWays(None, None))
        for figure, words in RETRIEVAL_BY.items():
            found = {way: mean_and_deviation(group, f"top1_{figure}_{way}") for way in WAYS}
            if found["xy"] is None:
                continue
            leaks = {way: mean_and_deviation(group, f"top1_exclusive_{way}") for way in WAYS}
            ours = [
                percent(found[way]) + (f" ({percent(leaks[way])})" if leaks[way] is not None else "")
                for way in WAYS
            ]
            rows.append(
                (
                    kind.data,
                    setting(kind, groups),
                    f"{NAMES[kind.system]}, by {words}",
                    str(len(group)),
                    pairs,
                    *ours,
                    published.xy or "",
                    published.yx or "",
                )
            )
    rows += _unmeasured(groups)
    head = ("data", "setting", "system", "seeds", "pairs", "X→Y, %", "Y→X, %", "paper, X→Y", "paper, Y→X")
    return table(head, sorted(rows, key=lambda row: row[0]))


def _unmeasured(groups: Groups) -> list[Sequence[str]]:
    """Return rows of the published systems that no checkpoint has, of each data set and number of pairs."""
    measured: dict[tuple[str, str, str], set[str]] = {}
    for kind, group in groups.items():
        if not kind.unseen:
            systems = measured.setdefault((kind.data, kind.preset, pairs_of(group)), set())
            systems |= {kind.system} if kind.objective == "iiae" else set()
    rows: list[Sequence[str]] = []
    for (data, preset, pairs), systems in sorted(measured.items()):
        for system, published in retrieval_of(preset, pairs).items():
            if system not in systems:
                paper = (published.xy or "", published.yx or "")
                rows.append((data, "–", NAMES[system], "0", pairs, "–", "–", *paper))
    return rows


def lpips_table(groups: Groups, network: Literal["alex", "vgg"]) -> str:
    """Table 4: LPIPS between translations and the true pictures; smaller is better."""
    rows: list[Sequence[str]] = []
    for kind, group in groups.items():
        if kind.objective != "iiae" or mean_and_deviation(group, f"lpips_{network}_xy") is None:
            continue
        published = LPIPS.get(kind.preset, {}).get(kind.system, BothWays(None, None))
        ours = [
            fraction(mean_and_deviation(group, f"lpips_{network}{style}_{way}"))
            for way in WAYS
            for style in ("", "_sampled", "_reference")
        ]
        paper = (published.xy or "", published.yx or "") if network == "alex" else ("", "")
        rows.append((kind.data, setting(kind, groups), NAMES[kind.system], str(len(group)), *ours, *paper))
    head = ("data", "setting", "system", "seeds")
    styles = ("mean style", "random styles", "true style")
    ours_head = [f"{way}, {style}" for way in ("X→Y", "Y→X") for style in styles]
    return table((*head, *ours_head, "paper, X→Y", "paper, Y→X"), rows)


def ablation_table(groups: Groups) -> str:
    """The objectives of Table 6 on pictures: retrieval and leakage."""
    iiae_kinds = [kind for kind in groups if kind.system == "iiae" and not kind.unseen]
    ablated = {_without_objective(kind) for kind in iiae_kinds if kind.objective != "iiae"}
    rows: list[Sequence[str]] = []
    for kind in sorted(iiae_kinds, key=lambda kind: (_without_objective(kind), _order(kind.objective))):
        if _without_objective(kind) not in ablated:
            continue
        group = groups[kind]
        cells = [
            percent(mean_and_deviation(group, f"top1_{codes}_{way}"))
            for codes in ("shared", "exclusive")
            for way in WAYS
        ]
        paper, _ = ABLATION.get(kind.objective, ("", ""))
        rows.append(
            (
                kind.data,
                setting(kind, groups),
                OBJECTIVE_NAMES[kind.objective],
                str(len(group)),
                *cells,
                paper,
            )
        )
    head = ("data", "setting", "objective", "seeds", "X→Y, %", "Y→X, %", "leak X→Y", "leak Y→X")
    return table((*head, "paper, mAP of sketch search"), rows)


def _without_objective(kind: Kind) -> Kind:
    return replace(kind, objective="")


def _order(objective: str) -> int:
    return list(OBJECTIVES).index(objective)  # type: ignore[arg-type]  # a manifest's text


SEARCHES: dict[str, str] = {
    "": "zs, cosine",
    "features_": "the backbone's features",
    "standardised_features_": "the features, standardised",
    "exclusive_": "exclusive codes",
    "search_": "search codes",
    "expanded_": "search codes with query expansion",
}
"""What a sketch search compares: the prefix of its figures, and the table's words."""


def search_table(groups: Groups) -> str:
    """Zero-shot sketch search by what is compared, and the objectives of Table 6."""
    rows: list[Sequence[str]] = []
    for kind, group in groups.items():
        if not kind.unseen:
            continue
        paper = ABLATION.get(kind.objective, ("", "")) if kind.unseen == PUBLISHED_SPLIT else ("", "")
        for prefix, words in SEARCHES.items():
            cells = [
                fraction(mean_and_deviation(group, f"{prefix}{name}"))
                for name in ("map_all", "map_200", "p_100", "p_10")
            ]
            rows.append(
                (
                    kind.preset,
                    kind.unseen,
                    OBJECTIVE_NAMES[kind.objective],
                    words,
                    str(len(group)),
                    *cells,
                    *(paper if prefix == "" else ("", "")),
                )
            )
    figures = ("mAP@all", "mAP@200", "P@100", "P@10")
    head = ("model", "unseen classes", "objective", "compared", "seeds")
    return table((*head, *figures, "paper, mAP", "paper, P@100"), rows)


def checkpoint_table(groups: Groups) -> str:
    """The checkpoints that were measured, and the commands that trained them."""
    rows = [
        (each.manifest.name, each.manifest.weights_sha256[:12], f"`{each.manifest.command}`")
        for group in groups.values()
        for each in group
    ]
    return table(("checkpoint", "weights, SHA-256", "command"), sorted(rows))
