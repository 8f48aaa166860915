"""The log of a run as CSV; TensorBoard's files are only checked to exist."""

from model.training.scalar_log import ScalarLog, read_scalars


def rows(folder):
    return (folder / "metrics.csv").read_text().splitlines()


def test_scalars_are_written_to_both_logs(tmp_path):
    log = ScalarLog(tmp_path, 0)
    log.write(5, {"log_px": -1.5, "kl_zs": 0.123456789})
    log.close()
    assert rows(tmp_path) == ["step,name,value", "5,log_px,-1.5", "5,kl_zs,0.123457"]
    assert list((tmp_path / "tensorboard").iterdir())


def test_rows_after_the_last_save_are_dropped(tmp_path):
    log = ScalarLog(tmp_path, 0)
    for step in (5, 10, 15):
        log.write(step, {"loss": float(step)})
    log.close()
    with (tmp_path / "metrics.csv").open("a") as file:
        file.write("20,lo")  # cut off by a kill
    resumed = ScalarLog(tmp_path, 10)
    resumed.write(15, {"loss": 99.0})
    resumed.close()
    assert rows(tmp_path) == ["step,name,value", "5,loss,5", "10,loss,10", "15,loss,99"]


def test_scalars_are_read_by_name_without_the_row_that_was_cut_off(tmp_path):
    log = ScalarLog(tmp_path, 0)
    for step in (5, 10):
        log.write(step, {"loss": step / 10, "kl": float("nan")})
    log.close()
    with log.path.open("a") as file:
        file.write("15,loss,-")
    scalars = read_scalars(log.path)
    assert scalars["loss"] == ([5, 10], [0.5, 1.0])
    assert list(scalars) == ["loss", "kl"] and scalars["kl"][0] == [5, 10]
    assert read_scalars(tmp_path / "nothing.csv") == {}
