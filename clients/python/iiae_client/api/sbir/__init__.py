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
    ) -> SearchResult:
        """The photos of a gallery that a sketch looks like, best first; also of classes that no model was trained on.

        Args:
            sketch: a drawing, or up to 8 of the same thing
            photo: a picture beside the drawings: like this, but drawn so
            gallery: a gallery's name; default the first that can be searched so
            k: how many hits at most (default 20)
            expand: whether the first hits make the query wider, so that photos like them rise (default True)

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **sbir_search.request(
                SbirSearchBody(
                    sketch=sketch,
                    photo=photo,
                    gallery=gallery,
                    k=k,
                    expand=expand,
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
    ) -> SearchResult:
        """The photos of a gallery that a sketch looks like, best first; also of classes that no model was trained on.

        Args:
            sketch: a drawing, or up to 8 of the same thing
            photo: a picture beside the drawings: like this, but drawn so
            gallery: a gallery's name; default the first that can be searched so
            k: how many hits at most (default 20)
            expand: whether the first hits make the query wider, so that photos like them rise (default True)

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **sbir_search.request(
                SbirSearchBody(
                    sketch=sketch,
                    photo=photo,
                    gallery=gallery,
                    k=k,
                    expand=expand,
                ),
            )
        )
        return sbir_search.answer(response)
