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
        """Show the progress of a gallery's last reindex, including one started with `iiae reindex`.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        drawn: bool | None | None = None,
    ) -> Reindex:
        """Start to re-embed a gallery, or resume an interrupted reindex.

        Searches use the old embeddings until all photos are re-embedded.

        Args:
            name: Name of the gallery.
            model: Id of the model that embeds the photos; the gallery's own model if omitted.
            anew: Whether to embed every photo again, even if an interrupted reindex or the same checkpoint has already embedded it. (default False)
            drawn: Whether the pictures are drawn: icons, emoji or clip art. Their searches rely more on what the model recognises, and less on likeness. If it changes, so does `expand`. If omitted, both stay as they are.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **reindex_start.request(
                name,
                ReindexStartBody(
                    model=model,
                    anew=anew,
                    drawn=drawn,
                ),
            )
        )
        return reindex_start.answer(response)

    def cancel(
        self,
        name: str,
    ) -> None:
        """Cancel a reindex and discard its embeddings. The gallery keeps its old embeddings.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        """Show the progress of a gallery's last reindex, including one started with `iiae reindex`.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        drawn: bool | None | None = None,
    ) -> Reindex:
        """Start to re-embed a gallery, or resume an interrupted reindex.

        Searches use the old embeddings until all photos are re-embedded.

        Args:
            name: Name of the gallery.
            model: Id of the model that embeds the photos; the gallery's own model if omitted.
            anew: Whether to embed every photo again, even if an interrupted reindex or the same checkpoint has already embedded it. (default False)
            drawn: Whether the pictures are drawn: icons, emoji or clip art. Their searches rely more on what the model recognises, and less on likeness. If it changes, so does `expand`. If omitted, both stay as they are.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **reindex_start.request(
                name,
                ReindexStartBody(
                    model=model,
                    anew=anew,
                    drawn=drawn,
                ),
            )
        )
        return reindex_start.answer(response)

    async def cancel(
        self,
        name: str,
    ) -> None:
        """Cancel a reindex and discard its embeddings. The gallery keeps its old embeddings.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **reindex_cancel.request(
                name,
            )
        )
        return reindex_cancel.answer(response)
