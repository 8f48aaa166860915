"""Full, read-only and failing disks under a running server: 507 or 503, and searches go on."""

import errno
import os
import resource
import time

import pytest
from serving import Server, png
from small_disk import files

from service.errors import StorageFull, StorageUnavailable
from service.storage import Disk, free_bytes, require_free, storage_error


@pytest.fixture
def own_home(home, small_disk, tmp_path):
    """A home whose galleries are on the small disk."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "checkpoints").symlink_to(home / "checkpoints")
    (folder / "galleries").symlink_to(small_disk.folder)
    return folder


def search(server: Server) -> int:
    return server.client.post("/sbir/search", files={"sketch": png(7)}, data={"gallery": "g"}).status_code


def add(server: Server, *pictures: bytes) -> tuple[int, str, str]:
    answer = server.client.post("/galleries/g/photos", files=[("image", picture) for picture in pictures])
    body = answer.json()
    return answer.status_code, body.get("code", ""), body.get("detail", "")


def first_free_descriptor(pid: int) -> int:
    """Return the smallest number that no open file of a process keeps."""
    kept = set(range(10_000))
    for _ in range(20):  # some files are open only for a moment
        kept &= {int(number) for number in os.listdir(f"/proc/{pid}/fd")}
        time.sleep(0.02)
    return next(number for number in range(10_000) if number not in kept)


def test_a_full_disk_refuses_only_what_adds_something(own_home, small_disk):
    with Server(own_home, IIAE_MIN_FREE_MB="1").ready() as server:
        server.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
        assert add(server, *(png(seed) for seed in range(3)))[0] == 201
        assert server.client.get("/health/ready").json()["degraded"] == []
        before = files(small_disk.folder / "g")
        with (small_disk.folder / "half").open("wb") as half:
            half.write(bytes(2_600_000))
        # above the bound, but the photos do not fit
        status, code, detail = add(server, png(20), png(21, 800))
        assert (status, code) == (507, "storage_full"), detail
        assert "delete" not in detail and files(small_disk.folder / "g") == before
        small_disk.fill()
        status, code, detail = add(server, png(22))
        assert (status, code) == (507, "storage_full") and "IIAE_MIN_FREE_MB" in detail
        refused = server.client.post("/galleries", json={"name": "other", "model": "drawn"})
        assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
        ready = server.client.get("/health/ready")
        assert (ready.status_code, ready.json()["degraded"]) == (200, ["disk"])
        assert "iiae_disk_free_bytes 0.0" in server.client.get("/metrics").text
        assert search(server) == 200
        assert server.client.get("/galleries/g/photos").status_code == 200
        assert files(small_disk.folder / "g") == before
        small_disk.free()
        (small_disk.folder / "half").unlink()
        assert add(server, png(22))[0] == 201
        assert server.client.get("/health/ready").json()["degraded"] == []
        small_disk.fill()
        for photo_id in (1, 2, 3, 4):
            removed = server.client.delete(f"/galleries/g/photos/{photo_id}")
            assert removed.status_code == 204, removed.text
            small_disk.fill()
        assert server.client.delete("/galleries/g").status_code == 204


def test_a_server_starts_and_searches_on_a_read_only_disk(own_home, small_disk):
    with Server(own_home, IIAE_MIN_FREE_MB="0").ready() as server:
        server.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
    before = files(small_disk.folder / "g")
    small_disk.make_read_only()
    try:
        with Server(own_home, IIAE_MIN_FREE_MB="0").ready() as server:
            assert search(server) == 200
            assert [each["name"] for each in server.client.get("/galleries").json()["galleries"]] == ["g"]
            status, code, detail = add(server, png(1))
            assert (status, code) == (503, "storage_unavailable") and "delete" not in detail
            refused = server.client.post("/galleries", json={"name": "other", "model": "drawn"})
            assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
            assert "retry-after" not in refused.headers  # waiting does not help
            for path in ("/galleries/g", "/galleries/g/reindex"):
                refused = server.client.request("DELETE", path)
                assert refused.json()["code"] in ("storage_unavailable", "reindex_not_found")
            assert server.client.get("/health/ready").json()["degraded"] == ["disk"]
    finally:
        small_disk.make_writable()
    assert files(small_disk.folder / "g") == before


def test_too_many_open_files_are_a_503_until_some_are_closed(home, tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "checkpoints").symlink_to(home / "checkpoints")
    with Server(folder).ready() as server:
        server.client.post("/galleries", json={"name": "g", "model": "drawn"}).raise_for_status()
        assert add(server, png(1))[0] == 201
        url = server.client.get("/galleries/g/photos").json()["photos"][0]["url"]
        assert server.client.get(url).status_code == 200
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (first_free_descriptor(pid), before[1]))
        try:
            answer = server.client.get(url)
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert add(server, png(2))[:2] == (503, "storage_unavailable")
            assert server.client.post(
                "/embed", files={"image": png(3)}, data={"model": "drawn"}
            ).status_code in (200, 503)
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        assert server.client.get(url).status_code == 200
        assert add(server, png(2))[0] == 201


def test_uploads_do_not_need_the_disk_for_temporary_files(home, small_disk):
    small_disk.fill()
    with Server(home, TMPDIR=str(small_disk.folder)).ready() as server:
        picture = png(1, 800)
        assert len(picture) > 1_500_000
        answer = server.client.post("/embed", files={"image": picture}, data={"model": "drawn"})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EROFS, StorageUnavailable),
        (errno.ENFILE, StorageUnavailable),
        (errno.ENOENT, type(None)),
        (errno.ECONNRESET, type(None)),
    ],
)
def test_errors_of_the_disk_are_told_from_others(number, expected):
    refused = storage_error(OSError(number, os.strerror(number)))
    assert type(refused) is expected
    assert storage_error(ValueError("x")) is None


def test_free_space_is_that_of_the_nearest_folder(tmp_path):
    assert abs(free_bytes(tmp_path / "not" / "yet") - free_bytes(tmp_path)) < 1e9
    require_free(tmp_path, 1)
    with pytest.raises(StorageFull, match="MB left"):
        require_free(tmp_path, 10**18)
    disk = Disk(tmp_path, min_free=10**18)
    assert not disk.short
    disk.measure()
    assert disk.short and not disk.read_only
