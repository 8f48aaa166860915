"""`iiae galleries`: the list, damaged galleries included, and deleting."""

from command_line import iiae
from serving import png


def test_galleries_are_listed_and_deleted(home, tmp_path):
    damaged = home / "galleries" / "a-damaged"
    damaged.mkdir(parents=True)
    (damaged / "gallery.sqlite").write_bytes(b"damaged" * 1000)
    (tmp_path / "1.png").write_bytes(png(1))
    assert iiae("index", tmp_path, "--gallery", "b-sound", "--model", "drawn", home=home).status == 0
    done = iiae("galleries", home=home)
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if "│" in line}
    assert done.status == 0, done.stderr
    assert "drawn" in rows["b-sound"]
    assert "cannot be read" in rows["a-damaged"]
    for name in ("a-damaged", "b-sound"):
        assert iiae("galleries", "delete", name, home=home).stdout == f"deleted {name}\n"
        assert not (home / "galleries" / name).exists()
    assert (tmp_path / "1.png").exists()
