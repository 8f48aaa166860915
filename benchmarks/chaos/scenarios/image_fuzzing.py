"""Mutated image files of every accepted format, and small files that hold huge pictures."""

import asyncio
import random
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.chaos.load import requests
from benchmarks.chaos.load.generator import closed_loop
from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch

CLIENTS = 4
REFUSALS = (200, 413, 415, 422, 429, 503)
MEMORY_MB = 1500
"""Most memory that the service may take, whatever the pictures."""
BOMB_SIDE = 6320
"""A blank picture of 40 megapixels is a file of a few hundred bytes."""


def run(trial: Trial) -> list[Row]:
    """Send mutated files for some seconds, then many requests with huge blank pictures."""
    home = trial.home()
    publish_sketch(home)
    with Server(home) as server:
        server.ready()
        server.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
        server.client.post("/galleries/g/photos", files={"image": png()}).raise_for_status()
        return [fuzz(trial, server), bombs(trial, server)]


def fuzz(trial: Trial, server: Server) -> Row:
    """Send mutated files."""
    rng, originals = random.Random(trial.seed), pictures()

    def request(number: int) -> bytes:
        data = mutated(originals[number % len(originals)], rng)
        return requests.form("/embed", {"image": data}, {"model": "drawn", "source": "photo"})

    outcomes = asyncio.run(closed_loop(server.port, request, CLIENTS, trial.seconds))
    slowest = max(each.latency for each in outcomes)
    memory = peak_memory_mb(server)
    statuses = [each.status for each in outcomes]
    return Row(
        f"{len(outcomes):,} mutated images",
        f"no 5xx, none takes 10 s, memory stays under {MEMORY_MB:,} MB",
        f"{counts(statuses)}; slowest {slowest:.1f} s; peak {memory:,.0f} MB",
        set(statuses) <= set(REFUSALS) and trial.within(slowest, 10) and memory < MEMORY_MB,
    )


def bombs(trial: Trial, server: Server) -> Row:
    """Search with eight sketches and a photo, each a huge blank picture in a tiny file."""
    clients = 4 if trial.short else 20
    blank = BytesIO()
    Image.new("RGB", (BOMB_SIDE, BOMB_SIDE), "white").save(blank, "WEBP", lossless=True, quality=0, method=0)

    def request(number: int) -> bytes:
        files = [("sketch", blank.getvalue() + b"%d %d" % (number, part)) for part in range(8)]
        files.append(("photo", blank.getvalue() + b"%d" % number))
        return requests.form("/sbir/search", files, {"gallery": "g"})

    outcomes = asyncio.run(closed_loop(server.port, request, clients, trial.seconds / 2))
    memory, statuses = peak_memory_mb(server), [each.status for each in outcomes]
    return Row(
        f"{clients} clients search with nine pictures of {BOMB_SIDE}² in {len(blank.getvalue())} bytes",
        f"memory stays under {MEMORY_MB:,} MB",
        f"{counts(statuses)}; peak {memory:,.0f} MB",
        memory < MEMORY_MB and server.process.poll() is None and set(statuses) <= set(REFUSALS),
    )


def pictures() -> list[bytes]:
    """Return files of all accepted formats and of most of their variants."""
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 4), dtype=np.uint8)
    rgba = Image.fromarray(pixels)
    rgb, grey, palette = rgba.convert("RGB"), rgba.convert("L"), rgba.convert("RGB").convert("P")
    frames = [palette, palette.rotate(90), palette.rotate(180)]
    exif = Image.Exif()
    exif[0x0112] = 6
    variants: list[Callable[[BytesIO], None]] = [
        lambda out: rgb.save(out, "PNG"),
        lambda out: rgba.save(out, "PNG"),
        lambda out: palette.save(out, "PNG", bits=4),
        lambda out: grey.convert("I;16").save(out, "PNG"),
        lambda out: rgb.save(out, "JPEG", exif=exif),
        lambda out: rgb.save(out, "JPEG", progressive=True, quality=30),
        lambda out: rgb.convert("CMYK").save(out, "JPEG"),
        lambda out: grey.save(out, "JPEG"),
        lambda out: rgb.save(out, "WEBP"),
        lambda out: rgba.save(out, "WEBP", lossless=True, exif=exif),
        lambda out: frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:]),
        lambda out: frames[0].save(out, "GIF", save_all=True, append_images=frames[1:]),
        lambda out: grey.save(out, "GIF", interlace=1),
        lambda out: rgb.save(out, "BMP"),
        lambda out: palette.save(out, "BMP"),
        lambda out: grey.convert("1").save(out, "BMP"),
    ]
    files = []
    for save in variants:
        out = BytesIO()
        save(out)
        files.append(out.getvalue())
    return files


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return a copy with some random damage."""
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        position = min(
            int(rng.expovariate(1 / 60)) if rng.random() < 0.7 else rng.randrange(len(data)), len(damaged)
        )
        match rng.randrange(7):
            case 0:
                damaged[position : position + 1] = bytes([rng.randrange(256)])
            case 1:
                damaged[position : position + 1] = bytes([1 << rng.randrange(8)])
            case 2:
                damaged[position : position + 4] = struct.pack(rng.choice((">I", "<I")), rng.choice(SIZES))
            case 3:
                damaged[position : position + 2] = struct.pack(
                    rng.choice((">H", "<H")), rng.choice(SIZES) & 0xFFFF
                )
            case 4:
                del damaged[position : position + rng.randrange(1, 64)]
            case 5:
                damaged[position:position] = rng.randbytes(rng.randrange(1, 64))
            case _:
                del damaged[max(position, 12) :]
    return bytes(damaged)


SIZES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 6000, 40_000_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def peak_memory_mb(server: Server) -> float:
    """Return the most resident memory that the server's process has had, in MB."""
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return float("nan")
