"""The commands that make stand-ins: their arguments, progress and errors."""

import pytest

from model.data.standins.cars import __main__ as cars
from model.data.standins.maps import __main__ as maps

RANGES = [
    (cars, ["--size", "8"], "'8' is not a whole number from 16 to 512"),
    (cars, ["--size", "64.5"], "'64.5' is not a whole number"),
    (cars, ["--cars", "0"], "'0' is not a whole number from 1 to 199"),
    (cars, ["--cars", "200"], "'200' is not a whole number from 1 to 199"),
    (cars, ["--seed", "-1"], "'-1' is not a whole number from 0 to 4294967295"),
    (maps, ["--size", "4096"], "'4096' is not a whole number from 32 to 1024"),
    (maps, ["--train", "0"], "'0' is not a whole number from 1 to 100000"),
    (maps, ["--val", "many"], "'many' is not a whole number"),
]


@pytest.fixture
def asked(monkeypatch):
    """What the commands ask for; nothing is made."""
    found = []

    def record(folder, **settings):
        found.append(settings)
        return iter(())

    monkeypatch.setattr(cars, "fill_folder", record)
    monkeypatch.setattr(maps, "write_maps", record)
    return found


def test_the_defaults_are_the_published_numbers(tmp_path, asked):
    cars.main([str(tmp_path)])
    maps.main([str(tmp_path)])
    assert asked == [
        {"size": 64, "seed": 0, "cars": 199},
        {"size": 128, "seed": 0, "counts": {"train": 1096, "val": 1098}},
    ]


@pytest.mark.parametrize(("module", "arguments", "message"), RANGES)
def test_arguments_out_of_range_are_refused(asked, module, arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit):
        module.main([str(tmp_path / "made"), *arguments])
    assert message in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize("module", [cars, maps])
def test_errors_end_the_command_with_a_message(module, tmp_path):
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(SystemExit, match=r"error: .*mine\.txt"):
        module.main([str(tmp_path)])
    with pytest.raises(SystemExit, match=r"error: .*is a file"):
        module.main([str(tmp_path / "mine.txt")])
