"""The part of a response that must stay the same, with digests in place of pictures and embeddings."""

import base64
import hashlib
import json
from io import BytesIO

import httpx
import numpy as np
from PIL import Image

TIMES = ("started", "ended")
"""Fields that differ in every run."""
HEADERS = ("etag", "x-seed")
"""Headers that belong to the answer."""

Answer = dict[str, object]


def answer_of(response: httpx.Response) -> Answer:
    """Return the parts of a response to compare.

    The wording of a problem may change; its status, code and fields may not. Times differ in every run.
    """
    media_type = response.headers.get("content-type", "").partition(";")[0]
    answer: Answer = {"status": response.status_code, "content_type": media_type}
    if media_type == "application/problem+json":
        problem = response.json()
        return answer | {"code": problem["code"], "fields": sorted(problem)}
    if media_type == "application/json" and response.content:
        return answer | {"body": _digest_body(response.json())}
    if media_type.startswith("image/"):
        headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
        return answer | {"image": picture_digest(response.content), "headers": headers}
    if media_type == "text/plain":
        return answer | {"metrics": _metric_names(response.text)}
    return answer


def picture_digest(data: bytes) -> Answer:
    """Return the hash of the pixels, and their means in 8 x 8 fields to compare on other machines."""
    picture = Image.open(BytesIO(data)).convert("RGB")
    fields = np.asarray(picture.resize((8, 8), Image.Resampling.BOX))
    return {
        "size": list(picture.size),
        "sha256": hashlib.sha256(picture.tobytes()).hexdigest(),
        "fields": fields.ravel().tolist(),
    }


def embedding_digest(values: list[float]) -> Answer:
    """Return the hash of all values, and the first values to compare on other machines."""
    return {
        "count": len(values),
        "sha256": hashlib.sha256(json.dumps(values).encode()).hexdigest(),
        "first": values[:24],
    }


def _digest_body(body: object) -> object:
    """Return a JSON value without times, and with digests in place of pictures and embeddings."""
    if isinstance(body, list):
        return [_digest_body(value) for value in body]
    if not isinstance(body, dict):
        return body
    if "data" in body and "content_type" in body:
        return {**body, "data": picture_digest(base64.b64decode(body["data"]))}
    return {key: _digest_field(key, value) for key, value in body.items()}


def _digest_field(key: str, value: object) -> object:
    if key in TIMES:
        return None
    return embedding_digest(value) if key == "values" and isinstance(value, list) else _digest_body(value)


def _metric_names(text: str) -> list[str]:
    return sorted({line.split()[2] for line in text.splitlines() if line.startswith("# TYPE iiae")})
