"""`iiae train`: one command for each preset, with the options that apply to its kind of model."""

import typer

from model.cli.train_image import image_command
from model.cli.train_sketch import sketch_command
from model.presets import PRESETS, Preset

train = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Train a model and publish it to the store; a running service loads it by itself.",
    epilog="Example: `iiae train facades --data facades`",
)


IMAGE_EXAMPLE = "--image-size 64 --width 0.5 --recipe small --steps 2000"
SKETCH_EXAMPLE = "--unseen sketchy-25"


def _add_command(preset: Preset) -> None:
    sketch = preset.sketch
    command = image_command(preset) if sketch is None else sketch_command(preset, sketch)
    options = IMAGE_EXAMPLE if sketch is None else SKETCH_EXAMPLE
    train.command(
        preset.name,
        help=f"Train {preset.name} ({' and '.join(preset.domains)}) and publish the model.",
        epilog=f"Example: `iiae train {preset.name} --data FOLDER {options}`",
    )(command)


for _preset in PRESETS.values():
    _add_command(_preset)
