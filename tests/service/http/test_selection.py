"""Every search and list can be limited to photos by label, folder and metadata, and read page by page."""

import json

import pytest
from serving import png

THINGS = ["cat", "dog", None]


@pytest.fixture(scope="module")
def things(client):
    """The new gallery `things` with 12 photos of three labels in two folders, by id."""
    client.post("/galleries", json={"name": "things", "model": "drawn"}).raise_for_status()
    photos = {}
    for seed in range(12):
        label, folder = THINGS[seed % 3], ("2024/summer", "2024/winter")[seed % 2]
        metadata = {"file": f"{folder}/{seed}.png", "year": 2000 + seed, "tags": ["a", f"t{seed % 4}"]}
        data = {"metadata": json.dumps(metadata)} | ({"label": label} if label else {})
        answer = client.post("/galleries/things/photos", files={"image": png(seed)}, data=data)
        answer.raise_for_status()
        photos[answer.json()["photos"][0]["id"]] = answer.json()["photos"][0]
    yield photos
    client.delete("/galleries/things").raise_for_status()


def similar(client, **data):
    return client.get("/galleries/things/photos/12/similar", params=data)


SEARCHES = {
    "sketch": lambda client, **data: client.post(
        "/sbir/search", files={"sketch": png(30)}, data={"gallery": "things", **data}
    ),
    "not expanded": lambda client, **data: client.post(
        "/sbir/search", files={"sketch": png(30)}, data={"gallery": "things", "expand": "false", **data}
    ),
    "retrieve": lambda client, **data: client.post(
        "/retrieve", files={"image": png(30)}, data={"gallery": "things", **data}
    ),
    "similar": similar,
}
FILTERS = {
    "label": ({"label": "cat"}, lambda photo: photo["label"] == "cat"),
    "labels": ({"label": ["cat", "dog"]}, lambda photo: photo["label"] in ("cat", "dog")),
    "no label": ({"label": ""}, lambda photo: photo["label"] is None),
    "unknown label": ({"label": "guitar"}, lambda photo: False),
    "folder": (
        {"folder": "2024/summer/"},
        lambda photo: photo["metadata"]["file"].startswith("2024/summer"),
    ),
    "value": (
        {"metadata": '{"year": [2003, 2005]}'},
        lambda photo: photo["metadata"]["year"] in (2003, 2005),
    ),
    "range": ({"metadata": '{"year": {"gte": 2007}}'}, lambda photo: photo["metadata"]["year"] >= 2007),
    "tag": ({"metadata": '{"tags": "t1"}'}, lambda photo: "t1" in photo["metadata"]["tags"]),
    "all at once": (
        {"label": "dog", "folder": "./2024", "metadata": '{"year": {"lt": 2008}}'},
        lambda photo: photo["label"] == "dog" and photo["metadata"]["year"] < 2008,
    ),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("way", SEARCHES)
def test_a_search_returns_k_of_the_photos_that_meet_the_filter(client, things, way, name):
    fields, meets = FILTERS[name]
    every = {photo_id for photo_id, photo in things.items() if meets(photo)}
    answer = SEARCHES[way](client, **fields)
    assert answer.status_code == 200, answer.text
    hits = answer.json()["hits"]
    assert {hit["id"] for hit in hits} == every - ({12} if way == "similar" else set())
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    assert SEARCHES[way](client, **fields, k=2).json()["hits"] == hits[:2]


@pytest.mark.parametrize("way", ["not expanded", "retrieve", "similar"])
def test_a_filter_does_not_change_the_score_of_a_photo(client, things, way):
    every = {hit["id"]: hit for hit in SEARCHES[way](client, k=20).json()["hits"]}
    hits = SEARCHES[way](client, label="cat").json()["hits"]
    assert hits == [hit for hit in every.values() if hit["label"] == "cat"]


@pytest.mark.parametrize("way", SEARCHES)
def test_a_search_may_have_100_labels(client, things, way):
    labels = ["cat", *(f"label {number}" for number in range(99))]
    hits = SEARCHES[way](client, label=labels).json()["hits"]
    assert hits == SEARCHES[way](client, label="cat").json()["hits"] != []
    answer = SEARCHES[way](client, label=[*labels, "dog"])
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")


@pytest.mark.parametrize("way", SEARCHES)
def test_pages_of_hits_are_the_whole_list(client, things, way):
    every = SEARCHES[way](client, k=20).json()["hits"]
    pages = [SEARCHES[way](client, k=5, offset=offset).json()["hits"] for offset in (0, 5, 10, 15)]
    assert [hit["id"] for page in pages for hit in page] == [hit["id"] for hit in every]
    assert (len(every), pages[3]) == (11 if way == "similar" else 12, [])


@pytest.mark.parametrize("name", FILTERS)
def test_a_list_has_the_photos_that_meet_the_filter_in_pages(client, things, name):
    fields, meets = FILTERS[name]
    listed, after = [], 0
    while after is not None:
        answer = client.get("/galleries/things/photos", params={**fields, "limit": 3, "after": after}).json()
        listed += answer["photos"]
        after = answer["next"]
    assert listed == [photo for photo in things.values() if meets(photo)]


def test_a_search_sees_a_label_that_was_just_changed(client, things):
    client.patch("/galleries/things/photos/3", json={"label": "owl"}).raise_for_status()
    found = similar(client, label="owl").json()["hits"]
    client.patch("/galleries/things/photos/3", json={"label": None}).raise_for_status()
    assert [hit["id"] for hit in found] == [3]
    assert similar(client, label="owl").json()["hits"] == []


BAD_FILTERS = {
    "a folder above": ("folder", "../secret"),
    "no folder": ("folder", "./"),
    "text": ("metadata", "year=2020"),
    "a list": ("metadata", "[1]"),
    "an unknown limit": ("metadata", '{"year": {"from": 2020}}'),
    "a limit of a text": ("metadata", '{"year": {"gt": "2020"}}'),
    "a limit that is true": ("metadata", '{"year": {"gt": true}}'),
    "an empty list": ("metadata", '{"year": []}'),
    "a list of lists": ("metadata", '{"year": [[1]]}'),
    "NaN": ("metadata", '{"year": NaN}'),
    "too many conditions": ("metadata", json.dumps({str(number): 1 for number in range(17)})),
    "too many values": ("metadata", json.dumps({"year": [1] * 101})),
    "a negative offset": ("offset", "-1"),
    "a large offset": ("offset", "10001"),
}


@pytest.mark.parametrize("name", BAD_FILTERS)
@pytest.mark.parametrize("way", SEARCHES)
def test_a_filter_that_cannot_be_understood_is_refused(client, things, way, name):
    field, value = BAD_FILTERS[name]
    answer = SEARCHES[way](client, **{field: value})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "parameter_invalid"), problem
    assert [fault["field"] for fault in problem["errors"]] == [field]


@pytest.fixture
def many(client):
    """The new gallery `many` with 8 photos, three of which have the label `old`."""
    client.post("/galleries", json={"name": "many", "model": "drawn"}).raise_for_status()
    files = [[("image", png(seed)) for seed in seeds] for seeds in (range(3), range(3, 8))]
    for sent, data in zip(files, ({"label": "old"}, {"metadata": '{"file": "a/b.png"}'}), strict=True):
        client.post("/galleries/many/photos", files=sent, data=data).raise_for_status()
    yield "/galleries/many/photos"
    client.delete("/galleries/many").raise_for_status()


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ({"label": "old"}, [4, 5, 6, 7, 8]),
        ({"label": ""}, [1, 2, 3]),
        ({"id": [2, 4, 99]}, [1, 3, 5, 6, 7, 8]),
        ({"id": [2, 4], "label": "old"}, [1, 3, 4, 5, 6, 7, 8]),
        ({"folder": "a"}, [1, 2, 3]),
        ({"label": "none"}, [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_photos_that_meet_conditions_are_removed(client, many, conditions, left):
    answer = client.delete(many, params=conditions)
    assert (answer.status_code, answer.json()) == (200, {"removed": 8 - len(left)}), answer.text
    assert [photo["id"] for photo in client.get(many).json()["photos"]] == left
    assert {hit["id"] for hit in client.get(f"{many}/{left[0]}/similar").json()["hits"]} == set(left[1:])


@pytest.mark.parametrize("conditions", [{}, {"id": "0"}, {"id": "a"}, {"folder": ""}, {"id": [1] * 501}])
def test_nothing_is_removed_without_a_condition(client, many, conditions):
    answer = client.delete(many, params=conditions)
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")
    assert client.get("/galleries/many").json()["photos"] == 8


def test_labels_are_listed_with_their_photos(client, many):
    client.patch(f"{many}/4", json={"label": "new"}).raise_for_status()
    listed = [{"label": None, "photos": 4}, {"label": "old", "photos": 3}, {"label": "new", "photos": 1}]
    assert client.get("/galleries/many/labels").json() == {"labels": listed}
    assert client.get("/galleries/many/labels", params={"limit": 2}).json() == {"labels": listed[:2]}
