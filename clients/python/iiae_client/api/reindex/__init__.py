"""The calls of `client.reindex`."""

import httpx

from ...models.reindex import Reindex
from ...models.reindex_start_body import ReindexStartBody
from . import reindex_cancel, reindex_get, reindex_start


class ReindexResource:
    """The calls of `client.reindex`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(
        self,
        name: str,
    ) -> Reindex:
        """How far the last reindex of a gallery is, or came; also one by `iiae reindex`.

        Args:
            name: a gallery's name

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **reindex_get.request(
                name,
            )
        )
        return reindex_get.answer(response)

    def start(
        self,
        name: str,
        *,
        model: None | str | None = None,
        anew: bool | None = None,
    ) -> Reindex:
        """Begins to embed a gallery anew, or goes on where that was interrupted. Until all of it is done, the old embeddings answer.

        Args:
            name: a gallery's name
            model: the model to embed by; default the gallery's own, in the version that is served
            anew: embed every photo, also those that an interrupted reindex or the same checkpoint has embedded (default False)

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **reindex_start.request(
                name,
                ReindexStartBody(
                    model=model,
                    anew=anew,
                ),
            )
        )
        return reindex_start.answer(response)

    def cancel(
        self,
        name: str,
    ) -> None:
        """Ends a reindex and drops what it has embedded; the gallery is as it was.

        Args:
            name: a gallery's name

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **reindex_cancel.request(
                name,
            )
        )
        return reindex_cancel.answer(response)


class AsyncReindexResource:
    """The async calls of `client.reindex`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(
        self,
        name: str,
    ) -> Reindex:
        """How far the last reindex of a gallery is, or came; also one by `iiae reindex`.

        Args:
            name: a gallery's name

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **reindex_get.request(
                name,
            )
        )
        return reindex_get.answer(response)

    async def start(
        self,
        name: str,
        *,
        model: None | str | None = None,
        anew: bool | None = None,
    ) -> Reindex:
        """Begins to embed a gallery anew, or goes on where that was interrupted. Until all of it is done, the old embeddings answer.

        Args:
            name: a gallery's name
            model: the model to embed by; default the gallery's own, in the version that is served
            anew: embed every photo, also those that an interrupted reindex or the same checkpoint has embedded (default False)

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **reindex_start.request(
                name,
                ReindexStartBody(
                    model=model,
                    anew=anew,
                ),
            )
        )
        return reindex_start.answer(response)

    async def cancel(
        self,
        name: str,
    ) -> None:
        """Ends a reindex and drops what it has embedded; the gallery is as it was.

        Args:
            name: a gallery's name

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **reindex_cancel.request(
                name,
            )
        )
        return reindex_cancel.answer(response)
