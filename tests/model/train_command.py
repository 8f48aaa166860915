"""Runs `iiae train` in this process."""

from typer.testing import CliRunner

from model.cli.app import app

SMALL = ["--reader", "synthetic", "--image-size", "32", "--width", "0.125", "--batch", "4", "--steps", "6"]


def invoke(*words: object):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["train", *map(str, words)])
