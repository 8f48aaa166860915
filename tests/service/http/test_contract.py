"""The HTTP contract against a real server: every call, and every kind of bad input."""

import base64
import json
import struct
import subprocess
import threading
import time
import zlib
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from serving import EXPANDED_CURVE, PHOTO_CURVE, SKETCH_CURVE, png

from model.evaluation.metrics import cosine
from model.sketch.expansion import expanded_scores


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.fixture(scope="module")
def gallery(client):
    assert client.post("/galleries", json={"name": "noise", "model": "drawn"}).status_code == 201
    files = [("image", (f"{seed}.png", png(seed))) for seed in range(6)]
    answer = client.post(
        "/galleries/noise/photos", files=files, data={"label": "noise", "metadata": '{"sku": 12}'}
    )
    assert answer.status_code == 201, answer.text
    yield [photo["id"] for photo in answer.json()["photos"]]
    assert client.delete("/galleries/noise").status_code == 204


# what works


def test_models_are_listed_with_what_they_can(client):
    models = {model["id"]: model for model in client.get("/models").json()["models"]}
    assert models["tiny"]["domains"] == ["photo", "label"]
    assert models["tiny"]["capabilities"] == ["analogy", "embed", "retrieve", "translate"]
    assert models["drawn"]["capabilities"] == ["embed", "retrieve", "sbir"]
    assert models["drawn"]["device"] == "cpu"
    assert client.get("/models/tiny").json() == models["tiny"]


def test_translate_repeats_a_seed_and_differs_without(client):
    def ask(**data):
        return client.post("/translate", files={"image": png()}, data={"model": "tiny"} | data).json()

    first, second = ask(samples="3", seed="7"), ask(samples="3", seed="7")
    assert first == second
    assert [image["seed"] for image in first["images"]] == [7, 8, 9]
    assert (first["source"], first["target"]) == ("photo", "label")
    assert opened(base64.b64decode(first["images"][0]["data"])).size == (32, 32)
    assert ask(samples="1", seed="8")["images"][0]["data"] == first["images"][1]["data"]
    assert ask(style="mean")["images"][0]["seed"] is None
    assert ask(source="label")["target"] == "photo"


def test_a_reference_gives_its_style(client):
    files = {"image": png(1), "reference": png(2)}
    first = client.post("/translate", files=files, data={"model": "tiny"}).json()["images"]
    assert len(first) == 1
    assert first == client.post("/translate", files=files, data={"model": "tiny"}).json()["images"]


def test_a_form_in_which_no_reference_was_chosen_is_as_one_without(client):
    data = {"model": "tiny", "seed": "3"}
    plain = client.post("/translate", files={"image": png(1)}, data=data)
    text = client.post("/translate", files=[("image", png(1))], data=data | {"reference": "", "source": ""})
    assert text.json()["images"] == plain.json()["images"]
    head = b'--x\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\nContent-Type: application/octet-stream\r\n\r\n%b\r\n'
    body = (
        head % (b"image", b"1.png", png(1))
        + head % (b"reference", b"", b"")
        + b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\ntiny\r\n--x--\r\n'
    )
    file = client.post(
        "/translate", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert file.status_code == 200, file.text
    words = client.post("/translate", files=[("image", png(1))], data=data | {"reference": "a path"})
    assert (words.status_code, words.json()["errors"][0]["field"]) == (422, "reference.0")


def test_two_references_give_the_styles_between_theirs(client):
    def ask(*seeds, **data):
        files = [("image", png(1)), *(("reference", png(seed)) for seed in seeds)]
        return client.post("/translate", files=files, data={"model": "tiny"} | data).json()

    def made(answer):
        (image,) = answer["images"]
        return np.asarray(opened(base64.b64decode(image["data"]))).astype(int)

    assert np.abs(made(ask(2, 3, mix="0")) - made(ask(2))).max() <= 1
    assert np.abs(made(ask(2, 3, mix="1")) - made(ask(3))).max() <= 1
    assert ask(2, 3) == ask(2, 3, mix="0.5")
    assert ask(2, 3, 4)["errors"][0]["field"] == "reference"


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_accept_gives_the_bytes_of_one_image(client, kind):
    answer = client.post(
        "/translate",
        files={"image": png()},
        data={"model": "tiny", "seed": "3"},
        headers={"Accept": f"image/{kind}"},
    )
    assert answer.headers["content-type"] == f"image/{kind}"
    assert answer.headers["x-seed"] == "3"
    assert opened(answer.content).format == kind.upper()


def test_analogy_answers_in_the_same_domain(client):
    answer = client.post(
        "/analogy", files={"image": png(1), "reference": png(2)}, data={"model": "tiny"}
    ).json()
    assert (answer["source"], answer["target"], len(answer["images"])) == ("photo", "photo", 1)


@pytest.mark.parametrize(
    ("model", "kind", "shape"),
    [("tiny", "shared", [16, 1, 1]), ("tiny", "exclusive", [8]), ("drawn", "shared", [32])],
)
def test_embed_gives_codes(client, model, kind, shape):
    answer = client.post("/embed", files={"image": png()}, data={"model": model, "kind": kind}).json()
    assert answer["shape"] == shape
    assert len(answer["values"]) == np.prod(shape)


def test_search_retrieve_and_similar_find_photos(client, gallery):
    for path, field in (("/sbir/search", "sketch"), ("/retrieve", "image")):
        answer = client.post(path, files={field: png(3)}, data={"gallery": "noise", "k": "4"}).json()
        assert (answer["gallery"], answer["model"], len(answer["hits"])) == ("noise", "drawn", 4)
        scores = [hit["score"] for hit in answer["hits"]]
        assert scores == sorted(scores, reverse=True)
        assert answer["hits"][0]["metadata"] == {"sku": 12}
    itself = client.post(
        "/retrieve", files={"image": png(3)}, data={"gallery": "noise", "source": "photo", "k": "1"}
    ).json()["hits"][0]
    assert itself["id"] == gallery[3]
    assert itself["score"] == pytest.approx(1, abs=1e-2)
    near = client.get(f"/galleries/noise/photos/{gallery[0]}/similar?k=100").json()["hits"]
    assert client.get(f"/galleries/noise/photos/{gallery[0]}/similar?k=3").json()["hits"] == near[:3]
    assert {hit["id"] for hit in near} == set(gallery) - {gallery[0]}


def test_several_sketches_find_what_they_have_in_common(client, gallery):
    def scores(*seeds: int, photo: int | None = None) -> dict[int, float]:
        files = [("sketch", png(seed)) for seed in seeds] + ([] if photo is None else [("photo", png(photo))])
        answer = client.post("/sbir/search", files=files, data={"gallery": "noise", "expand": "false"})
        assert answer.status_code == 200, answer.text
        return {hit["id"]: hit["score"] for hit in answer.json()["hits"]}

    first, second, both = scores(3), scores(4), scores(3, 4)
    assert both == pytest.approx({photo: (first[photo] + second[photo]) / 2 for photo in gallery}, abs=2e-3)
    assert scores(3, 3) == pytest.approx(first, abs=2e-3)
    beside = scores(3, photo=5)
    assert beside[gallery[5]] > first[gallery[5]] + 0.2
    assert beside[gallery[3]] < first[gallery[3]] - 0.2


def test_a_search_is_expanded_by_what_it_finds_unless_told(client, gallery):
    plain, wider, default = (
        client.post("/sbir/search", files={"sketch": png(3)}, data={"gallery": "noise"} | more).json()["hits"]
        for more in ({"expand": "false"}, {"expand": "true"}, {})
    )
    assert default == wider
    codes = [
        client.post("/embed", files={"image": png(seed)}, data={"model": "drawn", "source": source}).json()[
            "values"
        ]
        for seed, source in [(3, "sketch"), *((seed, "photo") for seed in range(len(gallery)))]
    ]
    cosines, scores = (
        dict(zip(gallery, method(*map(torch.tensor, (codes[:1], codes[1:])))[0].tolist(), strict=True))
        for method in (cosine, expanded_scores)
    )
    assert {hit["id"]: hit["score"] for hit in plain} == pytest.approx(cosines, abs=2e-3)
    assert {hit["id"]: hit["score"] for hit in wider} == pytest.approx(scores, abs=2e-3)
    assert max(abs(cosines[photo] - scores[photo]) for photo in gallery) > 0.02


def test_calibrated_scores_are_probabilities_of_the_same_ranking(client, gallery):
    client.post("/galleries", json={"name": "sure", "model": "calibrated"}).raise_for_status()
    added = client.post("/galleries/sure/photos", files=[("image", png(seed)) for seed in range(6)]).json()[
        "photos"
    ]
    asked = (
        lambda name: client.post("/sbir/search", files={"sketch": png(3)}, data={"gallery": name}),
        lambda name: client.post(
            "/sbir/search", files={"sketch": png(3)}, data={"gallery": name, "expand": "false"}
        ),
        lambda name: client.get(
            f"/galleries/{name}/photos/{(gallery if name == 'noise' else [photo['id'] for photo in added])[0]}/similar"
        ),
    )
    for ask, curve in zip(asked, (EXPANDED_CURVE, SKETCH_CURVE, PHOTO_CURVE), strict=True):
        answers = [ask(name).json() for name in ("noise", "sure")]
        assert [answer["scores"] for answer in answers] == ["cosine", "probability"]
        plain, sure = (answer["hits"] for answer in answers)
        assert [hit["id"] - added[0]["id"] for hit in sure] == [hit["id"] - gallery[0] for hit in plain]
        assert [hit["score"] for hit in sure] == pytest.approx(
            [curve.probability(hit["score"], 6) for hit in plain], abs=1e-3
        )
    assert client.delete("/galleries/sure").status_code == 204


def test_photos_come_back_byte_by_byte(client, gallery):
    url = f"/galleries/noise/photos/{gallery[2]}"
    answer = client.get(url)
    assert answer.content == png(2)
    assert answer.headers["content-type"] == "image/png"
    small = client.get(url, params={"size": "thumbnail"})
    assert opened(small.content).format == "WEBP"
    assert client.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_parts_of_photos_are_had_and_impossible_ones_refused(client, gallery):
    url, size = f"/galleries/noise/photos/{gallery[2]}", len(png(2))
    part = client.get(url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, png(2)[:4])
    for wanted, status, code in (
        (f"bytes={size}-", 416, "range_not_satisfiable"),
        ("bytes=5-2", 400, "range_malformed"),
        ("bytes=a-b", 400, "range_malformed"),
        ("items=0-1", 400, "range_malformed"),
    ):
        answer = client.get(url, headers={"Range": wanted})
        assert (answer.status_code, answer.json()["code"]) == (status, code), wanted
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert answer.headers.get("content-range") == (f"bytes */{size}" if status == 416 else None)


def test_head_is_get_without_the_body(client, gallery):
    photo = f"/galleries/noise/photos/{gallery[2]}"
    for path in (
        "/",
        "/health/live",
        "/health/ready",
        "/models",
        photo,
        f"{photo}?size=thumbnail",
        "/static/shell/theme.css",
    ):
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-length"] == whole.headers["content-length"] != "0"
        assert head.headers["content-type"] == whole.headers["content-type"]
    assert client.head("/nowhere").status_code == 404
    assert client.head("/translate").status_code == 405


def test_photos_are_paged(client, gallery):
    first = client.get("/galleries/noise/photos?limit=4").json()
    rest = client.get(f"/galleries/noise/photos?limit=4&after={first['next']}").json()
    assert [photo["id"] for photo in first["photos"] + rest["photos"]] == gallery
    assert rest["next"] is None


def test_the_same_bytes_are_one_photo_and_removed_ones_are_not_found(client, gallery):
    added = client.post(
        "/galleries/noise/photos", files=[("image", png(0)), ("image", png(99)), ("image", png(99))]
    ).json()["photos"]
    assert added[0]["id"] == gallery[0]
    assert added[1]["id"] == added[2]["id"]
    url = f"/galleries/noise/photos/{added[1]['id']}"
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404
    hits = client.post(
        "/retrieve", files={"image": png(99)}, data={"gallery": "noise", "source": "photo", "k": "100"}
    ).json()["hits"]
    assert sorted(hit["id"] for hit in hits) == gallery


def test_health_metrics_and_documents(client, gallery):
    assert client.get("/health/live").json()["status"] == "live"
    assert client.get("/health/ready").json() == {"status": "ready", "degraded": []}
    assert (
        'route="/sbir/search"' in client.get("/metrics").text
        or 'route="/models"' in client.get("/metrics").text
    )
    assert client.get("/docs").status_code == 200


# what does not


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(width: int = 30_000, height: int = 30_000) -> bytes:
    """Of one bit a pixel: a header that claims it, and hardly any data."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def run_length_bmp() -> bytes:
    header = struct.pack("<IHHIIiiHHIIiiII", 0, 0, 0, 1078, 40, 6000, 6000, 1, 8, 1, 4, 0, 0, 256, 0)
    return b"BM" + header + bytes(1024) + b"\1\7\0\1"


def huge_gif() -> bytes:
    data = bytearray(animated_gif())
    data[6:10] = struct.pack("<HH", 60_000, 60_000)
    return bytes(data)


def animated_gif(frames: int = 5) -> bytes:
    out = BytesIO()
    pictures = [Image.new("P", (8, 8), shade) for shade in range(frames)]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:])
    return out.getvalue()


BAD_IMAGES = {
    "text": (b"this is a text", 422, "image_unreadable"),
    "empty": (b"", 422, "image_unreadable"),
    "truncated": (png()[:200], 422, "image_unreadable"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "image_format_unsupported"),
    "tiff": (b"II*\0" + b"\0" * 50, 415, "image_format_unsupported"),
    "huge png": (huge_png(), 413, "image_too_many_pixels"),
    "huge gif": (huge_gif(), 413, "image_too_many_pixels"),
    "tall png": (huge_png(1, 39_999_999), 413, "image_too_many_pixels"),
    "png of chunks": (png()[:33] + chunk(b"abCd", b"") * 30_000 + png()[33:], 422, "image_unreadable"),
    "run-length bmp": (run_length_bmp(), 415, "image_format_unsupported"),
    "too many bytes": (b"\0" * 3_000_000, 413, "upload_too_large"),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
@pytest.mark.parametrize("path", ["/translate", "/embed", "/sbir/search"])
def test_bad_images_are_refused_with_a_reason(client, gallery, name, path):
    data, status, code = BAD_IMAGES[name]
    answer = client.post(path, files={"sketch" if path == "/sbir/search" else "image": ("x.png", data)})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(problem["detail"]) > 20
    assert problem["request_id"] == answer.headers["x-request-id"]


def on_paper(*, paper: str = "white", ink: str | None = "black") -> bytes:
    sheet = Image.new("RGB", (80, 80), paper)
    if ink is not None:
        ImageDraw.Draw(sheet).ellipse((20, 20, 60, 50), outline=ink, width=2)
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def test_an_empty_sketch_is_refused_and_any_ink_is_found(client):
    client.post("/galleries", json={"name": "strokes", "model": "strokes"}).raise_for_status()
    client.post(
        "/galleries/strokes/photos", files=[("image", png(seed)) for seed in range(3)]
    ).raise_for_status()
    for empty in (on_paper(ink=None), on_paper(paper="black", ink=None)):
        answer = client.post("/sbir/search", files={"sketch": empty}, data={"gallery": "strokes"})
        assert (answer.status_code, answer.json()["code"]) == (422, "sketch_empty"), answer.text
    ways = [on_paper(), on_paper(paper="black", ink="white"), on_paper(paper="beige", ink="purple")]
    found = [
        client.post("/sbir/search", files={"sketch": way}, data={"gallery": "strokes"}).json()["hits"]
        for way in ways
    ]
    assert found[0] == found[1] == found[2]
    client.delete("/galleries/strokes").raise_for_status()


def test_a_chunked_flood_is_cut_off(server):
    sent = 0

    def flood():
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
        for _ in range(64):
            sent += 1
            yield b"\0" * 1_000_000

    try:
        answer = httpx.post(
            f"{server.url}/translate",
            content=flood(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
            timeout=30,
        )
        assert answer.status_code == 413
        assert answer.json()["code"] == "upload_too_large"
    except httpx.TransportError:
        pass  # the server hung up while we were still sending
    assert sent < 64


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at open files as Linux shows them")
def test_files_of_refused_uploads_are_closed(server):
    def open_uploads() -> int:
        listed = subprocess.run(
            ["ls", "-l", f"/proc/{server.process.pid}/fd"], capture_output=True, text=True
        ).stdout
        return listed.count("(deleted)")

    for _ in range(8):
        assert server.client.post("/embed", files={"image": b"\0" * 1_500_000}).status_code == 422
    until = time.monotonic() + 2
    while open_uploads() and time.monotonic() < until:
        time.sleep(0.05)
    assert open_uploads() == 0


@pytest.mark.parametrize("mode", ["CMYK", "P", "LA", "RGBA", "1", "L", "I;16"])
def test_unusual_modes_are_taken(client, mode):
    if mode == "I;16":
        image = Image.fromarray(np.arange(1600, dtype=np.uint16).reshape(40, 40) * 40)
    else:
        image = Image.new("RGB", (40, 40), (200, 100, 50)).convert(mode)
    out = BytesIO()
    image.save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert client.post("/embed", files={"image": out.getvalue()}, data={"model": "tiny"}).status_code == 200


def test_a_phones_several_pictures_are_served_as_a_jpeg(client, gallery):
    out = BytesIO()
    Image.new("RGB", (40, 40), "teal").save(
        out, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 40))]
    )
    photo = client.post("/galleries/noise/photos", files={"image": out.getvalue()}).json()["photos"][0]
    url = f"/galleries/noise/photos/{photo['id']}"
    answer = client.get(url)
    assert client.delete(url).status_code == 204
    assert (answer.headers["content-type"], answer.content) == ("image/jpeg", out.getvalue())


def test_the_first_frame_of_an_animation_is_taken(client):
    assert client.post("/embed", files={"image": animated_gif()}).status_code == 200


BAD_REQUESTS = {
    "no file": ("/translate", {}, {}, 422, "parameter_invalid"),
    "samples 0": ("/translate", {"image": png()}, {"samples": "0"}, 422, "parameter_invalid"),
    "samples -1": ("/translate", {"image": png()}, {"samples": "-1"}, 422, "parameter_invalid"),
    "samples 17": ("/translate", {"image": png()}, {"samples": "17"}, 422, "parameter_invalid"),
    "samples a": ("/translate", {"image": png()}, {"samples": "a"}, 422, "parameter_invalid"),
    "seed -1": ("/translate", {"image": png()}, {"seed": "-1"}, 422, "parameter_invalid"),
    "seed 2^32 for the second": (
        "/translate",
        {"image": png()},
        {"seed": str(2**32 - 1), "samples": "2"},
        422,
        "parameter_invalid",
    ),
    "seed 2^32": ("/translate", {"image": png()}, {"seed": str(2**32)}, 422, "parameter_invalid"),
    "mix 1.1": ("/translate", {"image": png()}, {"mix": "1.1"}, 422, "parameter_invalid"),
    "nothing to mix": (
        "/translate",
        {"image": png(), "reference": png(1)},
        {"mix": "0.4"},
        422,
        "parameter_invalid",
    ),
    "style": ("/translate", {"image": png()}, {"style": "nice"}, 422, "parameter_invalid"),
    "nine sketches": ("/sbir/search", [("sketch", png())] * 9, {}, 422, "parameter_invalid"),
    "a photo without a sketch": ("/sbir/search", {"photo": png()}, {}, 422, "parameter_invalid"),
    "two photos beside": (
        "/sbir/search",
        [("sketch", png()), ("photo", png()), ("photo", png())],
        {},
        422,
        "parameter_invalid",
    ),
    "k 0": ("/sbir/search", {"sketch": png()}, {"k": "0"}, 422, "parameter_invalid"),
    "k 1001": ("/sbir/search", {"sketch": png()}, {"k": "1001"}, 422, "parameter_invalid"),
    "unknown model": ("/translate", {"image": png()}, {"model": "nothing"}, 404, "model_not_found"),
    "unknown gallery": ("/sbir/search", {"sketch": png()}, {"gallery": "nothing"}, 404, "gallery_not_found"),
    "unknown domain": (
        "/translate",
        {"image": png()},
        {"model": "tiny", "source": "sketch"},
        422,
        "domain_unknown",
    ),
    "model's path": ("/translate", {"image": png()}, {"model": "../../etc/passwd"}, 422, "name_invalid"),
    "gallery's path": (
        "/sbir/search",
        {"sketch": png()},
        {"gallery": "../../etc/passwd"},
        422,
        "name_invalid",
    ),
    "no such ability": ("/translate", {"image": png()}, {"model": "drawn"}, 422, "capability_missing"),
    "two domains": (
        "/analogy",
        {"image": png(), "reference": png(1)},
        {"model": "tiny", "reference_source": "label"},
        422,
        "domains_differ",
    ),
    "metadata list": (
        "/galleries/noise/photos",
        {"image": png(50)},
        {"metadata": "[1]"},
        422,
        "parameter_invalid",
    ),
    "metadata text": (
        "/galleries/noise/photos",
        {"image": png(50)},
        {"metadata": "{"},
        422,
        "parameter_invalid",
    ),
    "kind": ("/embed", {"image": png()}, {"kind": "both"}, 422, "parameter_invalid"),
}
BAD_METADATA = {
    "lone surrogate": '{"a": "\\ud800"}',
    "lone surrogate in a key": '{"\\udc00": 1}',
    "NaN": '{"a": NaN}',
    "infinite": '{"a": -Infinity}',
    "beyond floats": '{"a": [1e999]}',
    "NUL": '{"a": ["\\u0000"]}',
    "escape in a key": '{"\\u001b[31m": 1}',
    "nested lists": '{"a":' + "[" * 300 + "]" * 300 + "}",
    "nested objects": '{"a":' * 900 + "1" + "}" * 900,
    "a little too deep": '{"a":' + "[" * 32 + "]" * 32 + "}",
}
BAD_REQUESTS |= {
    f"metadata {name}": (
        "/galleries/noise/photos",
        {"image": png(50)},
        {"metadata": text},
        422,
        "parameter_invalid",
    )
    for name, text in BAD_METADATA.items()
}
BAD_REQUESTS |= {
    f"label {name}": (
        "/galleries/noise/photos",
        {"image": png(50)},
        {"label": text},
        422,
        "parameter_invalid",
    )
    for name, text in {"NUL": "a\0b", "two lines": "a\nb", "escape": "\x1b[31m", "C1": "a\x9bb"}.items()
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_bad_requests_are_refused_with_a_reason(client, gallery, name):
    path, files, data, status, code = BAD_REQUESTS[name]
    answer = client.post(path, files=files, data=data)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)


def test_metadata_and_labels_come_back_as_they_were_sent(client, gallery):
    label, metadata = (
        "☂ an ‘umbrella’",
        {"text": "two\nlines\t☂", "deep": [[{"a": [None, True, -0.5, 10**30]}]], "": {}},
    )
    sent = {"label": label, "metadata": json.dumps(metadata)}
    photo = client.post("/galleries/noise/photos", files={"image": png(51)}, data=sent).json()["photos"][0]
    try:
        assert (photo["label"], photo["metadata"]) == (label, metadata)
        assert client.get(f"/galleries/noise/photos?after={photo['id'] - 1}").json()["photos"] == [photo]
    finally:
        client.delete(f"/galleries/noise/photos/{photo['id']}")


def test_one_bad_file_among_many_adds_nothing(client, gallery):
    answer = client.post("/galleries/noise/photos", files=[("image", png(60)), ("image", b"text")])
    assert answer.status_code == 422
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}],
)
def test_pages_of_other_sites_are_refused(client, gallery, headers):
    for answer in (
        client.post("/galleries/noise/photos", files={"image": png(70)}, headers=headers),
        client.post("/models/reload", headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused"), answer.text
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)
    assert client.get("/models", headers=headers).status_code == (403 if "Host" in headers else 200)


def test_the_page_itself_may_post(client):
    headers = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert client.post("/embed", files={"image": png()}, headers=headers).status_code == 200
    del headers["Sec-Fetch-Site"]
    assert client.post("/embed", files={"image": png()}, headers=headers).status_code == 200


def test_two_files_where_one_is_meant_are_refused(client):
    answer = client.post("/translate", files=[("image", png()), ("image", png(1))])
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")


def test_an_empty_form_is_refused(client):
    answer = client.post(
        "/translate", content=b"", headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/galleries/nothing", 404, "gallery_not_found"),
        ("GET", "/galleries/noise/photos/9999", 404, "photo_not_found"),
        ("GET", "/galleries/noise/photos/x", 422, "parameter_invalid"),
        ("GET", "/galleries/..%2f..%2fetc%2fpasswd", 404, "not_found"),
        ("GET", "/models/Nothing", 422, "name_invalid"),
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/models", 405, "method_not_allowed"),
        ("GET", "/static/../../pyproject.toml", 404, "not_found"),
    ],
)
def test_unknown_paths_are_problems(client, gallery, method, path, status, code):
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("new", "status", "code"),
    [
        ({"name": "noise", "model": "drawn"}, 409, "gallery_exists"),
        ({"name": "../x", "model": "drawn"}, 422, "name_invalid"),
        ({"name": "x", "model": "nothing"}, 404, "model_not_found"),
        ({"name": "x", "model": "drawn", "domain": "label"}, 422, "domain_unknown"),
        ({"name": "x"}, 422, "parameter_invalid"),
    ],
)
def test_galleries_that_cannot_be_are_refused(client, gallery, new, status, code):
    answer = client.post("/galleries", json=new)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_many_at_once_are_all_answered(server):
    """Concurrent requests through the queue: each gets the answer that it gets alone."""
    with httpx.Client(base_url=server.url, timeout=60) as alone:
        expected = [
            alone.post("/embed", files={"image": png(seed)}, data={"model": "tiny"}).json()["values"]
            for seed in range(12)
        ]
    found: dict[int, list[float]] = {}

    def ask(seed: int) -> None:
        found[seed] = httpx.post(
            f"{server.url}/embed", files={"image": png(seed)}, data={"model": "tiny"}, timeout=60
        ).json()["values"]

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(12):
        np.testing.assert_allclose(found[seed], expected[seed], rtol=1e-2, atol=1e-3)


JSON, FORM = "application/json", "multipart/form-data"
WANTED = {
    "a JSON body": ("/translate", {"json": {"image": "x"}}, "image", FORM),
    "a picture as the body": (
        "/translate",
        {"content": png(), "headers": {"Content-Type": "image/png"}},
        "image",
        FORM,
    ),
    "a text part": ("/translate", {"files": {"image": (None, "x")}}, "image", FORM),
    "an encoded form": ("/sbir/search", {"data": {"sketch": "x"}}, "sketch.0", FORM),
    "nothing": ("/analogy", {}, "reference", FORM),
    "an optional text part": (
        "/translate",
        {"files": {"image": png(), "reference": (None, "x")}},
        "reference.0",
        FORM,
    ),
    "a text part among many": (
        "/galleries/noise/photos",
        {"files": [("image", png()), ("image", (None, "x"))]},
        "image.1",
        FORM,
    ),
    "half a JSON object": (
        "/galleries",
        {"content": b"{", "headers": {"Content-Type": JSON}},
        "body",
        "JSON object",
    ),
    "a list": ("/galleries", {"json": []}, "body", "JSON object"),
    "JSON called text": (
        "/galleries",
        {"content": b'{"name": "x", "model": "tiny"}', "headers": {"Content-Type": "text/plain"}},
        "body",
        JSON,
    ),
    "a form": ("/galleries", {"data": {"name": "x"}}, "body", JSON),
}


@pytest.mark.parametrize("name", WANTED)
def test_bodies_of_a_wrong_kind_are_told_what_is_wanted(client, gallery, name):
    path, how, field, wanted = WANTED[name]
    answer = client.post(path, **how)
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")
    messages = {each["field"]: each["message"] for each in answer.json()["errors"]}
    assert wanted in messages[field], messages
    assert messages[field] in answer.json()["detail"]
    assert "<class" not in answer.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/galleries", "application/json"),
        ("/embed", "multipart/form-data; boundary=b"),
        ("/embed", "multipart/form-data"),
    ],
)
def test_bodies_that_cannot_be_read_are_told_as_what(client, path, kind):
    answer = client.post(path, content=b"\xff", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")
    assert kind.split(";")[0] in answer.json()["detail"]
