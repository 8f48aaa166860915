"""The published figures that stand beside ours."""

from typing import NamedTuple


class BothWays(NamedTuple):
    """A figure from X to Y and from Y to X; None where the paper has none."""

    xy: str | None
    yx: str | None


RETRIEVAL: dict[str, dict[str, BothWays]] = {
    "mnist-cdcb": {"iiae": BothWays("99.7 (.01)", "99.7 (.01)"), "cddn": BothWays("99.6", "99.6")},
    "facades": {
        "iiae": BothWays("100.0 (1.0)", "100.0 (0.0)"),
        "cddn": BothWays("95.0 (1.0)", "97.0 (1.0)"),
        "bicyclegan": BothWays(None, "45.0"),
    },
    "maps": {
        "iiae": BothWays("96.6 (.09)", "97.3 (.00)"),
        "cddn": BothWays("91.4", "96.9"),
        "drit": BothWays("33.8", "37.3"),
    },
}
"""Top-1 in percent with shared and, in brackets, exclusive codes, by preset and system (Tables 2 and 5).

Facades' are of the 100 pairs of val/ (Table 5). BicycleGAN's is from labels to photos only. DRIT (Lee et al.,
2018) was not trained here.
"""

LPIPS: dict[str, dict[str, BothWays]] = {
    "cars": {
        "iiae": BothWays(".215", ".153"),
        "cddn": BothWays(".235", ".193"),
        "pix2pix": BothWays(".250", ".215"),
    },
}
"""LPIPS of translations, by preset and system (Table 4, on the bimodal Cars)."""

ABLATION_MAP: dict[str, str] = {"ii": ".517", "ii-mi": ".534", "elbo+ii": ".516", "iiae": ".573"}
"""mAP of sketch search by objective (Table 6)."""
