"""Icons and emoji as pictures of things: Iconify's JSON files, which npm packages carry for hundreds of sets.

    DIR/**/icons.json     {"prefix": ..., "width": ..., "icons": {"cat-face": {"body": "<path .../>"}, ...}}

`npm install @iconify-json/twemoji` gives such a file. Icons in one colour get random colours, and every icon
lies on a random background.
"""

import colorsys
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from model.data.pairs import DataError, describe_folder, fingerprint_of
from model.data.thing_names import plain_name, related, thing_of
from model.errors import UserError
from model.regular_file import read_regular

SIDE = 256
"""Side of a rendered icon, in pixels."""
FREE = 0.08
"""Free margin around an icon, as a share of the side."""
PLAIN_BACKGROUND = 0.5
"""Share of the pictures on white."""
SUFFIXES = ("", " face")
"""What may follow a thing's name in an icon's: a cat face shows a cat."""
SHARED_BY = 3
"""Sets that must have icons of one name before it counts as a thing of its own."""
SKIN_TONE = "skin tone"
"""Emoji with this in their names are variants of others, and are left out."""
MAX_BYTES = 1_000_000_000


class RendererMissing(UserError):
    """The package that renders SVG is not installed."""


@dataclass(frozen=True)
class Icon:
    """An icon.

    Attributes:
        set_name: the icon set.
        name: the icon's name in the set.
        label: the thing that it shows, as the training calls it.
        svg: an SVG document. Its colour may be `currentColor`.
    """

    set_name: str
    name: str
    label: str
    svg: str


@dataclass(frozen=True)
class Icons:
    """Icons of some things."""

    icons: tuple[Icon, ...]

    def without(self, hidden: Iterable[str]) -> "Icons":
        """The icons of things that are not related to hidden ones (`thing_names.related`)."""
        names = tuple(hidden)
        return Icons(tuple(icon for icon in self.icons if not related(icon.label, names)))

    def of(self, things: Iterable[str]) -> "Icons":
        """The icons of these things, under any of their names."""
        names = {thing_of(thing) for thing in things}
        return Icons(tuple(icon for icon in self.icons if thing_of(icon.label) in names))

    def without_some(self, share: float) -> tuple["Icons", "Icons"]:
        """Split off a share of the icons, evenly over all sets: return the others, and these.

        Each thing keeps at least one icon.
        """
        left = Counter(icon.label for icon in self.icons)
        several = [number for number, icon in enumerate(self.icons) if left[icon.label] > 1]
        count = min(int(share * len(self.icons)), len(several))
        split_off: set[int] = set()
        for place in np.linspace(0, len(several) - 1, count).astype(int).tolist():
            label = self.icons[several[place]].label
            if left[label] > 1:
                left[label] -= 1
                split_off.add(several[place])
        return (
            Icons(tuple(icon for number, icon in enumerate(self.icons) if number not in split_off)),
            Icons(tuple(icon for number, icon in enumerate(self.icons) if number in split_off)),
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all things, sorted."""
        return tuple(sorted({icon.label for icon in self.icons}))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over set, name, thing and contents of every icon."""
        return fingerprint_of(f"{icon.set_name} {icon.name} {icon.label} {icon.svg}" for icon in self.icons)

    def pictures(self, variants: int, seed: int) -> Iterator[tuple[Image.Image, str]]:
        """Render each icon some times, with other colours and backgrounds, as RGB with its thing's name.

        Icons that cannot be rendered are left out.

        Raises:
            RendererMissing: install the extra `train`.
        """
        for number, icon in enumerate(self.icons):
            rng = np.random.default_rng((seed, number))
            for _ in range(variants):
                try:
                    yield render(icon.svg, rng), icon.label
                except ValueError:
                    break


def read_icons(folder: Path, things: Iterable[str]) -> Icons:
    """List the icons that show one of some things, or something that several sets have.

    Things that have only icons teach a model what an icon does not show: a face in a gallery is no clock.

    Raises:
        DataError: the folder has no icon set, or a set cannot be read.
    """
    files = sorted(folder.rglob("icons.json"))
    if not files:
        raise DataError(f"looked for icons.json in {folder} and its folders: {describe_folder(folder)}")
    icons = [icon for path in files for icon in _all_icons(path)]
    labels = {thing_of(thing): thing for thing in things}
    sets: dict[str, set[str]] = {}
    for icon in icons:
        if _label(icon.name, labels) is None:
            sets.setdefault(icon.label, set()).add(icon.set_name)
    labels |= {label: label for label, names in sets.items() if len(names) >= SHARED_BY}
    labelled = ((icon, _label(icon.name, labels)) for icon in icons)
    return Icons(tuple(replace(icon, label=label) for icon, label in labelled if label is not None))


def _all_icons(path: Path) -> Iterator[Icon]:
    """The icons of one set, labelled with their own names; variants of the skin tone are left out."""
    try:
        whole = json.loads(read_regular(path, limit=MAX_BYTES))
        for name, entry in whole["icons"].items():
            if SKIN_TONE not in (label := thing_of(name)):
                width, height = (entry.get(key, whole.get(key, 16)) for key in ("width", "height"))
                yield Icon(
                    str(whole["prefix"]), name, label, _document(entry["body"], float(width), float(height))
                )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} cannot be read as an icon set: {error!r}") from error


def _label(icon_name: str, labels: dict[str, str]) -> str | None:
    """The label of the thing that an icon shows: that of its name, or of its name without a suffix."""
    plain = plain_name(icon_name)
    names = [plain.removesuffix(suffix) for suffix in SUFFIXES if plain.endswith(suffix)]
    return next((labels[thing_of(name)] for name in names if thing_of(name) in labels), None)


def _document(body: str, width: float, height: float) -> str:
    margin = FREE * max(width, height)
    box = f"{-margin} {-margin} {width + 2 * margin} {height + 2 * margin}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{body}</svg>'


def render(svg: str, rng: np.random.Generator) -> Image.Image:
    """Render an SVG document as RGB, in random colours on a random background, [SIDE, SIDE].

    Raises:
        RendererMissing: install the extra `train`.
        ValueError: the document cannot be rendered.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise RendererMissing("resvg_py is not installed; pip install 'iiae[train]'") from error
    background = (255, 255, 255) if rng.random() < PLAIN_BACKGROUND else _colour(rng, 0.75, 1.0)
    coloured = svg.replace("currentColor", "#{:02x}{:02x}{:02x}".format(*_colour(rng, 0.0, 0.6)))
    png = bytes(resvg_py.svg_to_bytes(svg_string=coloured, width=SIDE, height=SIDE))
    with Image.open(io.BytesIO(png)) as drawn:
        clear = drawn.convert("RGBA")
    sheet = Image.new("RGBA", (SIDE, SIDE), background)
    place = (SIDE - clear.width) // 2, (SIDE - clear.height) // 2
    sheet.alpha_composite(clear.crop((0, 0, min(SIDE, clear.width), min(SIDE, clear.height))), place)
    return sheet.convert("RGB")


def _colour(rng: np.random.Generator, darkest: float, brightest: float) -> tuple[int, int, int]:
    hue, saturation, value = rng.random(), rng.uniform(0, 0.9), rng.uniform(darkest, brightest)
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation * (1 - 0.6 * (darkest > 0)), value)
    return round(255 * red), round(255 * green), round(255 * blue)
