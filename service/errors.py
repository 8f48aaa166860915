"""Everything that can go wrong on purpose, with the status and stable code that clients see.

    ServiceError
    ├── ImageUnreadable          422  image_unreadable
    ├── SketchEmpty              422  sketch_empty
    ├── ImageFormatUnsupported   415  image_format_unsupported
    ├── ImageTooManyPixels       413  image_too_many_pixels
    ├── UploadTooLarge           413  upload_too_large
    ├── UploadTooSlow            408  upload_too_slow
    ├── ParameterInvalid         422  parameter_invalid
    ├── NameInvalid              422  name_invalid
    ├── DomainUnknown            422  domain_unknown
    ├── DomainsDiffer            422  domains_differ
    ├── CapabilityMissing        422  capability_missing
    ├── KeyMissing               401  key_missing
    ├── KeyRefused               403  key_refused
    ├── OriginRefused            403  origin_refused
    ├── ModelNotFound            404  model_not_found
    ├── GalleryNotFound          404  gallery_not_found
    ├── PhotoNotFound            404  photo_not_found
    ├── GalleryExists            409  gallery_exists
    ├── GalleryOutdated          409  gallery_outdated
    ├── GalleryReindexed         409  gallery_reindexed
    ├── ReindexNotFound          404  reindex_not_found
    ├── ReindexRunning           409  reindex_running
    ├── ReindexCancelled         409  reindex_cancelled
    ├── GalleryDamaged           500  gallery_damaged
    ├── Overloaded               429  overloaded      (with Retry-After)
    └── NotReady                 503  not_ready       (with Retry-After)

Use cases raise these; `service.http.app` renders all of them in one handler as RFC 9457 problems.
"""

from typing import ClassVar


class ServiceError(Exception):
    """An expected failure. `detail` is a sentence for people; `code` never changes, for programs."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something failed on our side"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after: int | None = None


class ImageUnreadable(ServiceError):
    status, code, title = 422, "image_unreadable", "The image cannot be read"


class SketchEmpty(ServiceError):
    status, code, title = 422, "sketch_empty", "There is no drawing in the picture"


class ImageFormatUnsupported(ServiceError):
    status, code, title = 415, "image_format_unsupported", "This kind of file is not accepted"


class ImageTooManyPixels(ServiceError):
    status, code, title = 413, "image_too_many_pixels", "The image has too many pixels"


class UploadTooLarge(ServiceError):
    status, code, title = 413, "upload_too_large", "The upload has too many bytes"


class UploadTooSlow(ServiceError):
    status, code, title = 408, "upload_too_slow", "The upload takes too long"


class ParameterInvalid(ServiceError):
    """A field is missing or out of range. `errors` names each: `{"field": ..., "message": ...}`."""

    status, code, title = 422, "parameter_invalid", "A parameter is missing or not acceptable"

    def __init__(self, detail: str, errors: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors


class NameInvalid(ServiceError):
    status, code, title = 422, "name_invalid", "The name is not acceptable"


class DomainUnknown(ServiceError):
    status, code, title = 422, "domain_unknown", "The model has no such domain"


class DomainsDiffer(ServiceError):
    status, code, title = 422, "domains_differ", "The two images are of different domains"


class CapabilityMissing(ServiceError):
    status, code, title = 422, "capability_missing", "The model cannot do this"


class KeyMissing(ServiceError):
    status, code, title = 401, "key_missing", "An API key is needed"


class KeyRefused(ServiceError):
    status, code, title = 403, "key_refused", "The API key does not allow this"


class OriginRefused(ServiceError):
    status, code, title = 403, "origin_refused", "Requests from there are refused"


class ModelNotFound(ServiceError):
    status, code, title = 404, "model_not_found", "There is no such model"


class GalleryNotFound(ServiceError):
    status, code, title = 404, "gallery_not_found", "There is no such gallery"


class PhotoNotFound(ServiceError):
    status, code, title = 404, "photo_not_found", "There is no such photo"


class GalleryExists(ServiceError):
    status, code, title = 409, "gallery_exists", "A gallery of this name exists"


class GalleryOutdated(ServiceError):
    status, code, title = 409, "gallery_outdated", "The gallery was made with another checkpoint"


class GalleryReindexed(ServiceError):
    """What was begun with the old embeddings is to be begun again; the service does so by itself."""

    status, code, title = 409, "gallery_reindexed", "The gallery has other embeddings now"


class ReindexNotFound(ServiceError):
    status, code, title = 404, "reindex_not_found", "There is no such reindex"


class ReindexRunning(ServiceError):
    status, code, title = 409, "reindex_running", "The gallery is being reindexed"


class ReindexCancelled(ServiceError):
    status, code, title = 409, "reindex_cancelled", "The reindex was cancelled"


class GalleryDamaged(ServiceError):
    status, code, title = 500, "gallery_damaged", "The gallery cannot be read"


class Overloaded(ServiceError):
    """The queue is full. `retry_after` is in seconds."""

    status, code, title = 429, "overloaded", "Too many requests are waiting"

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NotReady(ServiceError):
    """Starting or draining. `retry_after` is in seconds."""

    status, code, title = 503, "not_ready", "The service is not ready"

    def __init__(self, detail: str, retry_after: int = 2) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
