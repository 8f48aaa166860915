"""The command that draws the stand-in."""

import numpy as np
import pytest

from model.data.standin_cars import folder
from model.data.standin_cars.__main__ import main


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(
        folder, "draw_car", lambda seed, number, size: np.full((size, size, 3, 24, 4), seed, np.uint8)
    )


def test_the_command_fills_the_folder_and_shows_its_progress(tmp_path, capsys):
    main([str(tmp_path / "cars"), "--size", "16", "--cars", "2"])
    assert len(list((tmp_path / "cars").glob("car_*_mesh.mat"))) == 2
    shown = capsys.readouterr().err
    assert "1 of 2 cars" in shown and "2 of 2 cars" in shown and "stand-in" in shown


def test_a_refused_folder_is_a_message_without_a_traceback(tmp_path):
    (tmp_path / "holiday.jpg").write_text("mine")
    with pytest.raises(SystemExit, match=r"error: .* holds other files, such as holiday\.jpg"):
        main([str(tmp_path)])


def test_a_folder_that_cannot_be_made_is_a_message(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SystemExit, match=r"error: .*Not a directory"):
        main([str(tmp_path / "file" / "cars")])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "8"], "'8' is not a whole number from 16 to 512"),
        (["--size", "64.5"], "'64.5' is not a whole number"),
        (["--cars", "0"], "'0' is not a whole number from 1 to 199"),
        (["--cars", "200"], "'200' is not a whole number from 1 to 199"),
        (["--seed", "-1"], "'-1' is not a whole number from 0 to 4294967295"),
        ([], "required: folder"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message, tmp_path, capsys):
    where = [str(tmp_path / "cars")] if arguments else []
    with pytest.raises(SystemExit):
        main([*where, *arguments])
    assert message in capsys.readouterr().err
    assert not (tmp_path / "cars").exists()
