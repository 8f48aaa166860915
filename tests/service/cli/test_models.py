"""`iiae models`: the checkpoints of the store and of the package."""

import os

from command_line import iiae
from serving import publish_tiny


def test_checkpoints_of_the_store_and_of_the_package_are_listed(tmp_path):
    tiny = publish_tiny(tmp_path)
    broken = publish_tiny(tmp_path, "broken")
    (broken / "manifest.json").write_text("{}")
    misnamed = publish_tiny(tmp_path, "misnamed")
    renamed = misnamed.rename(misnamed.with_name(os.fsdecode(b"caf\xe9")))
    (renamed / "manifest.json").write_text("{}")
    done = iiae("models", home=tmp_path)
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if "│" in line}
    assert tiny.name in rows["tiny"] and rows["tiny"].rstrip(" │").endswith("store")
    assert "cannot be read" in rows["broken"]
    assert r"caf\xe9" in rows["misnamed"].encode().decode()  # it can be printed
    assert rows["sketchy"].rstrip(" │").endswith("package")
