"""Which operations wait for one another."""

import pytest

from service.http.app import create_app
from service.http.controls import COMPUTED, READING_POSTS, Controls
from service.settings import Settings


@pytest.mark.parametrize(
    ("method", "path", "group"),
    [
        ("POST", "/sbir/search", "computing"),
        ("POST", "/translate", "computing"),
        ("POST", "/galleries/g/photos", "adding"),
        ("POST", "/galleries/g/reindex", None),
        ("GET", "/galleries/g/photos", None),
        ("GET", "/health/ready", None),
    ],
)
def test_groups_of_operations(method: str, path: str, group: str | None) -> None:
    controls = Controls()
    found = controls.find(method, path)
    assert (found and found[0]) is (group and getattr(controls, group))


def test_all_operations_that_run_a_model_are_admitted_by_estimated_time(tmp_path) -> None:
    app = create_app(Settings(home=tmp_path))
    computed = {
        path
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
        if method == "post" and set(operation["tags"]) & {"images", "sbir"}
    }
    assert computed == READING_POSTS
    assert computed - COMPUTED == {"/search/vector"}  # the client has computed the embedding
