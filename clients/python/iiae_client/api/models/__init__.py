"""The calls of `client.models`."""

import httpx

from ...models.model import Model
from ...models.models import Models
from . import models_get, models_list, models_reload


class ModelsResource:
    """The calls of `client.models`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def list(
        self,
    ) -> Models:
        """All models: the default one, where there is one, then by name.

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(**models_list.request())
        return models_list.answer(response)

    def get(
        self,
        model_id: str,
    ) -> Model:
        """One model.

        Args:
            model_id: a model's id

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **models_get.request(
                model_id,
            )
        )
        return models_get.answer(response)

    def reload(
        self,
    ) -> Models:
        """Looks at the store now, without waiting for the next time.

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(**models_reload.request())
        return models_reload.answer(response)


class AsyncModelsResource:
    """The async calls of `client.models`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def list(
        self,
    ) -> Models:
        """All models: the default one, where there is one, then by name.

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(**models_list.request())
        return models_list.answer(response)

    async def get(
        self,
        model_id: str,
    ) -> Model:
        """One model.

        Args:
            model_id: a model's id

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **models_get.request(
                model_id,
            )
        )
        return models_get.answer(response)

    async def reload(
        self,
    ) -> Models:
        """Looks at the store now, without waiting for the next time.

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(**models_reload.request())
        return models_reload.answer(response)
