"""Bad images and invalid parameters: every route answers with a problem that says what is wrong."""

import pytest
from image_files import huge_gif, huge_png, png_chunk, run_length_bmp
from serving import png

BAD_IMAGES = {
    "text": (b"this is a text", 422, "image_unreadable"),
    "empty": (b"", 422, "image_unreadable"),
    "truncated": (png()[:200], 422, "image_unreadable"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "image_format_unsupported"),
    "tiff": (b"II*\0" + b"\0" * 50, 422, "image_unreadable"),
    "jpeg 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 50, 415, "image_format_unsupported"),
    "huge png": (huge_png(), 413, "image_too_many_pixels"),
    "huge gif": (huge_gif(), 413, "image_too_many_pixels"),
    "tall png": (huge_png(1, 39_999_999), 413, "image_too_many_pixels"),
    "png of chunks": (png()[:33] + png_chunk(b"abCd", b"") * 30_000 + png()[33:], 422, "image_unreadable"),
    "run-length bmp": (run_length_bmp(), 415, "image_format_unsupported"),
    "too many bytes": (b"\0" * 3_000_000, 413, "upload_too_large"),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
@pytest.mark.parametrize("path", ["/translate", "/embed", "/sbir/search"])
def test_bad_images_are_refused(client, gallery, name, path):
    data, status, code = BAD_IMAGES[name]
    answer = client.post(path, files={"sketch" if path == "/sbir/search" else "image": ("x.png", data)})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(problem["detail"]) > 20
    assert problem["request_id"] == answer.headers["x-request-id"]


IMAGE = {"image": png()}
SKETCH = {"sketch": png()}
PAIR = {"image": png(), "reference": png(1)}
INVALID_PARAMETERS = {
    "no file": ("/translate", {}, {}),
    "0 samples": ("/translate", IMAGE, {"samples": "0"}),
    "-1 samples": ("/translate", IMAGE, {"samples": "-1"}),
    "17 samples": ("/translate", IMAGE, {"samples": "17"}),
    "samples not a number": ("/translate", IMAGE, {"samples": "a"}),
    "seed -1": ("/translate", IMAGE, {"seed": "-1"}),
    "seed 2^32": ("/translate", IMAGE, {"seed": str(2**32)}),
    "seed 2^32 for the second sample": ("/translate", IMAGE, {"seed": str(2**32 - 1), "samples": "2"}),
    "mix above 1": ("/translate", IMAGE, {"mix": "1.1"}),
    "mix of one reference": ("/translate", PAIR, {"mix": "0.4"}),
    "unknown style": ("/translate", IMAGE, {"style": "nice"}),
    "nine sketches": ("/sbir/search", [("sketch", png())] * 9, {}),
    "photo without a sketch": ("/sbir/search", {"photo": png()}, {}),
    "two photos": ("/sbir/search", [("sketch", png()), ("photo", png()), ("photo", png())], {}),
    "k 0": ("/sbir/search", SKETCH, {"k": "0"}),
    "k 1001": ("/sbir/search", SKETCH, {"k": "1001"}),
    "min_score above 1": ("/sbir/search", SKETCH, {"min_score": "1.01"}),
    "min_score in per cent": ("/retrieve", IMAGE, {"min_score": "90"}),
    "min_score below -1": ("/sbir/search", SKETCH, {"min_score": "-1.01"}),
    "min_score NaN": ("/sbir/search", SKETCH, {"min_score": "nan"}),
    "min_score infinite": ("/retrieve", IMAGE, {"min_score": "-inf"}),
    "min_score not a number": ("/retrieve", IMAGE, {"min_score": "strong"}),
    "two min_scores": ("/sbir/search", [*SKETCH.items()], {"min_score": ["0.1", "0.2"]}),
    "unknown kind": ("/embed", IMAGE, {"kind": "both"}),
}
OTHER_PROBLEMS = {
    "unknown model": ("/translate", IMAGE, {"model": "nothing"}, 404, "model_not_found"),
    "unknown gallery": ("/sbir/search", SKETCH, {"gallery": "nothing"}, 404, "gallery_not_found"),
    "unknown domain": ("/translate", IMAGE, {"model": "tiny", "source": "sketch"}, 422, "domain_unknown"),
    "path as a model": ("/translate", IMAGE, {"model": "../../etc/passwd"}, 422, "name_invalid"),
    "path as a gallery": ("/sbir/search", SKETCH, {"gallery": "../../etc/passwd"}, 422, "name_invalid"),
    "missing capability": ("/translate", IMAGE, {"model": "drawn"}, 422, "capability_missing"),
    "two domains": ("/analogy", PAIR, {"model": "tiny", "reference_source": "label"}, 422, "domains_differ"),
}


@pytest.mark.parametrize("name", INVALID_PARAMETERS)
def test_invalid_parameters_are_refused(client, gallery, name):
    path, files, data = INVALID_PARAMETERS[name]
    answer = client.post(path, files=files, data=data)
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid"), answer.text


@pytest.mark.parametrize("name", OTHER_PROBLEMS)
def test_unknown_names_and_missing_capabilities_are_refused(client, gallery, name):
    path, files, data, status, code = OTHER_PROBLEMS[name]
    answer = client.post(path, files=files, data=data)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
