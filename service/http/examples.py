"""One example of every request and response body, for the OpenAPI document."""

from pydantic import JsonValue

DIGEST = "9b0f6d8a5c3e47f2b1d09c8e7a6f5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTjCMgAAAABJRU5ErkJggg=="

_GALLERY: dict[str, JsonValue] = {
    "name": "things",
    "model": "sketchy",
    "digest": DIGEST,
    "domain": "photo",
    "photos": 1360,
    "index": "flat",
    "credit": "Fluent Emoji, MIT; OpenMoji, CC BY-SA 4.0",
    "drawn": True,
    "expand": False,
    "default_for": ["retrieve", "sbir"],
    "outdated": False,
    "damaged_rows": 0,
}
_PHOTO: dict[str, JsonValue] = {
    "id": 405,
    "sha256": DIGEST,
    "label": "umbrella",
    "width": 256,
    "height": 256,
    "url": "/galleries/things/photos/405?v=9b0f6d8a5c3e",
    "metadata": {"emoji": "☂"},
}
_MODEL: dict[str, JsonValue] = {
    "id": "sketchy",
    "version": "1",
    "preset": "sketchy",
    "domains": ["photo", "sketch"],
    "image_size": 224,
    "metrics": {"map_all": 0.51},
    "capabilities": ["embed", "retrieve", "sbir"],
    "default_for": ["embed"],
    "digest": DIGEST,
    "trained_on": "Sketchy, all 125 classes",
    "terms": "research only",
    "device": "cpu",
}

RESPONSES: dict[str, JsonValue] = {
    "Embedding": {
        "model": "sketchy",
        "digest": DIGEST,
        "kind": "shared",
        "shape": [4],
        "values": [0.12, -0.5, 0.03, 0.86],
    },
    "Galleries": {"galleries": [_GALLERY], "damaged": [], "unavailable": []},
    "Gallery": _GALLERY,
    "Health": {"status": "ready", "degraded": []},
    "Labels": {"labels": [{"label": "umbrella", "photos": 12}, {"label": None, "photos": 3}]},
    "Model": _MODEL,
    "Models": {"models": [_MODEL], "rejected": []},
    "Photo": _PHOTO,
    "PhotoPage": {"photos": [_PHOTO], "next": 405},
    "PhotosAdded": {
        "photos": [_PHOTO],
        "files": [
            {"name": "one.jpg", "status": "added", "id": 1036, "reason": None},
            {"name": "two.txt", "status": "refused", "id": None, "reason": "two.txt: this is not an image"},
        ],
    },
    "PhotosRemoved": {"removed": 12},
    "Problem": {
        "type": "about:blank",
        "title": "Gallery does not exist",
        "status": 404,
        "detail": "there is no gallery 'catalogue'",
        "code": "gallery_not_found",
        "request_id": "0f8b5c0e6a1d4f4b9a3c2d1e0f9a8b7c",
    },
    "Reindex": {
        "state": "running",
        "model": "sketchy-2",
        "digest": DIGEST,
        "done": 640,
        "total": 1360,
        "failures": 1,
        "failed": [{"id": 17, "reason": "its file is gone", "thumbnail": True}],
        "error": None,
        "started": "2026-11-25T09:30:00Z",
        "ended": None,
    },
    "SearchResult": {
        "gallery": "things",
        "model": "sketchy",
        "scores": "probability",
        "hits": [
            {
                "id": 405,
                "score": 0.998216,
                "grade": "strong",
                "label": "umbrella",
                "url": "/galleries/things/photos/405?v=9b0f6d8a5c3e",
                "metadata": {"emoji": "☂"},
            }
        ],
    },
    "Translation": {
        "model": "facades",
        "source": "photo",
        "target": "label",
        "images": [{"content_type": "image/png", "data": PIXEL, "width": 1, "height": 1, "seed": 7}],
    },
}

REQUESTS: dict[str, JsonValue] = {
    "galleries.create": {"name": "catalogue", "model": "sketchy"},
    "images.analogy": {"image": "two-floors.webp", "reference": "three-floors.webp", "model": "facades"},
    "images.embed": {"image": "umbrella.png", "model": "sketchy", "source": "sketch", "kind": "shared"},
    "images.preview": {"image": "IMG_0001.HEIC"},
    "images.retrieve": {"image": "umbrella.png", "gallery": "things", "k": 5, "min_score": 0.5},
    "images.search": {"vector": [0.12, -0.5, 0.03, 0.86], "gallery": "things", "digest": DIGEST, "k": 5},
    "images.translate": {"image": "three-floors.webp", "model": "facades", "samples": 4, "seed": 7},
    "photos.add": {"image": ["one.jpg", "two.jpg"], "label": "umbrella", "metadata": {"sku": 12}},
    "photos.update": {"label": "umbrella", "metadata": {"sku": 12}},
    "reindex.start": {"model": "sketchy-2"},
    "sbir.search": {"sketch": ["umbrella.png"], "gallery": "things", "k": 5, "label": ["umbrella"]},
}
