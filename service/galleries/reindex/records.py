"""The data types of a reindex: photos as they are read and embedded, and progress."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from service.embedding import Embedding

State = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class ReadPhoto:
    """A photo as the model's pixels [3, s, s]. Its picture has this SHA-256.

    If its picture cannot be read, `fault` is the reason and the pixels are the thumbnail's. They are None
    if the thumbnail cannot be read either.
    """

    photo_id: int
    sha256: str
    pixels: Tensor | None
    fault: str | None


@dataclass(frozen=True, kw_only=True)
class EmbeddedPhoto:
    """A photo's new embedding [dim], None if it has no pixels, and the `fault` of its picture.

    It is not kept if the photo has another picture than that with this SHA-256 by then.
    """

    photo_id: int
    sha256: str
    embedding: Embedding | None
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A photo whose picture could not be embedded, and the reason.

    Attributes:
        thumbnail: whether its thumbnail was embedded instead. If not, no search finds the photo.
    """

    photo_id: int
    reason: str
    thumbnail: bool


@dataclass(frozen=True, kw_only=True)
class ReindexProgress:
    """The progress of a gallery's last reindex.

    Attributes:
        done: number of processed photos, including faults.
        faulty: number of faults.
        faults: the first faults, by photo id.
        error: why it failed, if it did.
        started: ISO 8601 time in UTC.
        ended: ISO 8601 time in UTC, None while it runs.
    """

    state: State
    model: str
    digest: str
    done: int
    total: int
    faulty: int
    faults: tuple[Fault, ...]
    error: str | None
    started: str
    ended: str | None
