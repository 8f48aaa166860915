"""Files of galleries are damaged: bits flipped, truncated, replaced by a FIFO."""

import json
import random
import shutil
import time
from collections import Counter
from pathlib import Path

import httpx

from benchmarks.chaos.damage import DAMAGES
from benchmarks.chaos.report import Row
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch
from service.galleries.fsck.check import check_home
from service.galleries.fsck.finding import Options

PHOTOS = 24
WRONG = "wrong answers"
SLOW = 5.0
"""No request may take longer, in seconds: a FIFO would block its reader for ever."""
PICTURES = "pictures"
"""A damaged picture must never be sent. Damaged thumbnails are replaced by the full picture in answers."""
FILES = {
    "database": "gallery.sqlite",
    "index": "index/*.faiss",
    "note": "index/note.json",
    PICTURES: "photos/*/*",
    "thumbnails": "thumbnails/*/*",
}


def run(trial: Trial) -> list[Row]:
    """Copy one good gallery many times, damage each copy differently, and compare the answers."""
    rng, home = random.Random(trial.seed), trial.home()
    publish_sketch(home)
    with Server(home) as server:
        fill(server.ready())
    copies = max(1, int(trial.seconds / 4))
    names = damage_galleries(home, rng, copies)
    with Server(home, IIAE_CACHE_MB="0") as server:
        return compare(trial, server.ready(), names)


def fill(server: Server) -> None:
    """Create the good gallery, and search in it, so that its index is saved."""
    server.client.post("/galleries", json={"name": "good", "model": "drawn"}).raise_for_status()
    for seed in range(PHOTOS):
        data = {"label": f"photo {seed}", "metadata": json.dumps({"seed": seed})}
        photo = {"image": png(seed)}
        server.client.post("/galleries/good/photos", files=photo, data=data).raise_for_status()
    search(server.client, "good", 0)


def damage_galleries(home: Path, rng: random.Random, copies: int) -> dict[str, list[str]]:
    """Copy the good gallery and damage the copies. Return the names of the copies by their damage."""
    good = home / "galleries" / "good"
    names: dict[str, list[str]] = {}
    for file, pattern in FILES.items():
        for kind, damage in DAMAGES.items():
            if kind == "a FIFO" and file in (PICTURES, "thumbnails"):
                continue  # counts as a lost file
            for number in range(copies * (4 if file == "database" and kind == "bits flipped" else 1)):
                name = f"{file}-{kind.replace(' ', '-').lower()}-{number}"
                shutil.copytree(good, home / "galleries" / name)
                for path in (home / "galleries" / name).glob(pattern):
                    damage(path, rng)
                names.setdefault(f"a gallery's {file}: {kind}", []).append(name)
    return names


def compare(trial: Trial, server: Server, names: dict[str, list[str]]) -> list[Row]:
    """Compare the answers about each damaged copy with those about the good gallery."""
    right, rows = everything(server.client, "good"), []
    for damage, copies in names.items():
        verdicts, slowest = Counter[str](), 0.0
        for name in copies:
            answers = everything(server.client, name)
            slowest = max(slowest, *(seconds for _, _, seconds in answers))
            judged = verdict(answers, right)
            if judged == WRONG and PICTURES not in damage:
                judged = explanation(trial.folder / "home", server.client, name)
            verdicts[judged] += 1
        again = everything(server.client, "good")
        good = [answer[:2] for answer in again] == [answer[:2] for answer in right]
        found = ", ".join(f"{each} × {count}" for each, count in sorted(verdicts.items()))
        rows.append(
            Row(
                damage,
                "right answers, or an error, a count or `iiae fsck` says so; other galleries work",
                f"{found}; slowest {slowest:.1f} s" + ("" if good else "; another gallery answers wrongly"),
                not any(each == WRONG or each.startswith("error") for each in verdicts)
                and good
                and trial.within(slowest, SLOW),
            )
        )
    return rows


Answer = tuple[int, str, float]
"""Status, comparable text and seconds of an answer. Status 0: no answer."""
Answers = list[Answer]


def everything(client: httpx.Client, name: str) -> Answers:
    """Ask for all that a gallery knows."""
    paths = ("/photos?limit=1000", "/photos/5", "/photos/6?size=thumbnail", "/photos/7/similar")
    answers = [ask(client, name, "GET", f"/galleries/{name}{path}") for path in paths]
    return [*answers, search(client, name, 3), search(client, name, 17)]


def search(client: httpx.Client, name: str, seed: int) -> Answer:
    """Search with one of the photos."""
    fields = {"gallery": name, "source": "photo", "k": "10"}
    return ask(client, name, "POST", "/retrieve", files={"image": png(seed)}, data=fields)


def ask(
    client: httpx.Client,
    name: str,
    method: str,
    path: str,
    files: dict[str, bytes] | None = None,
    data: dict[str, str] | None = None,
) -> Answer:
    """Send a request. Return status, text without the gallery's name, and seconds.

    The text of an error is its code.
    """
    started = time.monotonic()
    try:
        answer = client.request(method, path, files=files, data=data, timeout=2 * SLOW)
    except httpx.TransportError:
        return 0, "no answer", time.monotonic() - started
    seconds = time.monotonic() - started
    if answer.is_error:
        return answer.status_code, str(answer.json()["code"]), seconds
    if answer.headers["content-type"] != "application/json":
        return answer.status_code, answer.content.hex(), seconds
    return answer.status_code, answer.text.replace(name, "good"), seconds


def verdict(answers: Answers, right: Answers) -> str:
    """Judge the answers about one copy."""
    errors = {text for status, text, _ in answers if not 200 <= status < 400}
    if errors - {"gallery_damaged", "gallery_not_found", "gallery_outdated", "photo_damaged"}:
        return f"error {', '.join(sorted(errors))}"
    wrong = [
        given for given, good in zip(answers, right, strict=True) if given[0] < 400 and given[:2] != good[:2]
    ]
    if wrong:
        return WRONG
    return "reported" if errors else "right"


def explanation(home: Path, client: httpx.Client, name: str) -> str:
    """Return what says that a gallery's answers are incomplete, or `WRONG` if nothing does."""
    gallery = client.get(f"/galleries/{name}")
    if gallery.is_error:
        return "reported"
    if gallery.json()["damaged_rows"]:
        return "damaged rows left out and counted"
    return "found by iiae fsck" if any(check_home(home, [name], Options())) else WRONG
