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


def test_one_bad_file_among_several_adds_no_photo(client, gallery):
    answer = client.post("/galleries/noise/photos", files=[("image", png(60)), ("image", b"text")])
    assert answer.status_code == 422
    assert client.get("/galleries/noise").json()["photos"] == len(gallery)


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


def test_a_repeated_unknown_field_is_ignored(client, gallery):
    files = [("image", png(0)), ("tag", (None, b"a")), ("tag", (None, b"b"))]
    answer = client.post("/galleries/noise/photos", files=files)
    assert (answer.status_code, answer.json()["photos"][0]["id"]) == (201, gallery[0]), answer.text


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
