"""Requests for parts of a file."""

from serving import png


def test_valid_ranges_are_sent_and_bad_ranges_get_problems(client, gallery):
    url, size = f"/galleries/noise/photos/{gallery[2]}", len(png(2))
    answer = client.get(url, headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, png(2)[:4])
    for value, status, code in (
        (f"bytes={size}-", 416, "range_not_satisfiable"),
        ("bytes=5-2", 400, "range_malformed"),
        ("bytes=a-b", 400, "range_malformed"),
        ("items=0-1", 400, "range_malformed"),
    ):
        answer = client.get(url, headers={"Range": value})
        assert (answer.status_code, answer.json()["code"]) == (status, code), value
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert answer.headers.get("content-range") == (f"bytes */{size}" if status == 416 else None)
