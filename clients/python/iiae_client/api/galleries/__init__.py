"""The calls of `client.galleries`."""

import httpx

from ...models.galleries import Galleries
from ...models.galleries_create_body import GalleriesCreateBody
from ...models.gallery import Gallery
from . import galleries_create, galleries_delete, galleries_get, galleries_list


class GalleriesResource:
    """The calls of `client.galleries`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def list(
        self,
    ) -> Galleries:
        """All galleries: the default one, where there is one, then by name.

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(**galleries_list.request())
        return galleries_list.answer(response)

    def create(
        self,
        name: str,
        model: str,
        *,
        domain: None | str | None = None,
    ) -> Gallery:
        """A new, empty gallery of one domain of a model.

        Args:
            name: lower-case letters, digits, '.', '_', '-'; at most 64
            model: id of the model by which it will be searched
            domain: domain of the photos; default the model's first

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **galleries_create.request(
                GalleriesCreateBody(
                    name=name,
                    model=model,
                    domain=domain,
                ),
            )
        )
        return galleries_create.answer(response)

    def get(
        self,
        name: str,
    ) -> Gallery:
        """One gallery.

        Args:
            name: a gallery's name

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """Deletes a gallery and the pictures that were uploaded to it.

        Args:
            name: a gallery's name

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **galleries_delete.request(
                name,
            )
        )
        return galleries_delete.answer(response)


class AsyncGalleriesResource:
    """The async calls of `client.galleries`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def list(
        self,
    ) -> Galleries:
        """All galleries: the default one, where there is one, then by name.

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(**galleries_list.request())
        return galleries_list.answer(response)

    async def create(
        self,
        name: str,
        model: str,
        *,
        domain: None | str | None = None,
    ) -> Gallery:
        """A new, empty gallery of one domain of a model.

        Args:
            name: lower-case letters, digits, '.', '_', '-'; at most 64
            model: id of the model by which it will be searched
            domain: domain of the photos; default the model's first

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **galleries_create.request(
                GalleriesCreateBody(
                    name=name,
                    model=model,
                    domain=domain,
                ),
            )
        )
        return galleries_create.answer(response)

    async def get(
        self,
        name: str,
    ) -> Gallery:
        """One gallery.

        Args:
            name: a gallery's name

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
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
        """Deletes a gallery and the pictures that were uploaded to it.

        Args:
            name: a gallery's name

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **galleries_delete.request(
                name,
            )
        )
        return galleries_delete.answer(response)
