"""The calls of `client.service`."""

import httpx

from ...models.health import Health
from . import service_live, service_metrics, service_ready


class ServiceResource:
    """The calls of `client.service`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def live(
        self,
    ) -> Health:
        """Check that the process answers. Needs no API key.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(**service_live.request())
        return service_live.answer(response)

    def ready(
        self,
    ) -> Health:
        """Check that the service can answer requests. Needs no API key.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(**service_ready.request())
        return service_ready.answer(response)

    def metrics(
        self,
    ) -> str:
        """Return metrics in Prometheus' text format.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(**service_metrics.request())
        return service_metrics.answer(response)


class AsyncServiceResource:
    """The async calls of `client.service`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def live(
        self,
    ) -> Health:
        """Check that the process answers. Needs no API key.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(**service_live.request())
        return service_live.answer(response)

    async def ready(
        self,
    ) -> Health:
        """Check that the service can answer requests. Needs no API key.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(**service_ready.request())
        return service_ready.answer(response)

    async def metrics(
        self,
    ) -> str:
        """Return metrics in Prometheus' text format.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(**service_metrics.request())
        return service_metrics.answer(response)
