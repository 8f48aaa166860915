"""The defaults of a home: chosen once, read by all processes, and kept when the file cannot be written."""

import json
import subprocess
import sys

import pytest

from service.defaults import FILE, Defaults
from service.errors import StorageUnavailable


def test_the_first_choice_stays_for_all_processes(tmp_path):
    first, second = Defaults(tmp_path), Defaults(tmp_path)
    assert first.settle("models", {"translate": "m"}) == {"translate": "m"}
    assert second.settle("models", {"translate": "a", "embed": "a"}) == {"translate": "m", "embed": "a"}
    assert first.names("models") == {"translate": "m", "embed": "a"}
    assert json.loads((tmp_path / FILE).read_text()) == {
        "models": {"translate": "m", "embed": "a"},
        "galleries": {},
    }


def test_a_choice_replaces_the_first_one_and_deleting_forgets_it(tmp_path):
    defaults = Defaults(tmp_path)
    defaults.settle("galleries", {"sbir": "a", "retrieve": "b"})
    defaults.choose("galleries", "c", ["sbir"])
    assert Defaults(tmp_path).names("galleries") == {"sbir": "c", "retrieve": "b"}
    defaults.forget("galleries", "c")
    assert Defaults(tmp_path).names("galleries") == {"retrieve": "b"}
    assert defaults.settle("galleries", {"sbir": "d"}) == {"sbir": "d", "retrieve": "b"}


def test_processes_that_choose_at_the_same_time_agree(tmp_path):
    code = (
        "import sys; from pathlib import Path; from service.defaults import Defaults;"
        "defaults = Defaults(Path(sys.argv[1]));"
        "[defaults.settle('models', {str(n): sys.argv[2]}) for n in range(20)];"
        "print(sorted(defaults.names('models').items()))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path, str(number)], stdout=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert len(answers) == 1
    assert len(Defaults(tmp_path).names("models")) == 20


def test_choices_hold_without_a_home_and_are_written_when_there_is_one(tmp_path):
    home = tmp_path / "home"
    defaults = Defaults(home)
    assert defaults.settle("models", {"translate": "m"}) == {"translate": "m"}
    assert defaults.settle("models", {"translate": "a"}) == {"translate": "m"}
    assert not home.exists()
    home.mkdir()
    assert defaults.settle("models", {"translate": "a"}) == {"translate": "m"}
    assert Defaults(home).names("models") == {"translate": "m"}


def test_a_choice_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / FILE).mkdir()
    (tmp_path / ".defaults.lock").mkdir()
    with pytest.raises((StorageUnavailable, OSError)):
        Defaults(tmp_path).choose("models", "m", ["translate"])
    assert Defaults(tmp_path).names("models") == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": ["m"]}', '{"models": {"translate": 3}}'])
def test_a_damaged_file_is_ignored_with_a_warning(tmp_path, caplog, text):
    (tmp_path / FILE).write_text(text)
    assert Defaults(tmp_path).names("models") == {}
    assert "is damaged" in caplog.text
