"""The commands of the model: training, evaluation and figures. The service adds its own to them."""

from model.cli.program import Entry, program

COMMANDS = {
    "train": Entry(
        "model.cli.train",
        "train",
        "Train a model and publish it to the store; a running service loads it by itself.",
    ),
    "evaluate": Entry(
        "model.cli.evaluate",
        "evaluate",
        "Measure a checkpoint: cross-domain retrieval both ways and leakage, or zero-shot sketch search.",
        example="iiae evaluate mnist-cdcb --data mnist --json > figures.json",
    ),
    "calibrate": Entry(
        "model.cli.calibrate",
        "calibrate",
        "Copy the score calibration of other sketch models to a model trained on all classes.",
        example="iiae calibrate sketchy --like sketchy-0 --like sketchy-1",
    ),
    "figure": Entry(
        "model.cli.figure",
        "figure",
        "Draw a checkpoint's pictures: translations, analogies, retrieval, sketch search, or its training.",
        example="iiae figure facades --data facades --kind translations --out grid.png",
    ),
    "report": Entry(
        "model.cli.report",
        "report",
        "Measure published checkpoints, and write the results page and its pictures.",
        example="iiae report results --facades facades --mnist mnist",
    ),
}
app = program(COMMANDS)
