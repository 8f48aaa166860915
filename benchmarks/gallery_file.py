"""Time and peak memory of exporting a gallery to a Parquet file, and of importing it.

    python -m benchmarks.gallery_file [--photos 100000] [--dim 512] [--dir DIR]

The photos have random embeddings and thumbnails of 5 kB; they have no originals. Each direction runs in a
process of its own. The memory is what that process holds at most, libraries included; the line `nothing` is
a process that only imports the libraries.
"""

import argparse
import resource
import time
from collections.abc import Callable
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from service.galleries.collection import Galleries
from service.galleries.parquet.arrow import load_arrow
from service.galleries.parquet.exporting import Export
from service.galleries.parquet.importing import import_gallery
from service.galleries.parquet.reading import GalleryFile
from service.galleries.records import GallerySpec, NewPhoto
from service.galleries.whole_file import writing_whole

BATCH = 500
THUMBNAIL_BYTES = 5_000


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--dir", type=Path, help="where to make the galleries; a temporary folder by default")
    arguments = parser.parse_args()
    with TemporaryDirectory(dir=arguments.dir) as folder:
        root = Path(folder)
        fill(root, arguments.photos, arguments.dim)
        print(f"| {arguments.photos:,} photos of {arguments.dim} dimensions | seconds | peak memory |")
        print("|---|---|---|")
        for name, step in (("nothing", nothing), ("export", export), ("import", import_back)):
            seconds, peak = measured(step, root)
            print(f"| {name} | {seconds:.1f} | {peak:.0f} MB |")
        print(f"\nThe file has {(root / 'g.parquet').stat().st_size / 1e6:,.0f} MB.")


def fill(root: Path, photos: int, dim: int) -> None:
    """Make a gallery of random photos."""
    rng = np.random.default_rng(0)
    spec = GallerySpec(model="m", digest="d" * 64, domain="photo", distance="inner_product", dim=dim)
    gallery = Galleries(root / "a").create("g", spec)
    out = BytesIO()
    Image.new("RGB", (192, 144)).save(out, "WEBP")
    for start in range(1, photos + 1, BATCH):
        gallery.add(
            [
                NewPhoto(
                    sha256=f"{number:064x}",
                    embedding=rng.normal(size=dim).astype(np.float32),
                    content_type="image/jpeg",
                    width=640,
                    height=480,
                    thumbnail=out.getvalue() + rng.bytes(THUMBNAIL_BYTES - len(out.getvalue())),
                    source=f"/photos/umbrella/{number}.jpg",
                    label="umbrella",
                    metadata={"file": f"umbrella/{number}.jpg"},
                )
                for number in range(start, min(start + BATCH, photos + 1))
            ]
        )


def measured(step: Callable[[Path], None], root: Path) -> tuple[float, float]:
    """Return the seconds and the peak memory in MB of a step in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (step, root))


def _measure(step: Callable[[Path], None], root: Path) -> tuple[float, float]:
    start = time.perf_counter()
    step(root)
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def nothing(root: Path) -> None:
    """Import the libraries."""
    load_arrow()


def export(root: Path) -> None:
    """Export the gallery, as `iiae galleries export` does."""
    with writing_whole(root / "g.parquet", durable=True) as out:
        for part in Export(Galleries(root / "a").open("g"), photos=False, paths=True).parts():
            out.write(part)


def import_back(root: Path) -> None:
    """Import the file, as `iiae galleries import` does after it has loaded the checkpoint."""
    spec = Galleries(root / "a").open("g").spec
    with GalleryFile(root / "g.parquet", max_pixels=10**8) as file:
        import_gallery(Galleries(root / "b"), "g", file, lambda header: spec)


if __name__ == "__main__":
    main()
