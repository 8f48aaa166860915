"""Two servers use one home: both add and remove photos of one gallery, and search in it."""

import random
import threading

import httpx

from benchmarks.chaos.report import Row, counts
from benchmarks.chaos.trial import Trial
from benchmarks.shared.noise_pictures import png
from benchmarks.shared.server_process import Server
from benchmarks.shared.tiny_models import publish_sketch

GALLERY = "/galleries/g"


def run(trial: Trial) -> list[Row]:
    """Write through both servers at the same time, then compare what they show."""
    home = trial.home()
    publish_sketch(home)
    with Server(home) as first, Server(home) as second:
        servers = (first.ready(), second.ready())
        first.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
        count, photos, statuses = max(5, int(3 * trial.seconds)), dict[int, int](), list[int]()
        writers = [
            threading.Thread(
                target=write,
                args=(server.url, range(number, 2 * count, 2), photos, statuses, trial.seed + number),
            )
            for number, server in enumerate(servers)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        wrong_lists = sum(listed(server.client) != set(photos) for server in servers)
        missed = sum(not finds(server.client, *photo) for photo in photos.items() for server in servers)
    name = "two servers write to one gallery"
    return [
        Row(name, "no request fails", counts(statuses), set(statuses) == {201, 204}),
        Row(
            name,
            "both list the same photos",
            f"{len(photos)} photos, {wrong_lists} wrong lists",
            not wrong_lists,
        ),
        Row(
            name,
            "each finds the other's photos first",
            f"{missed} of {2 * len(photos)} searches missed",
            not missed,
        ),
    ]


def write(url: str, seeds: range, photos: dict[int, int], statuses: list[int], seed: int) -> None:
    """Add a photo for each seed, and remove one of the own photos now and then."""
    rng, own = random.Random(seed), list[int]()
    with httpx.Client(base_url=url, timeout=30) as client:
        for number in seeds:
            answer = client.post(f"{GALLERY}/photos", files={"image": png(number)})
            statuses.append(answer.status_code)
            if answer.status_code == 201:
                own.append(answer.json()["photos"][0]["id"])
                photos[own[-1]] = number
            if len(own) > 3 and len(own) % 3 == 0:
                removed = own.pop(rng.randrange(len(own)))
                statuses.append(client.delete(f"{GALLERY}/photos/{removed}").status_code)
                del photos[removed]


def listed(client: httpx.Client) -> set[int]:
    """Return the ids of all photos that a server lists."""
    photos = client.get(f"{GALLERY}/photos", params={"limit": 1000}).raise_for_status().json()["photos"]
    return {photo["id"] for photo in photos}


def finds(client: httpx.Client, photo_id: int, seed: int) -> bool:
    """Return whether a search with a photo finds it first."""
    fields = {"gallery": "g", "source": "photo", "k": "1"}
    answer = client.post("/retrieve", files={"image": png(seed)}, data=fields)
    hits = answer.json().get("hits", [])
    return bool(hits) and hits[0]["id"] == photo_id
