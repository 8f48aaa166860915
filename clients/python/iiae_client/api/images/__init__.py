"""The calls of `client.images`."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import httpx

from ...models.embedding import Embedding
from ...models.images_analogy_body import ImagesAnalogyBody
from ...models.images_embed_body import ImagesEmbedBody
from ...models.images_embed_body_kind import ImagesEmbedBodyKind
from ...models.images_preview_body import ImagesPreviewBody
from ...models.images_retrieve_body import ImagesRetrieveBody
from ...models.images_search_body import ImagesSearchBody
from ...models.images_translate_body import ImagesTranslateBody
from ...models.images_translate_body_style import ImagesTranslateBodyStyle
from ...models.search_result import SearchResult
from ...models.translation import Translation
from ...types import Upload
from . import images_analogy, images_embed, images_preview, images_retrieve, images_search, images_translate


class ImagesResource:
    """The calls of `client.images`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def translate(
        self,
        image: Upload,
        *,
        model: str | None = None,
        source: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        reference: Upload | Sequence[Upload] | None = None,
        mix: float | None = None,
        style: ImagesTranslateBodyStyle | None = None,
    ) -> Translation:
        """Translate an image to the model's other domain.

        With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the first generated image.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            samples: Number of images to generate, each with its own style. (default 1)
            seed: Seed of the first sample; sample i uses seed + i. A random seed if omitted.
            reference: Image of the target domain whose style to use. Two images give a style between both.
            mix: Position between two references: 0 is the first, 1 is the second. (default 0.5)
            style: Random style (`sampled`) or average style (`mean`). (default 'sampled')

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **images_translate.request(
                ImagesTranslateBody(
                    image=image,
                    model=model,
                    source=source,
                    samples=samples,
                    seed=seed,
                    reference=reference,
                    mix=mix,
                    style=style,
                ),
            )
        )
        return images_translate.answer(response)

    def translate_image(
        self,
        image: Upload,
        *,
        accept: Literal["image/png", "image/webp", "image/jpeg"] = "image/png",
        model: str | None = None,
        source: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        reference: Upload | Sequence[Upload] | None = None,
        mix: float | None = None,
        style: ImagesTranslateBodyStyle | None = None,
    ) -> bytes:
        """Translate an image to the model's other domain.

        With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the first generated image.
        This call returns the image file.

        Args:
            accept: Media type of the image.
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            samples: Number of images to generate, each with its own style. (default 1)
            seed: Seed of the first sample; sample i uses seed + i. A random seed if omitted.
            reference: Image of the target domain whose style to use. Two images give a style between both.
            mix: Position between two references: 0 is the first, 1 is the second. (default 0.5)
            style: Random style (`sampled`) or average style (`mean`). (default 'sampled')

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            headers={"Accept": accept},
            **images_translate.request(
                ImagesTranslateBody(
                    image=image,
                    model=model,
                    source=source,
                    samples=samples,
                    seed=seed,
                    reference=reference,
                    mix=mix,
                    style=style,
                ),
            ),
        )
        return images_translate.image(response)

    def analogy(
        self,
        image: Upload,
        reference: Upload,
        *,
        model: str | None = None,
        source: str | None = None,
        reference_source: str | None = None,
    ) -> Translation:
        """Generate an image with the content of one image and the style of another image of the same domain.

        With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the generated image.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            reference: Image of the same domain whose style to use.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            reference_source: Domain of the reference; must be the image's domain, which is the default.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **images_analogy.request(
                ImagesAnalogyBody(
                    image=image,
                    reference=reference,
                    model=model,
                    source=source,
                    reference_source=reference_source,
                ),
            )
        )
        return images_analogy.answer(response)

    def analogy_image(
        self,
        image: Upload,
        reference: Upload,
        *,
        accept: Literal["image/png", "image/webp", "image/jpeg"] = "image/png",
        model: str | None = None,
        source: str | None = None,
        reference_source: str | None = None,
    ) -> bytes:
        """Generate an image with the content of one image and the style of another image of the same domain.

        With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the generated image.
        This call returns the image file.

        Args:
            accept: Media type of the image.
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            reference: Image of the same domain whose style to use.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            reference_source: Domain of the reference; must be the image's domain, which is the default.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            headers={"Accept": accept},
            **images_analogy.request(
                ImagesAnalogyBody(
                    image=image,
                    reference=reference,
                    model=model,
                    source=source,
                    reference_source=reference_source,
                ),
            ),
        )
        return images_analogy.image(response)

    def embed(
        self,
        image: Upload,
        *,
        model: str | None = None,
        source: str | None = None,
        kind: ImagesEmbedBodyKind | None = None,
    ) -> Embedding:
        """Embed an image: its shared code (the mean of zs), exclusive code (of zx or zy), or search code.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            kind: Embedding of the content that both domains share (`shared`), of what only this domain shows (`exclusive`), or what galleries store and searches compare (`search`; `search_drawn` in galleries of drawn pictures). (default 'shared')

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **images_embed.request(
                ImagesEmbedBody(
                    image=image,
                    model=model,
                    source=source,
                    kind=kind,
                ),
            )
        )
        return images_embed.answer(response)

    def preview(
        self,
        image: Upload,
    ) -> bytes:
        """Convert an image to WebP: upright, in sRGB, of at most 2048 x 2048 pixels.

        Browsers cannot show all formats that this service reads, such as HEIC and TIFF.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **images_preview.request(
                ImagesPreviewBody(
                    image=image,
                ),
            )
        )
        return images_preview.answer(response)

    def retrieve(
        self,
        image: Upload,
        *,
        gallery: str | None = None,
        source: str | None = None,
        k: int | None = None,
        offset: int | None = None,
        min_score: float | None = None,
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> SearchResult:
        """Find the photos of a gallery that are nearest to an image, with any model, in either direction.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            gallery: Name of the gallery; the default gallery if omitted.
            source: Domain of the image; if omitted, the domain other than the gallery's.
            k: Number of hits to return. (default 20)
            offset: Number of the first hits to leave out: for the next page, add `k`. (default 0)
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.
            label: Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **images_retrieve.request(
                ImagesRetrieveBody(
                    image=image,
                    gallery=gallery,
                    source=source,
                    k=k,
                    offset=offset,
                    min_score=min_score,
                    label=label,
                    folder=folder,
                    metadata=metadata,
                ),
            )
        )
        return images_retrieve.answer(response)

    def search(
        self,
        vector: Sequence[float],
        *,
        gallery: None | str | None = None,
        digest: None | str | None = None,
        source: None | str | None = None,
        expand: bool | None = None,
        k: int | None = None,
        offset: int | None = None,
        min_score: float | None | None = None,
        label: Sequence[str] | None = None,
        folder: None | str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> SearchResult:
        """Find the photos of a gallery that are nearest to an embedding, without sending the picture again.

        Args:
            vector: The `values` of `POST /embed` with `kind=search`; `kind=search_drawn` for galleries of drawn pictures.
            gallery: Name of the gallery; the default gallery if omitted.
            digest: Digest of the checkpoint that computed the vector, or its first 12 digits. If another checkpoint embedded the gallery, the answer is 409 instead of hits that mean nothing.
            source: Domain of the picture that the vector describes; if omitted, the domain other than the gallery's. Scores depend on it.
            expand: Whether photos similar to the first hits rank higher, if the vector describes a sketch. (default False)
            k: Number of hits to return. (default 20)
            offset: Number of the first hits to leave out: for the next page, add `k`. (default 0)
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.
            label: Only photos with one of these labels; an empty text is for photos without a label. If there are none, photos with any label.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **images_search.request(
                ImagesSearchBody(
                    vector=vector,
                    gallery=gallery,
                    digest=digest,
                    source=source,
                    expand=expand,
                    k=k,
                    offset=offset,
                    min_score=min_score,
                    label=label,
                    folder=folder,
                    metadata=metadata,
                ),
            )
        )
        return images_search.answer(response)


class AsyncImagesResource:
    """The async calls of `client.images`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def translate(
        self,
        image: Upload,
        *,
        model: str | None = None,
        source: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        reference: Upload | Sequence[Upload] | None = None,
        mix: float | None = None,
        style: ImagesTranslateBodyStyle | None = None,
    ) -> Translation:
        """Translate an image to the model's other domain.

        With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the first generated image.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            samples: Number of images to generate, each with its own style. (default 1)
            seed: Seed of the first sample; sample i uses seed + i. A random seed if omitted.
            reference: Image of the target domain whose style to use. Two images give a style between both.
            mix: Position between two references: 0 is the first, 1 is the second. (default 0.5)
            style: Random style (`sampled`) or average style (`mean`). (default 'sampled')

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **images_translate.request(
                ImagesTranslateBody(
                    image=image,
                    model=model,
                    source=source,
                    samples=samples,
                    seed=seed,
                    reference=reference,
                    mix=mix,
                    style=style,
                ),
            )
        )
        return images_translate.answer(response)

    async def translate_image(
        self,
        image: Upload,
        *,
        accept: Literal["image/png", "image/webp", "image/jpeg"] = "image/png",
        model: str | None = None,
        source: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        reference: Upload | Sequence[Upload] | None = None,
        mix: float | None = None,
        style: ImagesTranslateBodyStyle | None = None,
    ) -> bytes:
        """Translate an image to the model's other domain.

        With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the first generated image.
        This call returns the image file.

        Args:
            accept: Media type of the image.
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            samples: Number of images to generate, each with its own style. (default 1)
            seed: Seed of the first sample; sample i uses seed + i. A random seed if omitted.
            reference: Image of the target domain whose style to use. Two images give a style between both.
            mix: Position between two references: 0 is the first, 1 is the second. (default 0.5)
            style: Random style (`sampled`) or average style (`mean`). (default 'sampled')

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            headers={"Accept": accept},
            **images_translate.request(
                ImagesTranslateBody(
                    image=image,
                    model=model,
                    source=source,
                    samples=samples,
                    seed=seed,
                    reference=reference,
                    mix=mix,
                    style=style,
                ),
            ),
        )
        return images_translate.image(response)

    async def analogy(
        self,
        image: Upload,
        reference: Upload,
        *,
        model: str | None = None,
        source: str | None = None,
        reference_source: str | None = None,
    ) -> Translation:
        """Generate an image with the content of one image and the style of another image of the same domain.

        With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the generated image.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            reference: Image of the same domain whose style to use.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            reference_source: Domain of the reference; must be the image's domain, which is the default.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **images_analogy.request(
                ImagesAnalogyBody(
                    image=image,
                    reference=reference,
                    model=model,
                    source=source,
                    reference_source=reference_source,
                ),
            )
        )
        return images_analogy.answer(response)

    async def analogy_image(
        self,
        image: Upload,
        reference: Upload,
        *,
        accept: Literal["image/png", "image/webp", "image/jpeg"] = "image/png",
        model: str | None = None,
        source: str | None = None,
        reference_source: str | None = None,
    ) -> bytes:
        """Generate an image with the content of one image and the style of another image of the same domain.

        With `Accept: image/png`, `image/webp` or `image/jpeg` the response is the generated image.
        This call returns the image file.

        Args:
            accept: Media type of the image.
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            reference: Image of the same domain whose style to use.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            reference_source: Domain of the reference; must be the image's domain, which is the default.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            headers={"Accept": accept},
            **images_analogy.request(
                ImagesAnalogyBody(
                    image=image,
                    reference=reference,
                    model=model,
                    source=source,
                    reference_source=reference_source,
                ),
            ),
        )
        return images_analogy.image(response)

    async def embed(
        self,
        image: Upload,
        *,
        model: str | None = None,
        source: str | None = None,
        kind: ImagesEmbedBodyKind | None = None,
    ) -> Embedding:
        """Embed an image: its shared code (the mean of zs), exclusive code (of zx or zy), or search code.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            model: Id of the model; the first model with this capability if omitted.
            source: Domain of the image; the model's first domain if omitted.
            kind: Embedding of the content that both domains share (`shared`), of what only this domain shows (`exclusive`), or what galleries store and searches compare (`search`; `search_drawn` in galleries of drawn pictures). (default 'shared')

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **images_embed.request(
                ImagesEmbedBody(
                    image=image,
                    model=model,
                    source=source,
                    kind=kind,
                ),
            )
        )
        return images_embed.answer(response)

    async def preview(
        self,
        image: Upload,
    ) -> bytes:
        """Convert an image to WebP: upright, in sRGB, of at most 2048 x 2048 pixels.

        Browsers cannot show all formats that this service reads, such as HEIC and TIFF.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **images_preview.request(
                ImagesPreviewBody(
                    image=image,
                ),
            )
        )
        return images_preview.answer(response)

    async def retrieve(
        self,
        image: Upload,
        *,
        gallery: str | None = None,
        source: str | None = None,
        k: int | None = None,
        offset: int | None = None,
        min_score: float | None = None,
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> SearchResult:
        """Find the photos of a gallery that are nearest to an image, with any model, in either direction.

        Args:
            image: Image file: PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP. Its first picture counts.
            gallery: Name of the gallery; the default gallery if omitted.
            source: Domain of the image; if omitted, the domain other than the gallery's.
            k: Number of hits to return. (default 20)
            offset: Number of the first hits to leave out: for the next page, add `k`. (default 0)
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.
            label: Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **images_retrieve.request(
                ImagesRetrieveBody(
                    image=image,
                    gallery=gallery,
                    source=source,
                    k=k,
                    offset=offset,
                    min_score=min_score,
                    label=label,
                    folder=folder,
                    metadata=metadata,
                ),
            )
        )
        return images_retrieve.answer(response)

    async def search(
        self,
        vector: Sequence[float],
        *,
        gallery: None | str | None = None,
        digest: None | str | None = None,
        source: None | str | None = None,
        expand: bool | None = None,
        k: int | None = None,
        offset: int | None = None,
        min_score: float | None | None = None,
        label: Sequence[str] | None = None,
        folder: None | str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> SearchResult:
        """Find the photos of a gallery that are nearest to an embedding, without sending the picture again.

        Args:
            vector: The `values` of `POST /embed` with `kind=search`; `kind=search_drawn` for galleries of drawn pictures.
            gallery: Name of the gallery; the default gallery if omitted.
            digest: Digest of the checkpoint that computed the vector, or its first 12 digits. If another checkpoint embedded the gallery, the answer is 409 instead of hits that mean nothing.
            source: Domain of the picture that the vector describes; if omitted, the domain other than the gallery's. Scores depend on it.
            expand: Whether photos similar to the first hits rank higher, if the vector describes a sketch. (default False)
            k: Number of hits to return. (default 20)
            offset: Number of the first hits to leave out: for the next page, add `k`. (default 0)
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.
            label: Only photos with one of these labels; an empty text is for photos without a label. If there are none, photos with any label.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **images_search.request(
                ImagesSearchBody(
                    vector=vector,
                    gallery=gallery,
                    digest=digest,
                    source=source,
                    expand=expand,
                    k=k,
                    offset=offset,
                    min_score=min_score,
                    label=label,
                    folder=folder,
                    metadata=metadata,
                ),
            )
        )
        return images_search.answer(response)
