"""Embeddings equal the model's own, and each picture is decoded and embedded once."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from decoding import ahead, decoder
from PIL import Image, ImageDraw

from model.checkpoint import publish
from model.iiae import IIAE
from model.presets import PRESETS, Side, SketchInput
from model.sketch.drawings import normalise as drawing_rules
from service.cache.embeddings import EmbeddingCache
from service.errors import ImageTooManyPixels, ImageUnreadable, Overloaded
from service.images.decode import DecodedImage, decoded
from service.images.upload import Upload
from service.inference.embedder import Embedder
from service.inference.engine import Batch, Engine
from service.inference.workers import Workers
from service.registry.loading import load
from service.registry.model import Model
from service.registry.store import find_candidates

CPU = torch.device("cpu")


def picture(seed: int, size: int = 40) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8))


def upload(seed: int) -> Upload:
    file = BytesIO()
    picture(seed).save(file, "PNG")
    return Upload.of(file.getvalue())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    store = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    iiae = IIAE(dataclasses.replace(PRESETS["mnist-cdcb"], image_size=32, width=0.125))
    publish(
        store,
        "digits",
        iiae,
        trained_on="nothing",
        terms="none",
        command="none",
        seed=0,
        data_fingerprint="0",
    )
    return load(find_candidates(store)["digits"][0], CPU)


@asynccontextmanager
async def embedding(
    batches: list[Batch] | None = None, *, max_pixels: int = 10_000, places: int = 48
) -> AsyncIterator[Embedder]:
    engine = Engine(
        queue_items=64, batch_items=16, wait_ms=1, on_batch=None if batches is None else batches.append
    )
    await engine.start()
    try:
        yield Embedder(
            engine=engine,
            cache=EmbeddingCache(max_bytes=1_000_000),
            decoder=decoder(Workers(max_waiting=64), max_pixels),
            ahead=ahead(places),
        )
    finally:
        await engine.stop()


@pytest.mark.parametrize("side", ["x", "y"])
def test_embeddings_equal_the_models_own(model: Model, side: Side) -> None:
    async def check() -> None:
        async with embedding() as embedder:
            shared = await embedder.shared(model, side, upload(1))
            exclusive = await embedder.exclusive(model, side, upload(1))
            domain_score = await embedder.domain_score(model, side, upload(1))
        pixels = model.inference.prepare(picture(1), side).unsqueeze(0)
        assert shared.dtype == np.float32
        np.testing.assert_allclose(
            shared, model.inference.shared(side, pixels)[0].numpy(), rtol=2e-3, atol=1e-4
        )
        np.testing.assert_allclose(
            exclusive, model.inference.exclusive(side, pixels)[0].numpy(), rtol=2e-3, atol=1e-4
        )
        np.testing.assert_allclose(
            domain_score, model.inference.domain_score(pixels).item(), rtol=2e-3, atol=1e-4
        )

    asyncio.run(check())


def test_another_version_of_the_drawing_rules_invalidates_cached_drawings_but_not_photos(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = BytesIO()
    sheet = Image.new("L", (64, 64), 255)
    ImageDraw.Draw(sheet).ellipse((8, 8, 56, 56), outline=0, width=3)
    sheet.save(drawn, "PNG")

    async def computed(drawings: bool) -> int:
        batches: list[Batch] = []
        monkeypatch.setattr(
            model.inference,
            "preset",
            dataclasses.replace(model.inference.preset, sketch=SketchInput(drawings=drawings)),
        )
        async with embedding(batches) as embedder:
            for version in (drawing_rules.VERSION, drawing_rules.VERSION + 1):
                monkeypatch.setattr(drawing_rules, "VERSION", version)
                await embedder.shared(model, "x", upload(1))
                await embedder.shared(model, "y", Upload.of(drawn.getvalue()))
        return sum(batch.items for batch in batches)

    assert asyncio.run(computed(True)) == 3
    assert asyncio.run(computed(False)) == 2


def test_each_picture_side_and_kind_is_embedded_once(model: Model) -> None:
    async def check() -> None:
        batches: list[Batch] = []
        async with embedding(batches) as embedder:
            for _ in range(3):
                await asyncio.gather(*(embedder.shared(model, "x", upload(seed)) for seed in (1, 1, 2)))
            assert sum(batch.items for batch in batches) == 2
            await embedder.shared(model, "y", upload(1))
            await embedder.exclusive(model, "x", upload(1))
            await embedder.domain_score(model, "x", upload(1))
            assert sum(batch.items for batch in batches) == 5

    asyncio.run(check())


def test_concurrent_pictures_share_forward_passes(model: Model) -> None:
    async def check() -> None:
        batches: list[Batch] = []
        async with embedding(batches) as embedder:
            codes = await asyncio.gather(*(embedder.shared(model, "x", upload(seed)) for seed in range(12)))
            alone = [
                await embedder.shared(dataclasses.replace(model, digest="another"), "x", upload(seed))
                for seed in range(12)
            ]
        assert len([batch for batch in batches if batch.key == (model.digest, "shared", "x")]) < 12
        np.testing.assert_allclose(codes, alone, rtol=2e-3, atol=1e-4)

    asyncio.run(check())


def test_concurrent_embeddings_of_one_picture_decode_it_once(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    decodings: list[int] = []

    def counted(data: bytes, **options: Any) -> AbstractContextManager[DecodedImage]:
        decodings.append(len(data))
        return decoded(data, **options)

    monkeypatch.setattr("service.inference.pixels.decoded", counted)

    async def check() -> None:
        async with embedding() as embedder:
            await asyncio.gather(
                embedder.shared(model, "x", upload(1)),
                embedder.exclusive(model, "x", upload(1)),
                embedder.domain_score(model, "x", upload(1)),
            )
            assert len(decodings) == 1
            await embedder.shared(model, "x", upload(1))
            assert len(decodings) == 1

    asyncio.run(check())


def test_a_bad_picture_fails_alone_and_each_time(model: Model) -> None:
    async def check() -> None:
        async with embedding() as embedder:
            bad = Upload.of(b"not an image")
            results = await asyncio.gather(
                *(embedder.shared(model, "x", each) for each in (upload(1), bad, upload(2))),
                return_exceptions=True,
            )
            assert [type(result) for result in results] == [np.ndarray, ImageUnreadable, np.ndarray]
            with pytest.raises(ImageUnreadable):
                await embedder.shared(model, "x", bad)
        async with embedding(max_pixels=100) as embedder:
            with pytest.raises(ImageTooManyPixels):
                await embedder.shared(model, "x", upload(1))

    asyncio.run(check())


def test_a_cancelled_request_is_not_embedded(model: Model) -> None:
    async def check() -> None:
        batches: list[Batch] = []
        async with embedding(batches) as embedder:
            cancelled = asyncio.create_task(embedder.shared(model, "x", upload(1)))
            await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            await embedder.shared(model, "x", upload(2))
        assert sum(batch.items for batch in batches) == 1

    asyncio.run(check())


def test_given_pixels_are_embedded_without_decoding(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with embedding() as embedder:
            expected = await embedder.shared(model, "x", upload(1))
        monkeypatch.setattr("service.inference.pixels.decoded", None)
        pixels = model.inference.prepare(picture(1), "x")
        async with embedding() as embedder:
            found = await embedder.shared(model, "x", upload(1), pixels=pixels)
        np.testing.assert_array_equal(found, expected)

    asyncio.run(check())


def test_pictures_wait_for_the_device_as_files(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> int:
        most = 0
        async with embedding(places=3) as embedder:
            run, decode = embedder._engine.run, embedder._decode
            held = 0

            async def counted_decode(*args: Any) -> Any:
                nonlocal held, most
                held += 1
                most = max(most, held)
                return await decode(*args)

            async def counted_run(*args: Any, **kwargs: Any) -> Any:
                nonlocal held
                try:
                    return await run(*args, **kwargs)
                finally:
                    held -= 1

            monkeypatch.setattr(embedder, "_decode", counted_decode)
            monkeypatch.setattr(embedder._engine, "run", counted_run)
            await asyncio.gather(*(embedder.shared(model, "x", upload(seed)) for seed in range(20)))
        return most

    assert asyncio.run(check()) == 3


def test_a_bounded_number_of_pictures_waits_for_the_device(model: Model) -> None:
    async def check() -> list[Any]:
        async with embedding(places=1) as embedder:
            embeddings = (embedder.shared(model, "x", upload(seed)) for seed in range(70))
            return await asyncio.gather(*embeddings, return_exceptions=True)

    results = asyncio.run(check())
    refused = [each for each in results if isinstance(each, BaseException)]
    assert {type(each) for each in refused} == {Overloaded}
    assert len(refused) == 70 - 64 - 1
