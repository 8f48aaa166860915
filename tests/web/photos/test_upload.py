"""Uploads continue after a file that the service rejects."""

import pytest
from browsing import files, open_new_gallery
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(
    ("status", "code"), [(408, "upload_too_slow"), (413, "upload_too_large"), (422, "image_too_many_pixels")]
)
def test_rejected_file_does_not_stop_the_upload(page: Page, status: int, code: str) -> None:
    open_new_gallery(page, f"rejecting-{status}")
    problem = {
        "type": "about:blank",
        "title": "Rejected",
        "status": status,
        "detail": f"rejected with {status}",
        "code": code,
    }
    rejections = [problem]
    page.route(
        f"**/galleries/rejecting-{status}/photos",
        lambda route: (
            route.fulfill(status=status, json=rejections.pop()) if rejections else route.continue_()
        ),
    )
    page.set_input_files("#photos-files", files(*range(40, 45)))
    expect(page.locator("#photos-count")).to_have_text("5 of 5 · 1 failed")
    expect(page.locator("#photos-failures li")).to_contain_text(["rejected with"])
    expect(page.locator("#photos-newest img")).to_have_count(4)
