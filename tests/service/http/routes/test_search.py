"""Routes that search galleries."""

import json
from io import BytesIO

import httpx
import pytest
import torch
from PIL import Image, ImageDraw
from serving import EXPANDED_CURVE, PHOTO_CURVE, SKETCH_CURVE, png

from model.sketch.expansion import expanded_scores
from model.sketch.search_codes import similarities


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
    codes = torch.nn.functional.normalize(torch.tensor(codes))
    cosines, scores = (
        dict(zip(gallery, method(codes[:1], codes[1:])[0].tolist(), strict=True))
        for method in (similarities, expanded_scores)
    )
    assert {hit["id"]: hit["score"] for hit in plain} == pytest.approx(cosines, abs=2e-3)
    assert {hit["id"]: hit["score"] for hit in expanded} == pytest.approx(scores, abs=2e-3)
    assert max(abs(cosines[photo] - scores[photo]) for photo in gallery) > 0.02


def test_a_gallery_decides_whether_queries_are_expanded_unless_they_say_so(client, gallery):
    created = client.post("/galleries", json={"name": "plain", "model": "drawn", "expand": False}).json()
    assert created["expand"] is client.get("/galleries/plain").json()["expand"] is False
    assert client.get("/galleries/noise").json()["expand"] is True
    files = [("image", png(seed)) for seed in range(len(gallery))]
    client.post("/galleries/plain/photos", files=files).raise_for_status()

    def scores(name: str, **more: str) -> list[float]:
        data = {"gallery": name} | more
        hits = client.post("/sbir/search", files={"sketch": png(3)}, data=data).json()["hits"]
        return [hit["score"] for hit in hits]

    assert scores("plain") == scores("plain", expand="false") != scores("plain", expand="true")
    assert scores("plain", expand="true") == scores("noise")
    assert client.delete("/galleries/plain").status_code == 204


def test_queries_in_galleries_of_drawn_pictures_are_expanded_only_if_asked_to(client):
    for choice, expected in (({}, False), ({"expand": True}, True), ({"expand": None}, False)):
        new = {"name": "icons", "model": "drawn", "drawn": True} | choice
        answer = client.post("/galleries", json=new).json()
        assert (answer["drawn"], answer["expand"]) == (True, expected)
        assert client.delete("/galleries/icons").status_code == 204
    assert client.get("/galleries/noise").json()["drawn"] is False


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize(("drawn", "weight"), [(False, 1), (True, 4)])
def test_a_model_of_things_compares_search_codes_by_their_inner_products(client, expand, drawn, weight):
    new = {"name": "things", "model": "knowing", "drawn": drawn}
    client.post("/galleries", json=new).raise_for_status()
    files = [("image", png(seed)) for seed in range(6)]
    ids = [photo["id"] for photo in client.post("/galleries/things/photos", files=files).json()["photos"]]

    def code(seed: int, source: str, kind: str) -> torch.Tensor:
        form = {"model": "knowing", "source": source, "kind": kind}
        answer = client.post("/embed", files={"image": png(seed)}, data=form).json()
        return torch.tensor(answer["values"])

    kind = "search_drawn" if drawn else "search"
    sketches, photos = (
        torch.stack([code(seed, source, kind) for seed in seeds])
        for source, seeds in (("sketch", (3, 4)), ("photo", range(6)))
    )
    # The weights are those of squares, and add up to 1. The thing is here as long as its weight at most.
    assert photos.shape == (6, 32 + 6)
    zs = torch.nn.functional.normalize(code(3, "sketch", "shared"), dim=0)
    torch.testing.assert_close(sketches[0, :32], zs * (1 / (1 + weight)) ** 0.5, atol=1e-3, rtol=0)
    assert float(sketches[0, 32:].norm()) > 0.05
    score = expanded_scores if expand else similarities
    query = {"gallery": "things", "expand": str(expand).lower()}
    for files, queries in (
        ([("sketch", png(3))], sketches[:1]),
        ([("sketch", png(3)), ("sketch", png(4))], sketches.mean(0, keepdim=True)),
        ([("sketch", png(3)), ("photo", png(5))], (sketches[:1] + photos[5:]) / 2),
    ):
        answer = client.post("/sbir/search", files=files, data=query).json()
        assert answer["scores"] == "inner_product"
        found = {hit["id"]: hit["score"] for hit in answer["hits"]}
        expected = dict(zip(ids, score(queries, photos)[0].tolist(), strict=True))
        assert found == pytest.approx(expected, abs=2e-3)
    by_photo = dict(zip(ids, similarities(photos[3:4], photos)[0].tolist(), strict=True))
    form = {"gallery": "things", "source": "photo"}
    answer = client.post("/retrieve", files={"image": png(3)}, data=form).json()
    assert {hit["id"]: hit["score"] for hit in answer["hits"]} == pytest.approx(by_photo, abs=2e-3)
    similar = client.get(f"/galleries/things/photos/{ids[3]}/similar").json()["hits"]
    others = {photo: score for photo, score in by_photo.items() if photo != ids[3]}
    assert {hit["id"]: hit["score"] for hit in similar} == pytest.approx(others, abs=2e-3)
    assert client.delete("/galleries/things").status_code == 204


@pytest.fixture(scope="module")
def sure(client):
    """The ids of the same six photos in the gallery `sure`, whose model is calibrated."""
    client.post("/galleries", json={"name": "sure", "model": "calibrated"}).raise_for_status()
    files = [("image", png(seed)) for seed in range(6)]
    yield [photo["id"] for photo in client.post("/galleries/sure/photos", files=files).json()["photos"]]
    assert client.delete("/galleries/sure").status_code == 204


def send(client: httpx.Client, path: str, files: object, **data: object) -> httpx.Response:
    return client.post(path, files=files, data=data)


SEVERAL = [("sketch", png(3)), ("sketch", png(4)), ("photo", png(5))]
SEARCHES = {
    "sketch": lambda client, **data: send(client, "/sbir/search", {"sketch": png(3)}, **data),
    "not expanded": lambda client, **data: send(
        client, "/sbir/search", {"sketch": png(3)}, expand="false", **data
    ),
    "several": lambda client, **data: send(client, "/sbir/search", SEVERAL, **data),
    "several, not expanded": lambda client, **data: send(
        client, "/sbir/search", SEVERAL, expand="false", **data
    ),
    "photo": lambda client, **data: send(client, "/retrieve", {"image": png(3)}, source="photo", **data),
    "retrieval": lambda client, **data: send(client, "/retrieve", {"image": png(3)}, **data),
    "similar": lambda client, *, gallery, **data: client.get(
        f"/galleries/{gallery}/photos/1/similar", params=data
    ),
}
"""Every way to search, as a function of the gallery and of other fields."""
CURVES = {
    "sketch": EXPANDED_CURVE,
    "not expanded": SKETCH_CURVE,
    "several": EXPANDED_CURVE,
    "several, not expanded": SKETCH_CURVE,
    "photo": PHOTO_CURVE,
    "retrieval": SKETCH_CURVE,
    "similar": PHOTO_CURVE,
}


@pytest.mark.parametrize("way", SEARCHES)
def test_calibration_turns_scores_into_probabilities_and_keeps_the_ranking(client, gallery, sure, way):
    answers = [SEARCHES[way](client, gallery=name).json() for name in ("noise", "sure")]
    assert [answer["scores"] for answer in answers] == ["cosine", "probability"]
    plain, probable = (answer["hits"] for answer in answers)
    assert [sure.index(hit["id"]) for hit in probable] == [gallery.index(hit["id"]) for hit in plain]
    assert [hit["score"] for hit in probable] == pytest.approx(
        [CURVES[way].probability(hit["score"], 6) for hit in plain], abs=1e-3
    )


@pytest.mark.parametrize("way", SEARCHES)
def test_only_probabilities_have_grades_with_the_models_limits(client, gallery, sure, way):
    plain, probable = (SEARCHES[way](client, gallery=name).json()["hits"] for name in ("noise", "sure"))
    assert {hit["grade"] for hit in plain} == {None}
    curve = CURVES[way]
    for hit in probable:
        limits = {"strong": curve.strong, "possible": curve.possible, "weak": 0}
        assert hit["grade"] == next(grade for grade, limit in limits.items() if hit["score"] >= limit)
    assert len({hit["grade"] for hit in probable}) > 1


@pytest.mark.parametrize("name", ["noise", "sure"])
@pytest.mark.parametrize("way", SEARCHES)
def test_min_score_leaves_out_lower_scores_of_any_kind(client, gallery, sure, way, name):
    def hits(**data: object) -> list[dict[str, object]]:
        answer = SEARCHES[way](client, gallery=name, **data)
        assert answer.status_code == 200, answer.text
        return answer.json()["hits"]

    found = hits()
    assert len(found) >= 5
    third = found[2]["score"]
    assert hits(min_score=third) == found[:3]  # a score of an answer is within its own limit
    assert hits(min_score=round(third + 1e-6, 6)) == found[:2]
    assert hits(min_score=third, k=2) == found[:2]
    assert hits(min_score=-1) == found
    assert hits() == found
    best = found[0]["score"]
    assert hits(min_score=min(best + 1e-6, 1)) == [hit for hit in found if hit["score"] == 1]


def test_an_answer_can_be_empty(client, gallery, sure):
    answer = SEARCHES["sketch"](client, gallery="sure", min_score=1).json()
    assert answer == {"gallery": "sure", "model": "calibrated", "scores": "probability", "hits": []}
    assert SEARCHES["similar"](client, gallery="sure", min_score=0.9).json()["hits"] == []


@pytest.mark.parametrize("value", ["nan", "inf", "1.01", "-1.01", "strong", ""])
def test_a_min_score_that_no_score_can_be_is_refused(client, sure, value):
    answer = SEARCHES["similar"](client, gallery="sure", min_score=value)
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")
    assert [error["field"] for error in answer.json()["errors"]] == ["min_score"]


def test_scores_of_distances_have_no_grade_and_a_limit(client):
    client.post("/galleries", json={"name": "near", "model": "tiny"}).raise_for_status()
    client.post("/galleries/near/photos", files=[("image", png(seed)) for seed in range(3)])
    answer = client.get("/galleries/near/photos/1/similar").json()
    assert (answer["scores"], {hit["grade"] for hit in answer["hits"]}) == ("nearness", {None})
    best, other = answer["hits"]
    limited = client.get("/galleries/near/photos/1/similar", params={"min_score": best["score"]}).json()
    assert limited["hits"] == ([best] if best["score"] > other["score"] else [best, other])
    client.delete("/galleries/near").raise_for_status()


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


def vector_of(client, picture: bytes, **data: object) -> dict[str, object]:
    answer = client.post(
        "/embed", files={"image": picture}, data={"model": "drawn", "kind": "search", **data}
    )
    assert answer.status_code == 200, answer.text
    return {"vector": answer.json()["values"], "digest": answer.json()["digest"], "gallery": "noise"}


def test_a_vector_finds_what_its_picture_finds(client, gallery):
    photo, sketch = vector_of(client, png(3), source="photo"), vector_of(client, png(3), source="sketch")
    by_vector = client.post("/search/vector", json={**photo, "source": "photo"}).json()
    assert by_vector == SEARCHES["photo"](client, gallery="noise").json()
    assert by_vector["hits"][0]["id"] == gallery[3]
    plain = client.post("/search/vector", json=sketch).json()
    assert plain == SEARCHES["retrieval"](client, gallery="noise").json()
    expanded = client.post("/search/vector", json={**sketch, "expand": True}).json()
    assert expanded == SEARCHES["sketch"](client, gallery="noise").json()
    assert expanded != plain


def test_a_search_by_vector_has_pages_and_filters(client, gallery):
    query = vector_of(client, png(3), source="photo")
    hits = client.post("/search/vector", json=query).json()["hits"]
    third = hits[2]["score"]

    def found(**fields: object) -> list[dict[str, object]]:
        answer = client.post("/search/vector", json={**query, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()["hits"]

    assert found(k=2, offset=1) == hits[1:3]
    assert found(min_score=third) == hits[:3]
    assert found(label=["noise"], metadata={"sku": [12, 13]}) == found(metadata={}) == hits
    assert found(label=["music"]) == found(metadata={"sku": {"gt": 12}}) == found(folder="a") == []


BAD_VECTORS = {
    "too short": ({"vector": [1.0, 2.0]}, 422, "parameter_invalid", "vector"),
    "empty": ({"vector": []}, 422, "parameter_invalid", "vector"),
    "zeros": ({"vector": "zeros"}, 422, "parameter_invalid", "vector"),
    "too large for 32 bits": ({"vector": "large"}, 422, "parameter_invalid", "vector"),
    "another digest": ({"digest": "0" * 64}, 409, "gallery_outdated", None),
    "half a digest": ({"digest": "abc"}, 422, "parameter_invalid", "digest"),
    "an unknown domain": ({"source": "map"}, 422, "domain_unknown", None),
    "a condition of half a character": ({"metadata": {"a": "\ud800"}}, 422, "parameter_invalid", "metadata"),
    "an unknown key": ({"min_scor": 0.5}, 422, "parameter_invalid", "min_scor"),
}


@pytest.mark.parametrize("name", BAD_VECTORS)
def test_a_vector_that_cannot_be_compared_is_refused(client, gallery, name):
    fields, status, code, field = BAD_VECTORS[name]
    query = vector_of(client, png(3), source="photo")
    size = len(query["vector"])
    values = {"zeros": [0.0] * size, "large": [1e39] + [0.0] * (size - 1)}
    fields = {key: values.get(str(value), value) for key, value in fields.items()}
    answer = client.post(
        "/search/vector",
        content=json.dumps({**query, **fields}),
        headers={"content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [fault["field"] for fault in answer.json().get("errors", [])] == ([field] if field else [])


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "null"])
def test_a_vector_of_other_than_finite_numbers_is_refused(client, gallery, value):
    text = f'{{"gallery": "noise", "vector": [1, {value}, 2]}}'
    answer = client.post("/search/vector", content=text, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "vector.1"), answer.text
