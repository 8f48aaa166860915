"""`iiae models`: the checkpoints of the store and of the package."""

import json
import os
import subprocess
import sys

from command_line import iiae
from serving import publish_tiny

from service.defaults import Defaults


def test_checkpoints_of_the_store_and_of_the_package_are_listed(tmp_path):
    tiny = publish_tiny(tmp_path)
    broken = publish_tiny(tmp_path, "broken")
    (broken / "manifest.json").write_text("{}")
    misnamed = publish_tiny(tmp_path, "misnamed")
    renamed = misnamed.rename(misnamed.with_name(os.fsdecode(b"caf\xe9")))
    (renamed / "manifest.json").write_text("{}")
    done = iiae("models", home=tmp_path)
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert tiny.name in rows["tiny"] and rows["tiny"].rstrip().endswith("store")
    assert "cannot be read" in rows["broken"]
    assert r"caf\xe9" in rows["misnamed"].encode().decode()  # it can be printed
    assert rows["sketchy"].rstrip().endswith("package")


def test_json_has_the_metrics_and_what_is_wrong(tmp_path):
    publish_tiny(tmp_path)
    (publish_tiny(tmp_path, "broken") / "manifest.json").write_text("{}")
    found = {each["name"]: each for each in json.loads(iiae("models", "--json", home=tmp_path).stdout)}
    assert found["sketchy"]["metrics"] and found["sketchy"]["domains"] == ["photo", "sketch"]
    assert (found["tiny"]["place"], found["tiny"]["error"]) == ("store", None)
    assert "cannot be read" in found["broken"]["error"]


def test_the_table_of_a_narrow_terminal_cuts_nothing(tmp_path, monkeypatch):
    tiny = publish_tiny(tmp_path, "a-checkpoint-with-a-long-name-that-needs-two-lines")
    environment = {**os.environ, "COLUMNS": "80", "IIAE_HOME": str(tmp_path)}
    words = [sys.executable, "-m", "service.cli", "models"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=100)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout and tiny.name[:20] in done.stdout


def test_a_model_can_be_made_the_default(tmp_path):
    publish_tiny(tmp_path, "a-tiny")
    done = iiae("models", "default", "a-tiny", home=tmp_path)
    assert done.stdout == "a-tiny is the default for analogy, embed, translate\n", done.stderr
    assert "default for analogy, embed, translate: a-tiny" in iiae("models", home=tmp_path).stdout
    refused = iiae("models", "default", "nothing", home=tmp_path)
    assert (refused.status, "nothing" in refused.stderr) == (2, True)
    assert Defaults(tmp_path).names("models")["translate"] == "a-tiny"
