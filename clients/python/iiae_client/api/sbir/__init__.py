"""The calls of `client.sbir`."""

from collections.abc import Mapping, Sequence
from typing import Any

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
        expand: bool | None = None,
        k: int | None = None,
        offset: int | None = None,
        min_score: float | None = None,
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> SearchResult:
        """Find the photos of a gallery that match a sketch, best first.

        The search also finds classes that the model was not trained on.

        Args:
            sketch: Image file of a sketch, or up to 8 of the same object.
            photo: Photo to combine with the sketches: photo and sketches have the same weight.
            gallery: Name of the gallery; the default gallery if omitted.
            expand: Query expansion: whether photos similar to the first hits rank higher. If omitted, the gallery decides.
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
            **sbir_search.request(
                SbirSearchBody(
                    sketch=sketch,
                    photo=photo,
                    gallery=gallery,
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
        expand: bool | None = None,
        k: int | None = None,
        offset: int | None = None,
        min_score: float | None = None,
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> SearchResult:
        """Find the photos of a gallery that match a sketch, best first.

        The search also finds classes that the model was not trained on.

        Args:
            sketch: Image file of a sketch, or up to 8 of the same object.
            photo: Photo to combine with the sketches: photo and sketches have the same weight.
            gallery: Name of the gallery; the default gallery if omitted.
            expand: Query expansion: whether photos similar to the first hits rank higher. If omitted, the gallery decides.
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
            **sbir_search.request(
                SbirSearchBody(
                    sketch=sketch,
                    photo=photo,
                    gallery=gallery,
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
        return sbir_search.answer(response)
