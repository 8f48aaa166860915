"""Where state lies: IIAE_HOME, or the folder of the user's data."""

from pathlib import Path

import pytest

from model.home import default_home, earlier_home


@pytest.fixture(autouse=True)
def _user_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("IIAE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_variable_comes_before_the_users_folder(monkeypatch, tmp_path):
    assert default_home() == tmp_path / "data" / "iiae"
    monkeypatch.setenv("IIAE_HOME", "elsewhere")
    assert default_home() == Path("elsewhere")
    monkeypatch.setenv("IIAE_HOME", "")
    assert default_home() == tmp_path / "data" / "iiae"


def test_state_of_an_earlier_version_is_named_until_it_is_used_or_replaced(monkeypatch):
    assert earlier_home() is None
    Path("var/galleries").mkdir(parents=True)
    assert earlier_home() == Path("var")
    monkeypatch.setenv("IIAE_HOME", "var")
    assert earlier_home() is None
    monkeypatch.delenv("IIAE_HOME")
    default_home().mkdir(parents=True)
    assert earlier_home() is None
