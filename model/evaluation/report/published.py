"""The published figures that stand beside ours."""

from typing import NamedTuple


class BothWays(NamedTuple):
    """A figure from X to Y and from Y to X; None where the paper has none."""

    xy: str | None
    yx: str | None


RETRIEVAL: dict[str, dict[str, BothWays]] = {
    "mnist-cdcb": {"iiae": BothWays("99.7 (.01)", "99.7 (.01)"), "cddn": BothWays("99.6", "99.6")},
    "maps": {
        "iiae": BothWays("96.6 (.09)", "97.3 (.00)"),
        "cddn": BothWays("91.4", "96.9"),
        "drit": BothWays("33.8", "37.3"),
    },
}
"""Top-1 in percent with shared and, in brackets, exclusive codes, by preset and system (Table 2).

DRIT (Lee et al., 2018) was not trained here.
"""
FACADES: dict[str, dict[str, BothWays]] = {
    "100": {
        "iiae": BothWays("100.0 (1.0)", "100.0 (0.0)"),
        "cddn": BothWays("95.0 (1.0)", "97.0 (1.0)"),
        "bicyclegan": BothWays(None, "45.0"),
    },
    "106": {
        "iiae": BothWays("96.2 (.94)", "99.1 (.94)"),
        "cddn": BothWays("84.9", "89.6"),
        "drit": BothWays("31.1", "44.3"),
    },
}
"""The same of Facades by the number of pairs: the 100 of val/ (Table 5) and the 106 of test/ (Table 2)."""


def retrieval_of(preset: str, pairs: str) -> dict[str, BothWays]:
    """Return the published figures of each system on this number of pairs."""
    return FACADES.get(pairs, {}) if preset == "facades" else RETRIEVAL.get(preset, {})


LPIPS: dict[str, dict[str, BothWays]] = {
    "cars": {
        "iiae": BothWays(".215", ".153"),
        "cddn": BothWays(".235", ".193"),
        "pix2pix": BothWays(".250", ".215"),
    },
}
"""LPIPS of translations, by preset and system (Table 4, on the bimodal Cars)."""

ABLATION: dict[str, tuple[str, str]] = {
    "ii": (".517", ".605"),
    "ii-mi": (".534", ".616"),
    "elbo+ii": (".516", ".595"),
    "iiae": (".573", ".659"),
}
"""mAP and P@100 of sketch search by objective (Table 6)."""
PUBLISHED_SPLIT = "sketchy-25"
"""The split of unseen classes that they were measured on."""
