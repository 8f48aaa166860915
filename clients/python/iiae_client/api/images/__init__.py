"""The calls of `client.images`."""

from collections.abc import Sequence
from typing import Literal

import httpx

from ...models.embedding import Embedding
from ...models.images_analogy_body import ImagesAnalogyBody
from ...models.images_embed_body import ImagesEmbedBody
from ...models.images_embed_body_kind import ImagesEmbedBodyKind
from ...models.images_retrieve_body import ImagesRetrieveBody
from ...models.images_translate_body import ImagesTranslateBody
from ...models.images_translate_body_style import ImagesTranslateBodyStyle
from ...models.search_result import SearchResult
from ...models.translation import Translation
from ...types import Upload
from . import images_analogy, images_embed, images_retrieve, images_translate


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
        """The picture in the other domain. With `Accept: image/png`, `image/webp` or `image/jpeg`, the first result's bytes.

        Args:
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            samples: how many pictures to make, each in another style (default 1)
            seed: sample i is drawn with seed + i
            reference: take this picture's style; of the target's domain. Two: a style between theirs
            mix: where between two references: 0 is the first, 1 the second (default 0.5)
            style: mean: the plainest style, nothing drawn (default 'sampled')

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """The picture in the other domain. With `Accept: image/png`, `image/webp` or `image/jpeg`, the first result's bytes. This call returns the picture's bytes.

        Args:
            accept: the type of the picture
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            samples: how many pictures to make, each in another style (default 1)
            seed: sample i is drawn with seed + i
            reference: take this picture's style; of the target's domain. Two: a style between theirs
            mix: where between two references: 0 is the first, 1 the second (default 0.5)
            style: mean: the plainest style, nothing drawn (default 'sampled')

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """What the image shows, as the reference shows it; both of one domain.

        Args:
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            reference: how to show it; of the same domain
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            reference_source: the reference's domain, if said apart; it must be the image's

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """What the image shows, as the reference shows it; both of one domain. This call returns the picture's bytes.

        Args:
            accept: the type of the picture
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            reference: how to show it; of the same domain
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            reference_source: the reference's domain, if said apart; it must be the image's

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """The mean of a picture's shared code (zs) or of its exclusive one (zx, zy).

        Args:
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            kind: which code: of what both domains show, or of what this one alone does (default 'shared')

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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

    def retrieve(
        self,
        image: Upload,
        *,
        gallery: str | None = None,
        k: int | None = None,
        source: str | None = None,
    ) -> SearchResult:
        """The photos of a gallery whose shared code is nearest; any model, either direction.

        Args:
            image: a picture of the domain that the gallery is not of, or of `source`
            gallery: a gallery's name; default the first that can be searched so
            k: how many hits at most (default 20)
            source: the image's domain

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **images_retrieve.request(
                ImagesRetrieveBody(
                    image=image,
                    gallery=gallery,
                    k=k,
                    source=source,
                ),
            )
        )
        return images_retrieve.answer(response)


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
        """The picture in the other domain. With `Accept: image/png`, `image/webp` or `image/jpeg`, the first result's bytes.

        Args:
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            samples: how many pictures to make, each in another style (default 1)
            seed: sample i is drawn with seed + i
            reference: take this picture's style; of the target's domain. Two: a style between theirs
            mix: where between two references: 0 is the first, 1 the second (default 0.5)
            style: mean: the plainest style, nothing drawn (default 'sampled')

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """The picture in the other domain. With `Accept: image/png`, `image/webp` or `image/jpeg`, the first result's bytes. This call returns the picture's bytes.

        Args:
            accept: the type of the picture
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            samples: how many pictures to make, each in another style (default 1)
            seed: sample i is drawn with seed + i
            reference: take this picture's style; of the target's domain. Two: a style between theirs
            mix: where between two references: 0 is the first, 1 the second (default 0.5)
            style: mean: the plainest style, nothing drawn (default 'sampled')

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """What the image shows, as the reference shows it; both of one domain.

        Args:
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            reference: how to show it; of the same domain
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            reference_source: the reference's domain, if said apart; it must be the image's

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """What the image shows, as the reference shows it; both of one domain. This call returns the picture's bytes.

        Args:
            accept: the type of the picture
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            reference: how to show it; of the same domain
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            reference_source: the reference's domain, if said apart; it must be the image's

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """The mean of a picture's shared code (zs) or of its exclusive one (zx, zy).

        Args:
            image: PNG, JPEG, WebP, GIF (first frame) or BMP
            model: a model's id; default the first that can do this
            source: the image's domain; default the model's first
            kind: which code: of what both domains show, or of what this one alone does (default 'shared')

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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

    async def retrieve(
        self,
        image: Upload,
        *,
        gallery: str | None = None,
        k: int | None = None,
        source: str | None = None,
    ) -> SearchResult:
        """The photos of a gallery whose shared code is nearest; any model, either direction.

        Args:
            image: a picture of the domain that the gallery is not of, or of `source`
            gallery: a gallery's name; default the first that can be searched so
            k: how many hits at most (default 20)
            source: the image's domain

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **images_retrieve.request(
                ImagesRetrieveBody(
                    image=image,
                    gallery=gallery,
                    k=k,
                    source=source,
                ),
            )
        )
        return images_retrieve.answer(response)
