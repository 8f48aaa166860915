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
        """List the photos of a gallery in pages, sorted by id.

        Args:
            name: Name of the gallery.
            after: List only photos with ids above this; 0 for the first page. (default 0)
            limit: Number of photos per page. (default 100)

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        """Add photos to a gallery: all of them, or none if one cannot be read.

        When the response arrives, the photos are stored on disk.

        Args:
            name: Name of the gallery.
            image: One or more image files.
            label: One line of text, stored with each of the photos.
            metadata: JSON object, stored with each of the photos.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        v: str | None = None,
    ) -> bytes:
        """Download a photo.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.
            size: The original file (`full`), a small WebP image (`thumbnail`), or an image that every browser shows (`screen`): the original file, or a WebP of at most 2048 x 2048 pixels if it is HEIC, AVIF or TIFF. (default 'full')
            v: Start of the photo's SHA-256, 12 hexadecimal digits. If the id belongs to another picture now, the answer is 404. URLs in answers have it, so that browsers cache pictures.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **photos_get.request(
                name,
                photo_id,
                size=size,
                v=v,
            )
        )
        return photos_get.answer(response)

    def delete(
        self,
        name: str,
        photo_id: int,
    ) -> None:
        """Remove a photo from its gallery.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        min_score: float | None = None,
    ) -> SearchResult:
        """Find the photos of the same gallery that are most similar to a photo. The photo itself is left out.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.
            k: Number of hits to return. (default 20)
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **photos_similar.request(
                name,
                photo_id,
                k=k,
                min_score=min_score,
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
        """List the photos of a gallery in pages, sorted by id.

        Args:
            name: Name of the gallery.
            after: List only photos with ids above this; 0 for the first page. (default 0)
            limit: Number of photos per page. (default 100)

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        """Add photos to a gallery: all of them, or none if one cannot be read.

        When the response arrives, the photos are stored on disk.

        Args:
            name: Name of the gallery.
            image: One or more image files.
            label: One line of text, stored with each of the photos.
            metadata: JSON object, stored with each of the photos.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        v: str | None = None,
    ) -> bytes:
        """Download a photo.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.
            size: The original file (`full`), a small WebP image (`thumbnail`), or an image that every browser shows (`screen`): the original file, or a WebP of at most 2048 x 2048 pixels if it is HEIC, AVIF or TIFF. (default 'full')
            v: Start of the photo's SHA-256, 12 hexadecimal digits. If the id belongs to another picture now, the answer is 404. URLs in answers have it, so that browsers cache pictures.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **photos_get.request(
                name,
                photo_id,
                size=size,
                v=v,
            )
        )
        return photos_get.answer(response)

    async def delete(
        self,
        name: str,
        photo_id: int,
    ) -> None:
        """Remove a photo from its gallery.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
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
        min_score: float | None = None,
    ) -> SearchResult:
        """Find the photos of the same gallery that are most similar to a photo. The photo itself is left out.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.
            k: Number of hits to return. (default 20)
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **photos_similar.request(
                name,
                photo_id,
                k=k,
                min_score=min_score,
            )
        )
        return photos_similar.answer(response)
