"""The clients: `Client` (sync) and `AsyncClient`."""

import warnings
from types import TracebackType
from typing import Self

import httpx

from . import api

LOCAL = "http://127.0.0.1:8000"
API_VERSION = "1"


def _warn_of_other_version(response: httpx.Response) -> None:
    version = response.headers.get("X-API-Version")
    if version is not None and version != API_VERSION:
        warnings.warn(
            f"the service at {response.url.host} has version {version} of its API, but this client is of version "
            f"{API_VERSION}; install the client of that version",
            stacklevel=2,
        )


async def _warn_of_other_version_async(response: httpx.Response) -> None:
    _warn_of_other_version(response)


def _headers(api_key: str | None) -> dict[str, str]:
    accepted = {"Accept": "application/json"}
    return accepted if api_key is None else accepted | {"X-API-Key": api_key}


class Client:
    """A client of the service at `base_url`. It keeps connections open until it is closed.

    Args:
        api_key: API key; required if the service has keys.
        timeout: Seconds to connect, and to wait for data.
        transport: An httpx transport, for example one with retries.
    """

    def __init__(self, base_url: str = LOCAL, *, api_key: str | None = None, timeout: float = 60, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=base_url, headers=_headers(api_key), timeout=timeout, transport=transport, event_hooks={"response": [_warn_of_other_version]}
        )
        self.images = api.ImagesResource(self._http)
        self.sbir = api.SbirResource(self._http)
        self.galleries = api.GalleriesResource(self._http)
        self.photos = api.PhotosResource(self._http)
        self.reindex = api.ReindexResource(self._http)
        self.models = api.ModelsResource(self._http)
        self.service = api.ServiceResource(self._http)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncClient:
    """A client of the service at `base_url`. It keeps connections open until it is closed.

    Args:
        api_key: API key; required if the service has keys.
        timeout: Seconds to connect, and to wait for data.
        transport: An httpx transport, for example one with retries.
    """

    def __init__(self, base_url: str = LOCAL, *, api_key: str | None = None, timeout: float = 60, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, headers=_headers(api_key), timeout=timeout, transport=transport, event_hooks={"response": [_warn_of_other_version_async]}
        )
        self.images = api.AsyncImagesResource(self._http)
        self.sbir = api.AsyncSbirResource(self._http)
        self.galleries = api.AsyncGalleriesResource(self._http)
        self.photos = api.AsyncPhotosResource(self._http)
        self.reindex = api.AsyncReindexResource(self._http)
        self.models = api.AsyncModelsResource(self._http)
        self.service = api.AsyncServiceResource(self._http)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()
