"""Use case: a picture's bytes to its codes, through the cache and the engine."""

from collections.abc import Callable

from torch import Tensor

from model.inference import Inference, NoDrawing
from model.presets import Side
from service.cache.embeddings import EmbeddingCache, cache_key
from service.cache.single_flight import SingleFlight
from service.embedding import Embedding
from service.errors import SketchEmpty
from service.images.decode import Upload, decode
from service.inference.engine import Engine
from service.inference.workers import Workers
from service.registry.model import Model


class Embedder:
    """Codes of pictures. A picture that was seen before is not even decoded.

    Args:
        max_pixels: of one picture, read from its header.
    """

    def __init__(self, *, engine: Engine, cache: EmbeddingCache, workers: Workers, max_pixels: int) -> None:
        self._engine = engine
        self._cache = cache
        self._workers = workers
        self._max_pixels = max_pixels
        self._decoding: SingleFlight[Tensor] = SingleFlight()

    async def shared(self, model: Model, side: Side, upload: Upload) -> Embedding:
        """The mean of r(zs|picture), of `model.inference.shared_shape`.

        Raises:
            ImageUnreadable, ImageFormatUnsupported, ImageTooManyPixels, SketchEmpty, Overloaded, NotReady.
        """
        return await self._code(
            model, "shared", side, upload, lambda pixels: model.inference.shared(side, pixels)
        )

    async def exclusive(self, model: Model, side: Side, upload: Upload) -> Embedding:
        """The mean of q(z|picture), [exclusive_size]; raises as `shared` does."""
        return await self._code(
            model, "exclusive", side, upload, lambda pixels: model.inference.exclusive(side, pixels)
        )

    async def side_of(self, model: Model, side: Side, upload: Upload) -> float:
        """How much rather a picture given as of `side` looks like X (above 0) or Y (below); raises as `shared` does."""
        return float(await self._code(model, "look", side, upload, model.inference.side_of))

    async def in_background(self, model: Model, side: Side, pixels: Tensor) -> Embedding:
        """As `shared`, of pictures that are read already: [n, 3, s, s] to [n, *shared_shape]. Requests go first, and nothing is cached.

        Raises:
            NotReady.
        """
        queue = (model.digest, "shared", side, "background")
        codes = await self._engine.run(
            queue, lambda batch: model.inference.shared(side, batch), pixels, background=True
        )
        found: Embedding = codes.float().numpy()
        return found

    async def _code(
        self, model: Model, kind: str, side: Side, upload: Upload, encode: Callable[[Tensor], Tensor]
    ) -> Embedding:
        async def compute() -> Embedding:
            pixels = await self._pixels(model, side, upload)
            codes = await self._engine.run((model.digest, kind, side), encode, pixels.unsqueeze(0))
            code: Embedding = codes[0].float().numpy()
            return code

        key = cache_key(upload.sha256, model.digest, model.inference.preprocessing(side), f"{kind}-{side}")
        return await self._cache.get_or_compute(key, compute)

    async def _pixels(self, model: Model, side: Side, upload: Upload) -> Tensor:
        """The picture as the model's pixels [3, s, s]; decoded once where several codes of it are wanted at a time."""

        async def prepare() -> Tensor:
            return await self._workers.run(_prepare, model.inference, side, upload.data, self._max_pixels)

        return await self._decoding.run(f"{model.digest}:{side}:{upload.sha256}", prepare)


def _prepare(inference: Inference, side: Side, data: bytes, max_pixels: int) -> Tensor:
    with decode(data, max_pixels=max_pixels) as picture:
        try:
            return inference.prepare(picture, side)
        except NoDrawing as error:
            raise SketchEmpty(str(error)) from error
