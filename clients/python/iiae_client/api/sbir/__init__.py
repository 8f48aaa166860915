"""The calls of `client.sbir`."""

from collections.abc import Sequence

import httpx

from ...models.sbir_search_body import SbirSearchBody
from ...models.search_result import SearchResult
from ...types import Upload
from . import sbir_search


class SbirResource:
    """The calls of `client.sbir`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def search(
        self,
        sketch: Upload | Sequence[Upload],
        *,
        photo: Upload | None = None,
        gallery: str | None = None,
        k: int | None = None,
        expand: bool | None = None,
        min_score: float | None = None,
    ) -> SearchResult:
        """Find the photos of a gallery that match a sketch, best first.

        The search also finds classes that the model was not trained on.

        Args:
            sketch: Image file of a sketch, or up to 8 of the same object.
            photo: Photo to combine with the sketches: photo and sketches have the same weight.
            gallery: Name of the gallery; the default gallery if omitted.
            k: Number of hits to return. (default 20)
            expand: Query expansion: whether photos similar to the first hits rank higher. If omitted, the gallery decides.
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **sbir_search.request(
                SbirSearchBody(
                    sketch=sketch,
                    photo=photo,
                    gallery=gallery,
                    k=k,
                    expand=expand,
                    min_score=min_score,
                ),
            )
        )
        return sbir_search.answer(response)


class AsyncSbirResource:
    """The async calls of `client.sbir`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def search(
        self,
        sketch: Upload | Sequence[Upload],
        *,
        photo: Upload | None = None,
        gallery: str | None = None,
        k: int | None = None,
        expand: bool | None = None,
        min_score: float | None = None,
    ) -> SearchResult:
        """Find the photos of a gallery that match a sketch, best first.

        The search also finds classes that the model was not trained on.

        Args:
            sketch: Image file of a sketch, or up to 8 of the same object.
            photo: Photo to combine with the sketches: photo and sketches have the same weight.
            gallery: Name of the gallery; the default gallery if omitted.
            k: Number of hits to return. (default 20)
            expand: Query expansion: whether photos similar to the first hits rank higher. If omitted, the gallery decides.
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **sbir_search.request(
                SbirSearchBody(
                    sketch=sketch,
                    photo=photo,
                    gallery=gallery,
                    k=k,
                    expand=expand,
                    min_score=min_score,
                ),
            )
        )
        return sbir_search.answer(response)
