"""`HEAD` requests."""


def test_head_has_the_headers_of_get_and_no_body(client, gallery):
    photo = f"/galleries/noise/photos/{gallery[2]}"
    for path in (
        "/",
        "/health/live",
        "/health/ready",
        "/models",
        photo,
        f"{photo}?size=thumbnail",
        "/static/shell/theme.css",
    ):
        get, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-length"] == get.headers["content-length"] != "0"
        assert head.headers["content-type"] == get.headers["content-type"]
    assert client.head("/nowhere").status_code == 404
    assert client.head("/translate").status_code == 405
