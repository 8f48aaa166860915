"""Compare inputs of the backbone's linear layer by mAP@all, with one checkpoint's network.

    python -m benchmarks.sketch_features --data DIR --unseen sketchy-25 --checkpoint NAME

For each kind of input, `model.sketch.linear_start` sets the linear layer and the encoders of zs from the
classes trained on. IIAE itself is not trained. Figures are for the held-out and the unseen classes. Base a
choice on the held-out classes only.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks.shared.class_split import class_split
from benchmarks.shared.options import DEFAULT_HOME, Data, Home, Name, Unseen
from model import checkpoint
from model.allocator import keep_memory
from model.data.sketchy import read_sketchy
from model.iiae import IIAE
from model.metrics import cosine_map
from model.presets import SIDES, Side
from model.sketch import linear_start
from model.sketch.backbone.features import pooled_features
from model.sketch.feature_pairs import FeaturePairs, LabelledFeatures
from model.sketch.pictures import decode_classes

KINDS = (
    ("features, standardised", False, False),
    ("zs at principal components", True, False),
    ("zs at the regression between the domains", True, True),
)
"""What is compared, whether it is zs, and whether zs starts at the regression."""


def main(
    data: Data,
    unseen: Unseen = "sketchy-25",
    name: Name = "sketchy",
    home: Home = DEFAULT_HOME,
) -> None:
    """Print the table."""
    keep_memory()
    start = time.monotonic()
    manifest, _, backbone = checkpoint.load_parts(checkpoint.find(home / "checkpoints", name))
    catalogue = read_sketchy(data)
    split = class_split(manifest, catalogue, unseen)
    assert backbone is not None  # only sketch models have held-out classes
    backbone.eval()

    def pooled_by_side(classes: tuple[str, ...]) -> dict[Side, tuple[Tensor, Tensor]]:
        pictures = zip(SIDES, decode_classes(catalogue, classes, manifest.preset), strict=True)
        return {
            side: (pooled_features(backbone, each), torch.from_numpy(each.labels)) for side, each in pictures
        }

    parts = [pooled_by_side(classes) for classes in (split.trained, split.held_out, split.unseen)]
    things = backbone.thing_classifier
    inputs: list[tuple[str, Callable[[Tensor], Tensor], nn.Linear | None]] = [
        ("pooled features", lambda pooled: pooled, None),
        ("their square roots", lambda pooled: pooled.sqrt(), None),
        ("with roots of ImageNet's class probabilities", backbone.descriptor, None),
    ]
    if things is not None:
        inputs.append(("and with those of the things'", backbone.descriptor, things))
    table = Table("input", "", "held-out classes", "unseen", title=f"{manifest.name}, {unseen}: mAP@all")
    for input_name, transform, backbone.thing_classifier in inputs:
        train, *evaluated = [
            {side: (transform(pooled), labels) for side, (pooled, labels) in part.items()} for part in parts
        ]
        (photos, photo_labels), (sketches, sketch_labels) = train["x"], train["y"]
        backbone.feature = nn.Linear(photos.shape[1], manifest.preset.require_sketch().feature_size)
        moments = linear_start.moments
        linear_start.init_feature_layer(backbone, moments([photos]), moments([sketches]), manifest.seed)
        pairs = FeaturePairs(
            LabelledFeatures(backbone.feature(photos), photo_labels.numpy()),
            LabelledFeatures(backbone.feature(sketches), sketch_labels.numpy()),
        )
        iiae = IIAE(replace(manifest.preset, batch_size=len(pairs))).eval()
        for kind, use_zs, regression in KINDS:
            linear_start.init_shared_encoders(
                iiae, pairs.photos, pairs.sketches, pairs.class_members, regression=regression
            )
            found = []
            for part in evaluated:
                codes = {
                    side: (_code(iiae, side, backbone.feature(inputs_), use_zs=use_zs), labels.numpy())
                    for side, (inputs_, labels) in part.items()
                }
                found.append(f"{cosine_map(*codes['x'], *codes['y']):.3f}")
            table.add_row(input_name, kind, *found)
    Console(width=110).print(table)
    print(f"{time.monotonic() - start:.0f} s")


def _code(iiae: IIAE, side: Side, features: Tensor, *, use_zs: bool) -> Tensor:
    """The mean of r(zs|.), or the features as its first layer standardises them."""
    code: Tensor = iiae.shared(side, features).mean if use_zs else iiae.fe[side](features)
    return code


if __name__ == "__main__":
    with torch.no_grad():
        typer.run(main)
