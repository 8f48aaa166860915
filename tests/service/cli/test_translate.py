"""`iiae translate`: samples with the seeds of the service, and its errors."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from command_line import iiae
from PIL import Image
from serving import png


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(png(1))
    return path


def test_samples_equal_the_services(home, client, picture, tmp_path):
    words = ("--model", "tiny", "--samples", "2", "--seed", "7", "--out", tmp_path / "out.png")
    done = iiae("translate", picture, *words, home=home)
    assert done.status == 0, done.stderr
    data = {"model": "tiny", "samples": "2", "seed": "7"}
    answer = client.post("/translate", files={"image": png(1)}, data=data).json()
    for number, image in enumerate(answer["images"], 1):
        expected = np.asarray(Image.open(BytesIO(b64decode(image["data"])))).astype(int)
        found = np.asarray(Image.open(tmp_path / f"out-{number}.png")).astype(int)
        assert np.abs(found - expected).max() <= 2  # the service caches codes in float16


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "drawn"), "capability 'translate'"),
        (("--model", "tiny", "--source", "nowhere"), "no domain 'nowhere'"),
        (("--model", "nothing"), "no checkpoint 'nothing'"),
    ],
)
def test_a_wrong_model_or_domain_is_a_sentence_and_status_2(home, picture, tmp_path, words, message):
    done = iiae("translate", picture, *words, "--out", tmp_path / "out.png", home=home)
    assert (done.status, message in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("out", "message"), [("nowhere/out.png", "does not exist"), ("out.xyz", "end it with .png")]
)
def test_a_path_that_cannot_be_written_is_a_sentence_and_status_2(home, picture, tmp_path, out, message):
    done = iiae("translate", picture, "--model", "tiny", "--out", tmp_path / out, home=home)
    assert (done.status, message in " ".join(done.stderr.split())) == (2, True), done.stderr
