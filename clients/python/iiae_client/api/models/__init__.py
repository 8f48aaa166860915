"""The calls of `client.models`."""

import httpx

from ...models.model import Model
from ...models.models import Models
from . import models_choose, models_get, models_list, models_reload


class ModelsResource:
    """The calls of `client.models`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def list(
        self,
    ) -> Models:
        """List all models: first those that answer requests that name no model, then the others, by id.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(**models_list.request())
        return models_list.answer(response)

    def get(
        self,
        model_id: str,
    ) -> Model:
        """Show one model.

        Args:
            model_id: Id of the model.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **models_get.request(
                model_id,
            )
        )
        return models_get.answer(response)

    def choose(
        self,
        model_id: str,
    ) -> Model:
        """Make a model the default: it answers requests that name no model, as far as it can.

        Args:
            model_id: Id of the model.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **models_choose.request(
                model_id,
            )
        )
        return models_choose.answer(response)

    def reload(
        self,
    ) -> Models:
        """Look for new checkpoints now, without waiting for the next regular check.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        """List all models: first those that answer requests that name no model, then the others, by id.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(**models_list.request())
        return models_list.answer(response)

    async def get(
        self,
        model_id: str,
    ) -> Model:
        """Show one model.

        Args:
            model_id: Id of the model.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **models_get.request(
                model_id,
            )
        )
        return models_get.answer(response)

    async def choose(
        self,
        model_id: str,
    ) -> Model:
        """Make a model the default: it answers requests that name no model, as far as it can.

        Args:
            model_id: Id of the model.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **models_choose.request(
                model_id,
            )
        )
        return models_choose.answer(response)

    async def reload(
        self,
    ) -> Models:
        """Look for new checkpoints now, without waiting for the next regular check.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(**models_reload.request())
        return models_reload.answer(response)
