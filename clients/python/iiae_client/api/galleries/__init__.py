"""The calls of `client.galleries`."""

import httpx

from ...models.galleries import Galleries
from ...models.galleries_create_body import GalleriesCreateBody
from ...models.gallery import Gallery
from . import galleries_choose, galleries_create, galleries_delete, galleries_export, galleries_get, galleries_list


class GalleriesResource:
    """The calls of `client.galleries`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def list(
        self,
    ) -> Galleries:
        """List all galleries: first those that searches use if they name none, then the others, by name.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(**galleries_list.request())
        return galleries_list.answer(response)

    def create(
        self,
        name: str,
        model: str,
        *,
        domain: None | str | None = None,
        drawn: bool | None = None,
        expand: bool | None | None = None,
    ) -> Gallery:
        """Create an empty gallery for one domain of a model.

        Args:
            name: Name of the gallery: at most 64 lower-case letters, digits, '.', '_' and '-'.
            model: Id of the model that will embed the photos.
            domain: Domain of the photos; the model's first domain if omitted.
            drawn: Whether the pictures are drawn: icons, emoji or clip art. Their searches rely more on what the model recognises, and less on likeness. (default False)
            expand: Whether searches by sketch expand the query with the first hits, unless they say otherwise. It helps if there are several photos of a thing, and harms a little if there is one of each. If omitted, they expand it unless the pictures are drawn.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **galleries_create.request(
                GalleriesCreateBody(
                    name=name,
                    model=model,
                    domain=domain,
                    drawn=drawn,
                    expand=expand,
                ),
            )
        )
        return galleries_create.answer(response)

    def get(
        self,
        name: str,
    ) -> Gallery:
        """Show one gallery.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **galleries_get.request(
                name,
            )
        )
        return galleries_get.answer(response)

    def delete(
        self,
        name: str,
    ) -> None:
        """Delete a gallery and its uploaded photos. Files that `iiae index` refers to stay in their folder.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **galleries_delete.request(
                name,
            )
        )
        return galleries_delete.answer(response)

    def choose(
        self,
        name: str,
    ) -> Gallery:
        """Make a gallery the default: searches that name no gallery use it, if its model can answer them.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **galleries_choose.request(
                name,
            )
        )
        return galleries_choose.answer(response)

    def export(
        self,
        name: str,
        *,
        photos: bool | None = None,
    ) -> bytes:
        """Download a gallery as one Parquet file: embeddings, thumbnails, labels and metadata.

        `iiae galleries import` makes the same gallery of it. The file has no paths of the server. If the gallery
        is re-embedded during the download, the connection is closed before the file is complete.

        Args:
            name: Name of the gallery.
            photos: Whether the file has the original files of the photos, too. (default False)

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **galleries_export.request(
                name,
                photos=photos,
            )
        )
        return galleries_export.answer(response)


class AsyncGalleriesResource:
    """The async calls of `client.galleries`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def list(
        self,
    ) -> Galleries:
        """List all galleries: first those that searches use if they name none, then the others, by name.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(**galleries_list.request())
        return galleries_list.answer(response)

    async def create(
        self,
        name: str,
        model: str,
        *,
        domain: None | str | None = None,
        drawn: bool | None = None,
        expand: bool | None | None = None,
    ) -> Gallery:
        """Create an empty gallery for one domain of a model.

        Args:
            name: Name of the gallery: at most 64 lower-case letters, digits, '.', '_' and '-'.
            model: Id of the model that will embed the photos.
            domain: Domain of the photos; the model's first domain if omitted.
            drawn: Whether the pictures are drawn: icons, emoji or clip art. Their searches rely more on what the model recognises, and less on likeness. (default False)
            expand: Whether searches by sketch expand the query with the first hits, unless they say otherwise. It helps if there are several photos of a thing, and harms a little if there is one of each. If omitted, they expand it unless the pictures are drawn.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **galleries_create.request(
                GalleriesCreateBody(
                    name=name,
                    model=model,
                    domain=domain,
                    drawn=drawn,
                    expand=expand,
                ),
            )
        )
        return galleries_create.answer(response)

    async def get(
        self,
        name: str,
    ) -> Gallery:
        """Show one gallery.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **galleries_get.request(
                name,
            )
        )
        return galleries_get.answer(response)

    async def delete(
        self,
        name: str,
    ) -> None:
        """Delete a gallery and its uploaded photos. Files that `iiae index` refers to stay in their folder.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **galleries_delete.request(
                name,
            )
        )
        return galleries_delete.answer(response)

    async def choose(
        self,
        name: str,
    ) -> Gallery:
        """Make a gallery the default: searches that name no gallery use it, if its model can answer them.

        Args:
            name: Name of the gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **galleries_choose.request(
                name,
            )
        )
        return galleries_choose.answer(response)

    async def export(
        self,
        name: str,
        *,
        photos: bool | None = None,
    ) -> bytes:
        """Download a gallery as one Parquet file: embeddings, thumbnails, labels and metadata.

        `iiae galleries import` makes the same gallery of it. The file has no paths of the server. If the gallery
        is re-embedded during the download, the connection is closed before the file is complete.

        Args:
            name: Name of the gallery.
            photos: Whether the file has the original files of the photos, too. (default False)

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **galleries_export.request(
                name,
                photos=photos,
            )
        )
        return galleries_export.answer(response)
