"""Translation and analogy: results against direct calls of the model, and refused requests."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from decoding import ahead, decoder
from PIL import Image, ImageFilter

from model.checkpoint import publish
from model.iiae import IIAE
from model.pictures import picture as to_picture
from model.presets import PRESETS, Preset
from model.sketch.backbone.backbone import Backbone
from service.cache.embeddings import EmbeddingCache
from service.errors import CapabilityMissing, DomainsDiffer, DomainUnknown, ParameterInvalid
from service.images.upload import Upload
from service.inference.embedder import Embedder
from service.inference.engine import Batch, Engine
from service.inference.translation import Translation, Translator
from service.inference.workers import Workers
from service.registry.loading import load
from service.registry.model import Model
from service.registry.store import find_candidates

CPU = torch.device("cpu")
SAMPLES = Path(str(files("service"))) / "web" / "samples" / "mnist-cdcb"
IMAGES = dataclasses.replace(PRESETS["mnist-cdcb"], image_size=32, width=0.125)
SKETCHES = dataclasses.replace(PRESETS["sketchy-printed"], image_size=32, zs_size=8, zx_size=4)


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8))


def upload(seed: int) -> Upload:
    file = BytesIO()
    picture(seed).save(file, "PNG")
    return Upload.of(file.getvalue())


def published(tmp_path_factory: pytest.TempPathFactory, preset: Preset) -> Model:
    store = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    iiae = IIAE(preset)
    for parameter in iiae.parameters():  # large weights make codes and styles visible
        parameter.data.mul_(4)
    backbone = (
        None
        if preset.sketch is None
        else Backbone(preset.sketch.backbone, preset.sketch.feature_size, classified=preset.sketch.classified)
    )
    publish(
        store,
        "model",
        iiae,
        backbone,
        trained_on="nothing",
        terms="none",
        command="none",
        seed=0,
        data_fingerprint="0",
    )
    return load(find_candidates(store)["model"][0], CPU)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return published(tmp_path_factory, IMAGES)


@pytest.fixture(scope="module")
def sketch_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return published(tmp_path_factory, SKETCHES)


def ask(
    call: Callable[[Translator], Awaitable[Translation]], batches: list[Batch] | None = None
) -> Translation:
    async def check() -> Translation:
        engine = Engine(
            queue_items=64, batch_items=8, wait_ms=0, on_batch=None if batches is None else batches.append
        )
        await engine.start()
        workers = Workers(max_waiting=64)
        embedder = Embedder(
            engine=engine, cache=EmbeddingCache(max_bytes=1_000_000), decoder=decoder(workers), ahead=ahead()
        )
        try:
            return await call(Translator(engine=engine, embedder=embedder, workers=workers))
        finally:
            await engine.stop()

    return asyncio.run(check())


def pixels(model: Model, seed: int) -> torch.Tensor:
    return model.inference.prepare(picture(seed), "x").unsqueeze(0)


def assert_same(image: Image.Image, expected: torch.Tensor) -> None:
    """Compare images, allowing a few pixels to differ by a level or two: the cache rounds to float16."""
    assert image.mode == "RGB"
    difference = np.abs(np.asarray(image).astype(int) - np.asarray(to_picture(expected[0])).astype(int))
    assert difference.mean() < 0.5


def test_seeded_samples_are_decoded_from_the_seeds_styles(model: Model) -> None:
    result = ask(lambda translator: translator.translate(model, upload(1), samples=3, seed=7))
    assert (result.source, result.target) == ("cd", "cb")
    assert [each.seed for each in result.samples] == [7, 8, 9]
    zs = model.inference.shared("x", pixels(model, 1))
    for each, seed in zip(result.samples, (7, 8, 9), strict=True):
        z = torch.randn(1, 8, generator=torch.Generator().manual_seed(seed))
        assert_same(each.image, model.inference.decode("y", z, zs))
    alone = ask(lambda translator: translator.translate(model, upload(1), seed=8))
    difference = np.asarray(alone.samples[0].image).astype(int) - np.asarray(result.samples[1].image).astype(
        int
    )
    assert np.abs(difference).max() <= 1
    assert not np.array_equal(np.asarray(result.samples[0].image), np.asarray(result.samples[1].image))


def test_unseeded_sample_returns_a_seed_that_reproduces_it(model: Model) -> None:
    first, second = (ask(lambda translator: translator.translate(model, upload(1))) for _ in range(2))
    seed = first.samples[0].seed
    assert seed is not None
    assert seed != second.samples[0].seed
    again = ask(lambda translator: translator.translate(model, upload(1), seed=seed))
    np.testing.assert_array_equal(again.samples[0].image, first.samples[0].image)


def test_seed_0_is_a_seed(model: Model) -> None:
    result = ask(lambda translator: translator.translate(model, upload(1), samples=2, seed=0))
    assert [each.seed for each in result.samples] == [0, 1]


def test_every_returned_seed_is_accepted(model: Model) -> None:
    last = ask(lambda translator: translator.translate(model, upload(1), samples=2, seed=2**32 - 2)).samples[
        -1
    ]
    again = ask(lambda translator: translator.translate(model, upload(1), seed=last.seed)).samples[0]
    assert (last.seed, again.seed) == (2**32 - 1, 2**32 - 1)
    with pytest.raises(ParameterInvalid, match="at most 4294967294") as refused:
        ask(lambda translator: translator.translate(model, upload(1), samples=2, seed=2**32 - 1))
    assert refused.value.errors[0][0] == "seed"


def test_translates_from_y_to_x_by_domain_name(model: Model) -> None:
    result = ask(lambda translator: translator.translate(model, upload(1), source="cb", seed=1))
    assert (result.source, result.target) == ("cb", "cd")
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(1))
    assert_same(
        result.samples[0].image,
        model.inference.decode("x", z, model.inference.shared("y", pixels(model, 1))),
    )


def test_mean_style_and_reference_style(model: Model) -> None:
    zs = model.inference.shared("x", pixels(model, 1))
    plain = ask(lambda translator: translator.translate(model, upload(1), style="mean"))
    assert_same(plain.samples[0].image, model.inference.decode("y", torch.zeros(1, 8), zs))
    styled = ask(lambda translator: translator.translate(model, upload(1), references=[upload(2)]))
    assert_same(
        styled.samples[0].image,
        model.inference.decode("y", model.inference.exclusive("y", pixels(model, 2)), zs),
    )
    assert [plain.samples[0].seed, styled.samples[0].seed] == [None, None]


@pytest.mark.parametrize(("mix", "share"), [(0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (None, 0.5)])
def test_two_references_interpolate_the_style(model: Model, mix: float | None, share: float) -> None:
    made = ask(
        lambda translator: translator.translate(
            model, upload(1), references=[upload(2), upload(3)], **({} if mix is None else {"mix": mix})
        )
    )
    first, second = (model.inference.exclusive("y", pixels(model, seed)) for seed in (2, 3))
    expected = model.inference.decode(
        "y", (1 - share) * first + share * second, model.inference.shared("x", pixels(model, 1))
    )
    assert [each.seed for each in made.samples] == [None]
    assert_same(made.samples[0].image, expected)


def test_samples_share_one_encoding_and_one_decoding_batch(model: Model) -> None:
    batches: list[Batch] = []
    ask(lambda translator: translator.translate(model, upload(1), samples=8), batches)
    assert [(batch.key, batch.items) for batch in batches] == [
        ((model.digest, "shared", "x"), 1),
        ((model.digest, "decode", "y"), 8),
    ]


def test_analogy_combines_content_and_style(model: Model) -> None:
    result = ask(
        lambda translator: translator.analogy(model, upload(1), upload(2), source="cb", reference_source="cb")
    )
    expected = model.inference.decode(
        "y", model.inference.exclusive("y", pixels(model, 2)), model.inference.shared("y", pixels(model, 1))
    )
    assert (result.source, result.target) == ("cb", "cb")
    assert_same(result.samples[0].image, expected)


def with_scores(model: Model, image: float, reference: float) -> Model:
    """Return the model with fixed domain scores: `image` for `picture(1)`, `reference` for any other."""

    class Inference(type(model.inference)):  # type: ignore[misc]  # the class is known only at run time
        def domain_score(self, pixels: torch.Tensor) -> torch.Tensor:
            is_image = (pixels - self.prepare(picture(1), "x")).abs().flatten(1).sum(1) == 0
            return torch.where(is_image, image, reference)

    inference = Inference.__new__(Inference)
    inference.__dict__ = model.inference.__dict__
    return dataclasses.replace(model, inference=inference, digest=f"{image} {reference}")


@pytest.mark.parametrize(
    ("image", "reference", "refused"),
    [
        (0.55, -0.55, True),
        (-2, 2, True),
        (2, 2, False),
        (-2, -2, False),  # one domain, even if the request names the other
        (5, -0.45, False),  # only one score is clear
        (-0.45, 5, False),
        (0, -5, False),
        (0.45, -0.45, False),
    ],
)
def test_analogy_is_refused_only_if_both_scores_are_clear(
    model: Model, image: float, reference: float, refused: bool
) -> None:
    scored = with_scores(model, image, reference)
    if not refused:
        ask(lambda translator: translator.analogy(scored, upload(1), upload(2)))
        return
    with pytest.raises(DomainsDiffer) as error:
        ask(lambda translator: translator.analogy(scored, upload(1), upload(2)))
    assert ("image looks like 'cd'" in error.value.detail) == (image > 0)


@pytest.fixture(scope="module")
def digits() -> Model:
    """The shipped model of coloured digits."""
    return load(find_candidates(Path("no store"))["mnist-cdcb"][0], CPU)


def changed(name: str, change: Callable[[Image.Image], Image.Image]) -> Upload:
    file = BytesIO()
    change(Image.open(SAMPLES / name).convert("RGB")).save(file, "PNG")
    return Upload.of(file.getvalue())


@pytest.mark.parametrize(("image", "reference"), [("7-cd", "0-cb"), ("4-cb", "2-cd"), ("9-cd", "5-cb")])
def test_shipped_model_refuses_pictures_of_two_domains(digits: Model, image: str, reference: str) -> None:
    first, second = (Upload.of((SAMPLES / f"{name}.webp").read_bytes()) for name in (image, reference))
    with pytest.raises(DomainsDiffer):
        ask(lambda translator: translator.analogy(digits, first, second))


@pytest.mark.parametrize("name", ["7-cd.webp", "0-cb.webp"])
@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.convert("L").convert("RGB"),
        lambda image: image.point(lambda level: level * 0.35),
        lambda image: image.filter(ImageFilter.GaussianBlur(1.5)),
        lambda image: image.rotate(90),
    ],
    ids=["grey", "dark", "blurred", "rotated"],
)
def test_shipped_model_accepts_changed_pictures_of_one_domain(
    digits: Model, name: str, change: Callable[[Image.Image], Image.Image]
) -> None:
    original, reference = changed(name, lambda image: image), changed(name, change)
    result = ask(lambda translator: translator.analogy(digits, original, reference))
    assert len(result.samples) == 1


def test_analogy_of_two_named_domains_is_refused(model: Model) -> None:
    with pytest.raises(DomainsDiffer):
        ask(lambda translator: translator.analogy(model, upload(1), upload(2), reference_source="cb"))
    with pytest.raises(DomainUnknown):
        ask(lambda translator: translator.analogy(model, upload(1), upload(2), reference_source="photo"))


def test_missing_capability_and_unknown_domain_are_refused(model: Model, sketch_model: Model) -> None:
    with pytest.raises(CapabilityMissing):
        ask(lambda translator: translator.translate(sketch_model, upload(1)))
    with pytest.raises(CapabilityMissing):
        ask(lambda translator: translator.analogy(sketch_model, upload(1), upload(2)))
    with pytest.raises(DomainUnknown, match="'cd' and 'cb'"):
        ask(lambda translator: translator.translate(model, upload(1), source="photo"))


def test_contradictory_parameters_are_refused(model: Model) -> None:
    with pytest.raises(ParameterInvalid) as two_styles:
        ask(lambda translator: translator.translate(model, upload(1), references=[upload(2)], style="mean"))
    assert two_styles.value.errors[0][0] == "style"
    with pytest.raises(ParameterInvalid) as many_of_one:
        ask(lambda translator: translator.translate(model, upload(1), style="mean", samples=2))
    assert many_of_one.value.errors[0][0] == "samples"
    with pytest.raises(ParameterInvalid) as nothing_to_mix:
        ask(lambda translator: translator.translate(model, upload(1), references=[upload(2)], mix=0.4))
    assert nothing_to_mix.value.errors[0][0] == "mix"
    with pytest.raises(ParameterInvalid) as crowd:
        ask(
            lambda translator: translator.translate(
                model, upload(1), references=[upload(seed) for seed in range(3)]
            )
        )
    assert crowd.value.errors[0][0] == "reference"
