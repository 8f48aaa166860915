"""Routes that search galleries."""

from io import BytesIO

import httpx
import pytest
import torch
from PIL import Image, ImageDraw
from serving import EXPANDED_CURVE, PHOTO_CURVE, SKETCH_CURVE, png

from model.metrics import cosine
from model.sketch.expansion import expanded_scores


def test_all_searches_return_hits_best_first(client, gallery):
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
    similar = client.get(f"/galleries/noise/photos/{gallery[0]}/similar?k=100").json()["hits"]
    assert client.get(f"/galleries/noise/photos/{gallery[0]}/similar?k=3").json()["hits"] == similar[:3]
    assert {hit["id"] for hit in similar} == set(gallery) - {gallery[0]}


def test_several_sketches_and_a_photo_are_averaged(client, gallery):
    def scores(*seeds: int, photo: int | None = None) -> dict[int, float]:
        files = [("sketch", png(seed)) for seed in seeds] + ([] if photo is None else [("photo", png(photo))])
        answer = client.post("/sbir/search", files=files, data={"gallery": "noise", "expand": "false"})
        assert answer.status_code == 200, answer.text
        return {hit["id"]: hit["score"] for hit in answer.json()["hits"]}

    first, second, both = scores(3), scores(4), scores(3, 4)
    assert both == pytest.approx({photo: (first[photo] + second[photo]) / 2 for photo in gallery}, abs=2e-3)
    assert scores(3, 3) == pytest.approx(first, abs=2e-3)
    combined = scores(3, photo=5)
    assert combined[gallery[5]] > first[gallery[5]] + 0.2
    assert combined[gallery[3]] < first[gallery[3]] - 0.2


def test_queries_are_expanded_by_default(client, gallery):
    plain, expanded, default = (
        client.post("/sbir/search", files={"sketch": png(3)}, data={"gallery": "noise"} | more).json()["hits"]
        for more in ({"expand": "false"}, {"expand": "true"}, {})
    )
    assert default == expanded
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
    assert {hit["id"]: hit["score"] for hit in expanded} == pytest.approx(scores, abs=2e-3)
    assert max(abs(cosines[photo] - scores[photo]) for photo in gallery) > 0.02


def test_calibration_turns_scores_into_probabilities_and_keeps_the_ranking(client, gallery):
    client.post("/galleries", json={"name": "sure", "model": "calibrated"}).raise_for_status()
    added = client.post("/galleries/sure/photos", files=[("image", png(seed)) for seed in range(6)]).json()[
        "photos"
    ]
    first = {"noise": gallery[0], "sure": added[0]["id"]}

    def search(name: str, expand: str) -> httpx.Response:
        data = {"gallery": name, "expand": expand}
        return client.post("/sbir/search", files={"sketch": png(3)}, data=data)

    searches = (
        (lambda name: search(name, "true"), EXPANDED_CURVE),
        (lambda name: search(name, "false"), SKETCH_CURVE),
        (lambda name: client.get(f"/galleries/{name}/photos/{first[name]}/similar"), PHOTO_CURVE),
    )
    for run, curve in searches:
        answers = [run(name).json() for name in ("noise", "sure")]
        assert [answer["scores"] for answer in answers] == ["cosine", "probability"]
        plain, sure = (answer["hits"] for answer in answers)
        assert [hit["id"] - first["sure"] for hit in sure] == [hit["id"] - first["noise"] for hit in plain]
        assert [hit["score"] for hit in sure] == pytest.approx(
            [curve.probability(hit["score"], 6) for hit in plain], abs=1e-3
        )
    assert client.delete("/galleries/sure").status_code == 204


def drawing(*, paper: str = "white", ink: str | None = "black") -> bytes:
    """Return an ellipse on paper, or the empty paper without ink."""
    sheet = Image.new("RGB", (80, 80), paper)
    if ink is not None:
        ImageDraw.Draw(sheet).ellipse((20, 20, 60, 50), outline=ink, width=2)
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def test_empty_sketches_are_refused_and_colours_do_not_matter(client):
    client.post("/galleries", json={"name": "strokes", "model": "strokes"}).raise_for_status()
    client.post(
        "/galleries/strokes/photos", files=[("image", png(seed)) for seed in range(3)]
    ).raise_for_status()
    for empty in (drawing(ink=None), drawing(paper="black", ink=None)):
        answer = client.post("/sbir/search", files={"sketch": empty}, data={"gallery": "strokes"})
        assert (answer.status_code, answer.json()["code"]) == (422, "sketch_empty"), answer.text
    sketches = [drawing(), drawing(paper="black", ink="white"), drawing(paper="beige", ink="purple")]
    found = [
        client.post("/sbir/search", files={"sketch": sketch}, data={"gallery": "strokes"}).json()["hits"]
        for sketch in sketches
    ]
    assert found[0] == found[1] == found[2]
    client.delete("/galleries/strokes").raise_for_status()
