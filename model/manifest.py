"""The manifest of a published checkpoint, `manifest.json`, and its flat JSON form of a preset.

A manifest comes from a file, so every number has bounds and every text a largest length. The last entry is a
checksum over the others (`model.sealed_json`). Older manifests have none and are accepted.
"""

import json
from dataclasses import dataclass, field, fields
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, FiniteFloat, JsonValue, PlainSerializer, TypeAdapter

from model import preprocessing
from model.presets import (
    DRAWN_KIND,
    BackboneName,
    Distance,
    Preset,
    QueryKind,
    Reader,
    Side,
    SketchInput,
    SystemName,
    check_range,
)
from model.sealed_json import seal, unseal
from model.sketch.calibration import Calibration, Grade

FORMAT = 1
"""Version of the networks and of the checkpoint's files; checkpoints of another version are refused."""

MANIFEST_BYTES = 2**18
"""Largest manifest that is read. The largest of the shipped ones has 3 kB."""

Text = Annotated[str, Field(max_length=20_000)]
ShortText = Annotated[str, Field(max_length=200)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Version = Annotated[int, Field(ge=0, le=2**31)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**64)]  # what torch accepts


@dataclass(frozen=True, kw_only=True)
class FlatPreset:
    """A preset as manifests store it: one flat object. These names are a file format; do not change them.

    With fully connected layers, `fc_channels` is the number of channels after `width`. In checkpoints from
    before `width` scaled them, it is 4096 at every width.
    """

    name: ShortText
    domains: tuple[ShortText, ShortText]
    reader: Reader
    network: Literal["convolutional", "convolutional_fc", "perceptron"] = "convolutional"
    shared_encoder: Literal["printed", "linear_each"] = "printed"
    likelihood: Literal["laplace", "gaussian"] = "laplace"
    distance: Distance = "l2"
    lam: float
    reconstruction_weight: float
    batch_size: int
    annealing: float
    image_size: int = 256
    width: float = 1.0
    zs_size: int = 128
    zx_size: int = 8
    dropout: float = 0.5
    fc_channels: int = 4096
    drawings: bool = False
    backbone: BackboneName | None = None
    feature_size: int = 512
    mirrored: bool = False
    classified: bool = False
    things: int = 0
    thing_size: int = 0
    thing_weight: float = 1.0
    drawn_thing_weight: float = 4.0
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    system: SystemName = "iiae"

    def preset(self) -> Preset:
        """Return the preset.

        Raises:
            ValueError: `network`, `backbone`, `likelihood` and `distance` contradict each other.
        """
        preset = Preset(
            name=self.name,
            domains=self.domains,
            reader=self.reader,
            system=self.system,
            sketch=self._sketch(),
            fully_connected=self.network == "convolutional_fc",
            lam=self.lam,
            reconstruction_weight=self.reconstruction_weight,
            batch_size=self.batch_size,
            annealing=self.annealing,
            image_size=self.image_size,
            width=self.width,
            zs_size=self.zs_size,
            zx_size=self.zx_size,
            dropout=self.dropout,
            fc_channels=self._printed_fc_channels(),
            learning_rate=self.learning_rate,
            betas=self.betas,
        )
        if (self.likelihood, self.distance) != (preset.likelihood, preset.distance):
            raise ValueError(
                f"network {self.network} has likelihood {preset.likelihood} and distance {preset.distance}, "
                f"not {self.likelihood} and {self.distance}"
            )
        return preset

    def _printed_fc_channels(self) -> int:
        if self.network != "convolutional_fc":
            return self.fc_channels
        check_range("width", self.width)
        check_range("fc_channels", self.fc_channels)
        return round(self.fc_channels / self.width)

    def _sketch(self) -> SketchInput | None:
        if self.network != "perceptron":
            return None
        if self.backbone is None:
            raise ValueError("network perceptron needs a backbone")
        return SketchInput(
            backbone=self.backbone,
            feature_size=self.feature_size,
            encoders=self.shared_encoder,
            mirrored=self.mirrored,
            classified=self.classified,
            things=self.things,
            thing_size=self.thing_size,
            thing_weight=self.thing_weight,
            drawn_thing_weight=self.drawn_thing_weight,
            drawings=self.drawings,
        )


def flat_preset(preset: Preset) -> FlatPreset:
    """Return a preset in the form that manifests store."""
    sketch = preset.sketch
    image_network: Literal["convolutional", "convolutional_fc"] = (
        "convolutional_fc" if preset.fully_connected else "convolutional"
    )
    return FlatPreset(
        name=preset.name,
        domains=preset.domains,
        reader=preset.reader,
        system=preset.system,
        network=image_network if sketch is None else "perceptron",
        shared_encoder="printed" if sketch is None else sketch.encoders,
        likelihood=preset.likelihood,
        distance=preset.distance,
        lam=preset.lam,
        reconstruction_weight=preset.reconstruction_weight,
        batch_size=preset.batch_size,
        annealing=preset.annealing,
        image_size=preset.image_size,
        width=preset.width,
        zs_size=preset.zs_size,
        zx_size=preset.zx_size,
        dropout=preset.dropout,
        fc_channels=(preset.channels(preset.fc_channels) if preset.fully_connected else preset.fc_channels),
        drawings=sketch is not None and sketch.drawings,
        backbone=None if sketch is None else sketch.backbone,
        feature_size=512 if sketch is None else sketch.feature_size,
        mirrored=sketch is not None and sketch.mirrored,
        classified=sketch is not None and sketch.classified,
        things=0 if sketch is None else sketch.things,
        thing_size=0 if sketch is None else sketch.thing_size,
        thing_weight=1.0 if sketch is None else sketch.thing_weight,
        drawn_thing_weight=4.0 if sketch is None else sketch.drawn_thing_weight,
        learning_rate=preset.learning_rate,
        betas=preset.betas,
    )


_FLAT_PRESET = TypeAdapter(FlatPreset)


def _nested(value: object) -> Preset:
    return value if isinstance(value, Preset) else _FLAT_PRESET.validate_python(value).preset()


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The description of a checkpoint.

    Attributes:
        name, version: the checkpoint's name, and the name of its folder.
        preset: the settings that it was trained with.
        trained_on, terms: the data, and its terms of use.
        command: the command that trained it.
        data_fingerprint: SHA-256 over the training data.
        weights_sha256: SHA-256 of the weights' file; galleries and caches name it.
        metrics: figures as fractions of 1, named as `iiae evaluate` names them. Keys that start with `val_`
            are from the validation pairs that chose the step; `held_out_` are from the held-out classes.
        calibration: for each kind of query, how the similarity to a photo becomes a probability and a grade.
        held_out: classes that a sketch model's training kept for model selection; None if not known.
    """

    name: ShortText
    version: ShortText
    preset: Annotated[Preset, BeforeValidator(_nested), PlainSerializer(flat_preset, return_type=FlatPreset)]
    trained_on: Text
    terms: Text
    command: Text
    seed: Seed
    data_fingerprint: ShortText
    weights_sha256: Sha256
    format: Version = FORMAT
    code_version: ShortText = "0"
    preprocessing: Version = preprocessing.VERSION
    created: ShortText = ""
    metrics: dict[ShortText, FiniteFloat] = field(default_factory=dict)
    calibration: dict[QueryKind, Calibration] = field(default_factory=dict)
    held_out: tuple[ShortText, ...] | None = None

    def expands(self, side: Side, *, expand: bool) -> bool:
        """Return whether a query of X or Y is expanded: only the sketches of a sketch model can be."""
        return expand and side == "y" and self.preset.sketch is not None

    def query_kind(self, side: Side, *, expand: bool = False, drawn: bool = False) -> QueryKind:
        """Return the kind of a query of X or Y.

        Args:
            expand: as in `expands`.
            drawn: whether the gallery has drawn pictures. It makes no difference to a model without things.
        """
        kind: QueryKind = "y_expanded" if self.expands(side, expand=expand) else side
        return DRAWN_KIND[kind] if drawn and self.preset.searches_things else kind

    def scores(self, kind: QueryKind) -> Literal["probability", "cosine", "inner_product", "nearness"]:
        """Return the meaning of `score` for this kind of query; `nearness` is 1 / (1 + L2 distance)."""
        if kind in self.calibration:
            return "probability"
        return "nearness" if self.preset.distance == "l2" else self.preset.distance

    def score(self, kind: QueryKind, nearness: float, photos: int) -> float:
        """Return the score of a photo at this nearness to a query, in a gallery of that many photos.

        The score is a probability if this kind of query is calibrated, else the nearness itself.
        """
        curve = self.calibration.get(kind)
        return nearness if curve is None else curve.probability(nearness, photos)

    def grade(self, kind: QueryKind, score: float) -> Grade | None:
        """Return the grade of a hit with this score, or None if the score is not a probability."""
        curve = self.calibration.get(kind)
        return None if curve is None else curve.grade(score)


_MANIFEST = TypeAdapter(Manifest)
_KEYS = frozenset(each.name for each in fields(Manifest))


def to_json(manifest: Manifest) -> bytes:
    """Return a manifest as the text of `manifest.json`, with its checksum."""
    document: dict[str, JsonValue] = _MANIFEST.dump_python(manifest, mode="json")
    return json.dumps(seal(document), indent=2, ensure_ascii=False).encode()


def from_json(text: bytes) -> Manifest:
    """Return the manifest of a `manifest.json`.

    Raises:
        ValueError: the text is damaged, or an entry is missing, wrong or out of bounds. It is pydantic's
            ValidationError if the text matches its checksum.
    """
    return _MANIFEST.validate_python(unseal(text, known=_KEYS))
