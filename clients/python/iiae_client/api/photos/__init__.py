"""The calls of `client.photos`."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from ...models.labels import Labels
from ...models.photo import Photo
from ...models.photo_page import PhotoPage
from ...models.photos_add_body import PhotosAddBody
from ...models.photos_added import PhotosAdded
from ...models.photos_get_size import PhotosGetSize
from ...models.photos_removed import PhotosRemoved
from ...models.photos_update_body import PhotosUpdateBody
from ...models.search_result import SearchResult
from ...types import Upload
from . import photos_add, photos_delete, photos_get, photos_labels, photos_list, photos_purge, photos_similar, photos_update


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
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: str | None = None,
    ) -> PhotoPage:
        """List the photos of a gallery in pages, sorted by id.

        Args:
            name: Name of the gallery.
            after: List only photos with ids above this; 0 for the first page. (default 0)
            limit: Number of photos per page. (default 100)
            label: Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **photos_list.request(
                name,
                after=after,
                limit=limit,
                label=label,
                folder=folder,
                metadata=metadata,
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
        partial: bool | None = None,
    ) -> PhotosAdded:
        """Add photos to a gallery. The answer says of each file what became of it.

        When the response arrives, the photos are stored on disk.

        Args:
            name: Name of the gallery.
            image: One or more image files.
            label: One line of text, stored with each of the photos.
            metadata: JSON object, stored with each of the photos.
            partial: Whether to add the other photos if some files cannot be read. Otherwise, all photos are added, or none. (default False)

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
                    partial=partial,
                ),
            )
        )
        return photos_add.answer(response)

    def purge(
        self,
        name: str,
        *,
        id: int | Sequence[int] | None = None,
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: str | None = None,
    ) -> PhotosRemoved:
        """Remove all photos that meet the conditions. There must be at least one.

        If the request is interrupted, some photos may stay. Send it again to remove them.

        Args:
            name: Name of the gallery.
            id: Only the photos with these ids.
            label: Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **photos_purge.request(
                name,
                id=id,
                label=label,
                folder=folder,
                metadata=metadata,
            )
        )
        return photos_purge.answer(response)

    def labels(
        self,
        name: str,
        *,
        limit: int | None = None,
    ) -> Labels:
        """List the labels of a gallery, with the number of photos that have each of them.

        Args:
            name: Name of the gallery.
            limit: Largest number of labels to return. (default 1000)

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **photos_labels.request(
                name,
                limit=limit,
            )
        )
        return photos_labels.answer(response)

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

    def update(
        self,
        name: str,
        photo_id: int,
        *,
        label: None | str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Photo:
        """Change the label or the metadata of a photo. Its id, picture and embedding stay.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.
            label: The new label, one line of text. Null or an empty text removes the label.
            metadata: The new metadata. It replaces the old as a whole.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **photos_update.request(
                name,
                photo_id,
                PhotosUpdateBody(
                    label=label,
                    metadata=metadata,
                ),
            )
        )
        return photos_update.answer(response)

    def similar(
        self,
        name: str,
        photo_id: int,
        *,
        k: int | None = None,
        offset: int | None = None,
        min_score: float | None = None,
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: str | None = None,
    ) -> SearchResult:
        """Find the photos of the same gallery that are most similar to a photo. The photo itself is left out.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.
            k: Number of hits to return. (default 20)
            offset: Number of the first hits to leave out: for the next page, add `k`. (default 0)
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.
            label: Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = self._http.request(
            **photos_similar.request(
                name,
                photo_id,
                k=k,
                offset=offset,
                min_score=min_score,
                label=label,
                folder=folder,
                metadata=metadata,
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
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: str | None = None,
    ) -> PhotoPage:
        """List the photos of a gallery in pages, sorted by id.

        Args:
            name: Name of the gallery.
            after: List only photos with ids above this; 0 for the first page. (default 0)
            limit: Number of photos per page. (default 100)
            label: Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **photos_list.request(
                name,
                after=after,
                limit=limit,
                label=label,
                folder=folder,
                metadata=metadata,
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
        partial: bool | None = None,
    ) -> PhotosAdded:
        """Add photos to a gallery. The answer says of each file what became of it.

        When the response arrives, the photos are stored on disk.

        Args:
            name: Name of the gallery.
            image: One or more image files.
            label: One line of text, stored with each of the photos.
            metadata: JSON object, stored with each of the photos.
            partial: Whether to add the other photos if some files cannot be read. Otherwise, all photos are added, or none. (default False)

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
                    partial=partial,
                ),
            )
        )
        return photos_add.answer(response)

    async def purge(
        self,
        name: str,
        *,
        id: int | Sequence[int] | None = None,
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: str | None = None,
    ) -> PhotosRemoved:
        """Remove all photos that meet the conditions. There must be at least one.

        If the request is interrupted, some photos may stay. Send it again to remove them.

        Args:
            name: Name of the gallery.
            id: Only the photos with these ids.
            label: Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **photos_purge.request(
                name,
                id=id,
                label=label,
                folder=folder,
                metadata=metadata,
            )
        )
        return photos_purge.answer(response)

    async def labels(
        self,
        name: str,
        *,
        limit: int | None = None,
    ) -> Labels:
        """List the labels of a gallery, with the number of photos that have each of them.

        Args:
            name: Name of the gallery.
            limit: Largest number of labels to return. (default 1000)

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **photos_labels.request(
                name,
                limit=limit,
            )
        )
        return photos_labels.answer(response)

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

    async def update(
        self,
        name: str,
        photo_id: int,
        *,
        label: None | str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Photo:
        """Change the label or the metadata of a photo. Its id, picture and embedding stay.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.
            label: The new label, one line of text. Null or an empty text removes the label.
            metadata: The new metadata. It replaces the old as a whole.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **photos_update.request(
                name,
                photo_id,
                PhotosUpdateBody(
                    label=label,
                    metadata=metadata,
                ),
            )
        )
        return photos_update.answer(response)

    async def similar(
        self,
        name: str,
        photo_id: int,
        *,
        k: int | None = None,
        offset: int | None = None,
        min_score: float | None = None,
        label: str | Sequence[str] | None = None,
        folder: str | None = None,
        metadata: str | None = None,
    ) -> SearchResult:
        """Find the photos of the same gallery that are most similar to a photo. The photo itself is left out.

        Args:
            name: Name of the gallery.
            photo_id: Id of the photo in its gallery.
            k: Number of hits to return. (default 20)
            offset: Number of the first hits to leave out: for the next page, add `k`. (default 0)
            min_score: Smallest `score` of a hit, from 0 to 1; for cosines and inner products, from -1 to 1. Photos with a lower score are left out of the `k` nearest, so there may be no hits at all. If omitted, none are left out.
            label: Only photos with this label; an empty text is for photos without a label. Send it several times for photos with one of several labels.
            folder: Only photos from this folder or the folders in it, such as `2024/summer`: their `file` in the metadata starts with it. `iiae index` notes the path of each file there.
            metadata: Only photos whose metadata meets all conditions of this JSON object. Its keys are keys of the metadata. A value is what the photo must have (`{"colour": "red"}`), a list of what it may have (`{"colour": ["red", "blue"]}`), or limits of a number: `lt`, `lte`, `gt` and `gte` (`{"year": {"gte": 2020}}`). If the photo has a list, one of its items must meet the condition.

        Raises:
            ProblemError: The request was rejected or failed.
            httpx.TransportError: There was no answer.
        """

        response = await self._http.request(
            **photos_similar.request(
                name,
                photo_id,
                k=k,
                offset=offset,
                min_score=min_score,
                label=label,
                folder=folder,
                metadata=metadata,
            )
        )
        return photos_similar.answer(response)
