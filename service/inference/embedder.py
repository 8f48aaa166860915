"""Use case: embed a picture, through the cache and the engine."""

from collections.abc import Callable

from torch import Tensor

from model.presets import Side
from service.cache.embeddings import EmbeddingCache, cache_key
from service.cache.single_flight import SingleFlight
from service.embedding import Embedding
from service.images.upload import Upload
from service.inference.admission import add_work
from service.inference.decoded_ahead import DecodedAhead
from service.inference.decoding import Decoder
from service.inference.engine import Engine
from service.inference.pixels import decode_pixels
from service.registry.model import Model
from service.tracing import span


class Embedder:
    """Embeds pictures. A picture whose embedding is in the cache is not decoded.

    Args:
        decoder: decodes uploads.
        ahead: limits the uploads that are decoded before the engine can take them.
    """

    def __init__(
        self, *, engine: Engine, cache: EmbeddingCache, decoder: Decoder, ahead: DecodedAhead
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._decoder = decoder
        self._ahead = ahead
        self._decoding: SingleFlight[Tensor] = SingleFlight()

    async def shared(
        self, model: Model, side: Side, upload: Upload, *, pixels: Tensor | None = None
    ) -> Embedding:
        """Return the mean of r(zs|picture), of the model's `shared_shape`.

        Args:
            pixels: the picture as the model's pixels [3, s, s], if the caller has decoded it already.

        Raises:
            Overloaded, NotReady.
            ImageUnreadable, ImageFormatUnsupported, ImageTooManyPixels, SketchEmpty: only without `pixels`.
        """

        def encode(batch: Tensor) -> Tensor:
            return model.inference.shared(side, batch)

        return await self._embed(model, "shared", side, upload, encode, pixels)

    async def search_code(
        self,
        model: Model,
        side: Side,
        upload: Upload,
        *,
        drawn: bool,
        pixels: Tensor | None = None,
    ) -> Embedding:
        """Return what galleries store and searches compare (`Inference.search_codes`), [search_size].

        Other arguments and errors are those of `shared`.

        Args:
            drawn: whether the gallery has drawn pictures.
        """

        def encode(batch: Tensor) -> Tensor:
            return model.inference.search_codes(side, batch, drawn=drawn)

        return await self._embed(model, _search_kind(drawn=drawn), side, upload, encode, pixels)

    async def exclusive(self, model: Model, side: Side, upload: Upload) -> Embedding:
        """Return the mean of q(z|picture), [exclusive_size]. Raises as `shared`."""

        def encode(batch: Tensor) -> Tensor:
            return model.inference.exclusive(side, batch)

        return await self._embed(model, "exclusive", side, upload, encode)

    async def domain_score(self, model: Model, side: Side, upload: Upload) -> float:
        """Score which domain a picture looks like: positive for X, negative for Y. Raises as `shared`."""
        return float(await self._embed(model, "domain-score", side, upload, model.inference.domain_score))

    async def in_background(self, model: Model, side: Side, pixels: Tensor, *, drawn: bool) -> Embedding:
        """Return the search codes of decoded pictures: [n, 3, s, s] to [n, search_size].

        Requests go first. Nothing is cached.

        Args:
            drawn: whether the gallery has drawn pictures.

        Raises:
            NotReady.
        """
        codes = await self._engine.run(
            (model.digest, _search_kind(drawn=drawn), side, "background"),
            lambda batch: model.inference.search_codes(side, batch, drawn=drawn),
            pixels,
            background=True,
        )
        embeddings: Embedding = codes.float().numpy()
        return embeddings

    async def _embed(
        self,
        model: Model,
        kind: str,
        side: Side,
        upload: Upload,
        encode: Callable[[Tensor], Tensor],
        pixels: Tensor | None = None,
    ) -> Embedding:
        async def run(picture: Tensor) -> Embedding:
            codes = await self._engine.run((model.digest, kind, side), encode, picture.unsqueeze(0))
            embedding: Embedding = codes[0].float().numpy()
            return embedding

        async def compute() -> Embedding:
            if pixels is not None:  # the caller has counted the work
                return await run(pixels)
            add_work(1)
            async with self._ahead.place():
                return await run(await self._decode(model, side, upload))

        key = cache_key(upload.sha256, model.digest, model.inference.preprocessing(side), f"{kind}-{side}")
        return await self._cache.get_or_compute(key, compute)

    async def _decode(self, model: Model, side: Side, upload: Upload) -> Tensor:
        """Decode a picture into pixels [3, s, s]. Concurrent calls for one picture share one decoding."""

        async def decode() -> Tensor:
            with span("decode", bytes=len(upload.data)):
                return await self._decoder.read(decode_pixels, upload.data, model.inference, side)

        return await self._decoding.run(f"{model.digest}:{side}:{upload.sha256}", decode)


def _search_kind(*, drawn: bool) -> str:
    """The name of search codes in cache keys and batches."""
    return "search-drawn" if drawn else "search"
