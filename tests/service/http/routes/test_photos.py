"""Routes of a gallery's photos."""

import json
from io import BytesIO

import httpx
import pytest
from image_files import open_image
from picture_files import NOISE, saved
from PIL import Image
from serving import png


def test_photos_are_downloaded_unchanged(client, gallery):
    url = f"/galleries/noise/photos/{gallery[2]}"
    answer = client.get(url)
    assert answer.content == png(2)
    assert answer.headers["content-type"] == "image/png"
    small = client.get(url, params={"size": "thumbnail"})
    assert open_image(small.content).format == "WEBP"
    assert client.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def add(client, gallery, seed):
    return client.post(f"/galleries/{gallery}/photos", files={"image": png(seed)}).json()["photos"][0]


@pytest.mark.parametrize("size", ["full", "thumbnail"])
def test_the_url_of_a_remade_gallerys_photo_does_not_show_the_old_picture(client, size):
    def shown(url: str) -> httpx.Response:
        return client.get(url, params=httpx.URL(url).params.merge({"size": size}))

    photos = []
    for seed in (1, 2):
        client.post("/galleries", json={"name": "remade", "model": "tiny"}).raise_for_status()
        photos.append(add(client, "remade", seed))
        hits = client.post("/retrieve", files={"image": png(seed)}, data={"gallery": "remade"}).json()["hits"]
        assert hits[0]["url"] == photos[-1]["url"]
        assert "immutable" in shown(photos[-1]["url"]).headers["cache-control"]
        if seed == 1:
            old = shown("/galleries/remade/photos/1")
            client.delete("/galleries/remade").raise_for_status()
    try:
        first, second = photos
        assert (first["id"], first["url"] == second["url"]) == (second["id"], False)
        assert shown(first["url"]).json()["code"] == "photo_not_found"
        assert "no-cache" in old.headers["cache-control"]
        now = client.get(
            "/galleries/remade/photos/1",
            params={"size": size},
            headers={"If-None-Match": old.headers["etag"]},
        )
        assert (now.status_code, now.content == old.content) == (200, False)
    finally:
        client.delete("/galleries/remade")


@pytest.mark.parametrize("header", ["{}", "W/{}", '"other", W/{}', "*", '"a,b",{}'])
def test_a_picture_that_the_client_has_is_not_sent_again(client, gallery, header):
    url = f"/galleries/noise/photos/{gallery[2]}"
    etag = client.get(url).headers["etag"]
    answer = client.get(url, headers={"If-None-Match": header.format(etag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert "no-cache" in answer.headers["cache-control"]


def test_a_version_that_is_no_hash_is_refused(client, gallery):
    answer = client.get(f"/galleries/noise/photos/{gallery[2]}", params={"v": "Ab"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "v")


def test_photos_are_listed_in_pages(client, gallery):
    first = client.get("/galleries/noise/photos?limit=4").json()
    rest = client.get(f"/galleries/noise/photos?limit=4&after={first['next']}").json()
    assert [photo["id"] for photo in first["photos"] + rest["photos"]] == gallery
    assert rest["next"] is None


def test_equal_files_are_one_photo_and_removed_photos_are_not_found(client, gallery):
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


def test_multi_picture_files_of_phones_are_served_as_jpeg(client, gallery):
    out = BytesIO()
    Image.new("RGB", (40, 40), "teal").save(
        out, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 40))]
    )
    photo = client.post("/galleries/noise/photos", files={"image": out.getvalue()}).json()["photos"][0]
    url = f"/galleries/noise/photos/{photo['id']}"
    answer = client.get(url)
    assert client.delete(url).status_code == 204
    assert (answer.headers["content-type"], answer.content) == ("image/jpeg", out.getvalue())


def test_metadata_and_labels_are_returned_unchanged(client, gallery):
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


def test_bad_files_among_several_add_no_photo_and_are_all_named(client, gallery):
    files = [("one.png", png(60)), ("a.txt", b"text"), ("two.png", png(61)), ("b.svg", b"<svg xmlns='x'/>")]
    answer = client.post("/galleries/noise/photos", files=[("image", file) for file in files])
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "image_unreadable")
    assert problem["detail"].startswith("2 of 4 files cannot be added, so none was: a.txt: ")
    assert "; b.svg: " in problem["detail"]
    assert "partial=true" in problem["detail"]
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)


def test_a_partial_upload_adds_the_others_and_says_what_became_of_each_file(client, gallery):
    files = [
        ("one.png", png(62)),
        ("a.txt", b"text"),
        ("known.png", png(0)),
        ("again.png", png(62)),
        ("ärger ☂.png", png(63)),
    ]
    answer = client.post(
        "/galleries/noise/photos",
        files=[("image", file) for file in files],
        data={"partial": "true", "label": "new"},
    )
    assert answer.status_code == 201, answer.text
    outcomes, photos = answer.json()["files"], answer.json()["photos"]
    try:
        assert [(each["name"], each["status"]) for each in outcomes] == [
            ("one.png", "added"),
            ("a.txt", "refused"),
            ("known.png", "known"),
            ("again.png", "known"),
            ("ärger ☂.png", "added"),
        ]
        assert [each["id"] for each in outcomes if each["id"]] == [photo["id"] for photo in photos]
        assert outcomes[0]["id"] == outcomes[3]["id"]
        assert outcomes[2]["id"] == gallery[0]
        assert outcomes[1]["reason"].startswith("a.txt: ")
        assert "keeps the label 'noise'" in outcomes[2]["reason"]
        assert f"PATCH /galleries/noise/photos/{gallery[0]}" in outcomes[2]["reason"]
        assert [each["reason"] for each in outcomes[3:]] == [None, None]
        assert client.get(f"/galleries/noise/photos?after={gallery[-1]}").json()["photos"] == [
            photos[0],
            photos[3],
        ]
    finally:
        client.delete("/galleries/noise/photos", params={"label": "new"}).raise_for_status()


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({}, None),
        ({"label": "noise"}, None),
        ({"label": "noise", "metadata": '{"sku": 12}'}, None),
        ({"label": "other"}, "keeps the label 'noise';"),
        ({"metadata": '{"sku": 13}'}, "keeps its metadata;"),
        ({"label": "other", "metadata": '{"sku": 13}'}, "keeps the label 'noise' and its metadata;"),
    ],
)
def test_a_reupload_says_what_it_does_not_change(client, gallery, data, kept):
    answer = client.post("/galleries/noise/photos", files={"image": png(0)}, data=data).json()
    [outcome] = answer["files"]
    assert (outcome["status"], outcome["id"], answer["photos"][0]["label"]) == ("known", gallery[0], "noise")
    assert (kept in outcome["reason"]) if kept else outcome["reason"] is None


def test_a_partial_upload_without_a_readable_file_is_refused(client, gallery):
    files = [("image", ("a.txt", b"text")), ("image", ("b.txt", b"other text"))]
    answer = client.post("/galleries/noise/photos", files=files, data={"partial": "true"})
    assert (answer.status_code, answer.json()["code"]) == (422, "image_unreadable")
    assert "a.txt" in answer.json()["detail"] and "b.txt" in answer.json()["detail"]


BAD_METADATA = {
    "list": "[1]",
    "half an object": "{",
    "lone surrogate": '{"a": "\\ud800"}',
    "lone surrogate in a key": '{"\\udc00": 1}',
    "NaN": '{"a": NaN}',
    "infinite": '{"a": -Infinity}',
    "too large for a float": '{"a": [1e999]}',
    "NUL": '{"a": ["\\u0000"]}',
    "escape in a key": '{"\\u001b[31m": 1}',
    "300 nested lists": '{"a":' + "[" * 300 + "]" * 300 + "}",
    "900 nested objects": '{"a":' * 900 + "1" + "}" * 900,
    "33 levels": '{"a":' + "[" * 32 + "]" * 32 + "}",
}
BAD_LABELS = {"NUL": "a\0b", "two lines": "a\nb", "escape": "\x1b[31m", "C1": "a\x9bb"}
BAD_FIELDS = {f"metadata: {name}": {"metadata": text} for name, text in BAD_METADATA.items()} | {
    f"label: {name}": {"label": text} for name, text in BAD_LABELS.items()
}


@pytest.mark.parametrize("name", BAD_FIELDS)
def test_bad_metadata_and_labels_are_refused_and_add_no_photo(client, gallery, name):
    answer = client.post("/galleries/noise/photos", files={"image": png(50)}, data=BAD_FIELDS[name])
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid"), answer.text
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)


@pytest.mark.parametrize("field", ["label", "metadata"])
def test_a_repeated_field_is_refused(client, gallery, field):
    files = [("image", png(50)), (field, (None, b"{}")), (field, (None, b"{}"))]
    answer = client.post("/galleries/noise/photos", files=files)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)


def test_a_label_and_metadata_can_be_changed(client, gallery):
    url, listed = f"/galleries/noise/photos/{gallery[1]}", f"/galleries/noise/photos?after={gallery[1] - 1}"
    before = client.get(listed).json()["photos"][0]
    for changes in (
        {"label": "☂ wet"},
        {"metadata": {"sku": 13, "deep": [[None]]}},
        {"label": None},
        {"label": "two", "metadata": {}},
        {"label": ""},
        {"label": "noise", "metadata": {"sku": 12}},
    ):
        answer = client.patch(url, json=changes)
        assert answer.status_code == 200, answer.text
        expected = before | changes
        assert answer.json() == expected | {"label": expected["label"] or None}
        assert client.get(listed).json()["photos"][0] == answer.json()
        before = answer.json()
    hits = client.post("/retrieve", files={"image": png(1)}, data={"gallery": "noise", "source": "photo"})
    assert hits.json()["hits"][0]["label"] == "noise"


BAD_CHANGES = {
    "nothing": ({}, "body"),
    "an unknown key": ({"label": "a", "tags": ["b"]}, "tags"),
    "a label of two lines": ({"label": "a\nb"}, "label"),
    "a long label": ({"label": "a" * 201}, "label"),
    "a number as label": ({"label": 3}, "label"),
    "metadata that is a list": ({"metadata": [1]}, "metadata"),
    "metadata that is null": ({"metadata": None}, "metadata"),
    "deep metadata": ({"metadata": {"a": json.loads("[" * 40 + "]" * 40)}}, "metadata"),
    "long metadata": ({"metadata": {"a": "b" * 20_000}}, "metadata"),
}


@pytest.mark.parametrize("name", BAD_CHANGES)
def test_bad_changes_are_refused_and_change_nothing(client, gallery, name):
    changes, field = BAD_CHANGES[name]
    before = client.get("/galleries/noise/photos").json()
    answer = client.patch(f"/galleries/noise/photos/{gallery[1]}", json=changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid"), answer.text
    assert field in answer.json()["errors"][0]["field"]
    assert client.get("/galleries/noise/photos").json() == before


@pytest.mark.parametrize(
    "text", ['{"label": "\\ud800"}', '{"metadata": {"\\ud800": 1}}', '{"metadata": {"a": NaN}}']
)
def test_changes_that_cannot_be_stored_are_refused(client, gallery, text):
    answer = client.patch(
        f"/galleries/noise/photos/{gallery[1]}", content=text, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422, answer.text


def test_a_photo_that_does_not_exist_cannot_be_changed(client, gallery):
    answer = client.patch("/galleries/noise/photos/9999", json={"label": "a"})
    assert (answer.status_code, answer.json()["code"]) == (404, "photo_not_found")


@pytest.mark.parametrize(
    ("kind", "content_type"), [("HEIF", "image/heif"), ("AVIF", "image/avif"), ("TIFF", "image/tiff")]
)
def test_pictures_of_phones_and_scanners_are_added(client, kind, content_type):
    client.post("/galleries", json={"name": "phones", "model": "tiny"}).raise_for_status()
    try:
        data = saved(NOISE, kind)
        answer = client.post("/galleries/phones/photos", files={"image": ("IMG_1.dat", data)})
        photo = answer.raise_for_status().json()["photos"][0]
        assert (photo["width"], photo["height"]) == NOISE.size
        full = client.get(photo["url"])
        assert (full.content, full.headers["content-type"]) == (data, content_type)
        hits = client.post("/retrieve", files={"image": data}, data={"gallery": "phones"}).json()["hits"]
        assert hits[0]["id"] == photo["id"]
        cut = client.post("/galleries/phones/photos", files={"image": data[: len(data) // 2]})
        assert (cut.status_code, cut.json()["code"]) == (422, "image_unreadable")
    finally:
        client.delete("/galleries/phones").raise_for_status()


def test_sizes_are_those_of_the_upright_picture(client):
    client.post("/galleries", json={"name": "upright", "model": "tiny"}).raise_for_status()
    try:
        exif = Image.Exif()
        exif[0x0112] = 6
        data = saved(NOISE, "JPEG", exif=exif)
        [photo] = client.post("/galleries/upright/photos", files={"image": data}).json()["photos"]
        assert (photo["width"], photo["height"]) == (NOISE.height, NOISE.width)
    finally:
        client.delete("/galleries/upright").raise_for_status()
