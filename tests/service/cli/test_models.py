"""`iiae models`: the checkpoints of the store and of the package."""

from command_line import iiae
from serving import publish_tiny


def test_checkpoints_of_the_store_and_of_the_package_are_listed(tmp_path):
    tiny = publish_tiny(tmp_path)
    broken = publish_tiny(tmp_path, "broken")
    (broken / "manifest.json").write_text("{}")
    done = iiae("models", home=tmp_path)
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if "│" in line}
    assert tiny.name in rows["tiny"] and rows["tiny"].rstrip(" │").endswith("store")
    assert "cannot be read" in rows["broken"]
    assert rows["sketchy"].rstrip(" │").endswith("package")
