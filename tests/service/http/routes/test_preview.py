"""Pictures that browsers cannot show are converted: uploads, and photos of a gallery."""

from io import BytesIO

import numpy as np
import pytest
from image_files import open_image
from picture_files import NOISE, pixels, saved
from PIL import Image

HUGE = Image.new("RGB", (3000, 1000), "red")


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "JPEG"])
def test_uploads_are_converted(client, kind):
    answer = client.post("/preview", files={"image": saved(NOISE, kind)})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    shown = open_image(answer.content)
    assert (shown.format, shown.size) == ("WEBP", NOISE.size)
    assert np.median(np.abs(pixels(shown.convert("RGB")) - pixels(NOISE))) <= 12


def test_large_uploads_are_reduced(client):
    answer = client.post("/preview", files={"image": saved(HUGE, "PNG")})
    assert open_image(answer.content).size == (2048, 683)


def test_files_that_are_no_pictures_are_refused(client):
    answer = client.post("/preview", files={"image": b"text"})
    assert (answer.status_code, answer.json()["code"]) == (422, "image_unreadable")


@pytest.mark.parametrize(("kind", "content_type"), [("HEIF", "image/webp"), ("PNG", "image/png")])
def test_photos_are_converted_only_if_they_must_be(client, kind, content_type):
    client.post("/galleries", json={"name": "screen", "model": "tiny"}).raise_for_status()
    try:
        data = saved(NOISE, kind)
        [photo] = client.post("/galleries/screen/photos", files={"image": data}).json()["photos"]
        url = "/galleries/screen/photos/" + str(photo["id"])
        answer = client.get(url, params={"size": "screen"})
        assert answer.headers["content-type"] == content_type
        assert (answer.content == data) == (kind == "PNG")
        assert Image.open(BytesIO(answer.content)).size == NOISE.size
        full = client.get(url, headers={"If-None-Match": answer.headers["etag"]})
        assert (full.status_code, full.content) == (200, data)
        etag = {"If-None-Match": answer.headers["etag"]}
        assert client.get(url, params={"size": "screen"}, headers=etag).status_code == 304
    finally:
        client.delete("/galleries/screen").raise_for_status()
