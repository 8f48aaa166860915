"""The calls of `client.photos`."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from ...models.photo_page import PhotoPage
from ...models.photos_add_body import PhotosAddBody
from ...models.photos_added import PhotosAdded
from ...models.photos_get_size import PhotosGetSize
from ...models.search_result import SearchResult
from ...types import Upload
from . import photos_add, photos_delete, photos_get, photos_list, photos_similar


class PhotosResource:
    """The calls of `client.photos`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def list(
        self,
        name: str,
        *,
        after: int | None = None,
        limit: int | None = None,
    ) -> PhotoPage:
        """Photos by id, in pages.

        Args:
            name: a gallery's name
            after: photos with larger ids (default 0)
            limit: how many photos at most (default 100)

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **photos_list.request(
                name,
                after=after,
                limit=limit,
            )
        )
        return photos_list.answer(response)

    def add(
        self,
        name: str,
        image: Upload | Sequence[Upload],
        *,
        label: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> PhotosAdded:
        """Adds photos, all or none: where one cannot be read, none is added. Once answered, they are on disk.

        Args:
            name: a gallery's name
            image: one or many pictures
            label: a line of text, kept with each of the photos
            metadata: a JSON object, kept with each of the photos

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **photos_add.request(
                name,
                PhotosAddBody(
                    image=image,
                    label=label,
                    metadata=metadata,
                ),
            )
        )
        return photos_add.answer(response)

    def get(
        self,
        name: str,
        photo_id: int,
        *,
        size: PhotosGetSize | None = None,
    ) -> bytes:
        """A photo's bytes.

        Args:
            name: a gallery's name
            photo_id: a photo's id in its gallery
            size: the file as it was added, or a small WebP of it (default 'full')

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **photos_get.request(
                name,
                photo_id,
                size=size,
            )
        )
        return photos_get.answer(response)

    def delete(
        self,
        name: str,
        photo_id: int,
    ) -> None:
        """Removes a photo.

        Args:
            name: a gallery's name
            photo_id: a photo's id in its gallery

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **photos_delete.request(
                name,
                photo_id,
            )
        )
        return photos_delete.answer(response)

    def similar(
        self,
        name: str,
        photo_id: int,
        *,
        k: int | None = None,
    ) -> SearchResult:
        """More like this one.

        Args:
            name: a gallery's name
            photo_id: a photo's id in its gallery
            k: how many hits at most (default 20)

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = self._http.request(
            **photos_similar.request(
                name,
                photo_id,
                k=k,
            )
        )
        return photos_similar.answer(response)


class AsyncPhotosResource:
    """The async calls of `client.photos`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def list(
        self,
        name: str,
        *,
        after: int | None = None,
        limit: int | None = None,
    ) -> PhotoPage:
        """Photos by id, in pages.

        Args:
            name: a gallery's name
            after: photos with larger ids (default 0)
            limit: how many photos at most (default 100)

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **photos_list.request(
                name,
                after=after,
                limit=limit,
            )
        )
        return photos_list.answer(response)

    async def add(
        self,
        name: str,
        image: Upload | Sequence[Upload],
        *,
        label: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> PhotosAdded:
        """Adds photos, all or none: where one cannot be read, none is added. Once answered, they are on disk.

        Args:
            name: a gallery's name
            image: one or many pictures
            label: a line of text, kept with each of the photos
            metadata: a JSON object, kept with each of the photos

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **photos_add.request(
                name,
                PhotosAddBody(
                    image=image,
                    label=label,
                    metadata=metadata,
                ),
            )
        )
        return photos_add.answer(response)

    async def get(
        self,
        name: str,
        photo_id: int,
        *,
        size: PhotosGetSize | None = None,
    ) -> bytes:
        """A photo's bytes.

        Args:
            name: a gallery's name
            photo_id: a photo's id in its gallery
            size: the file as it was added, or a small WebP of it (default 'full')

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **photos_get.request(
                name,
                photo_id,
                size=size,
            )
        )
        return photos_get.answer(response)

    async def delete(
        self,
        name: str,
        photo_id: int,
    ) -> None:
        """Removes a photo.

        Args:
            name: a gallery's name
            photo_id: a photo's id in its gallery

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **photos_delete.request(
                name,
                photo_id,
            )
        )
        return photos_delete.answer(response)

    async def similar(
        self,
        name: str,
        photo_id: int,
        *,
        k: int | None = None,
    ) -> SearchResult:
        """More like this one.

        Args:
            name: a gallery's name
            photo_id: a photo's id in its gallery
            k: how many hits at most (default 20)

        Raises:
            ProblemError: the request was rejected or failed
            httpx.TransportError: there was no answer
        """

        response = await self._http.request(
            **photos_similar.request(
                name,
                photo_id,
                k=k,
            )
        )
        return photos_similar.answer(response)
