"""The errors of the service, each with its HTTP status and stable code.

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
    ├── DefaultFixed             409  default_fixed
    ├── GalleryOutdated          409  gallery_outdated
    ├── GalleryReindexed         409  gallery_reindexed
    ├── ReindexNotFound          404  reindex_not_found
    ├── ReindexRunning           409  reindex_running
    ├── ReindexCancelled         409  reindex_cancelled
    ├── GalleryDamaged           500  gallery_damaged
    ├── GalleryBusy              503  gallery_busy         (with Retry-After)
    ├── StorageFull              507  storage_full
    ├── StorageUnavailable       503  storage_unavailable
    ├── PhotoDamaged             500  photo_damaged
    ├── RateLimited              429  rate_limited    (with Retry-After)
    ├── QuotaExceeded            429  quota_exceeded  (with Retry-After)
    ├── Overloaded               429  overloaded      (with Retry-After)
    ├── ExtraMissing             501  extra_missing
    ├── DeadlineExceeded         503  deadline_exceeded  (with Retry-After)
    └── NotReady                 503  not_ready       (with Retry-After)

Use cases raise them. `service.http.exception_handlers` turns them into RFC 9457 problem responses.
"""

from typing import ClassVar


class ServiceError(Exception):
    """An expected error: the client gets its status, code and detail.

    Args:
        detail: what happened and what to do, for people. Programs use `code`, which never changes.
        retry_after: seconds after which the client should try again. Defaults to the class's value. None if a
            retry does not help.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal server error"
    default_retry_after: ClassVar[int | None] = None

    def __init__(self, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = self.default_retry_after if retry_after is None else retry_after


class ImageUnreadable(ServiceError):
    status, code, title = 422, "image_unreadable", "Image cannot be read"


class SketchEmpty(ServiceError):
    status, code, title = 422, "sketch_empty", "Sketch is empty"


class ImageFormatUnsupported(ServiceError):
    status, code, title = 415, "image_format_unsupported", "Image format is not supported"


class ImageTooManyPixels(ServiceError):
    status, code, title = 413, "image_too_many_pixels", "Image has too many pixels"


class UploadTooLarge(ServiceError):
    status, code, title = 413, "upload_too_large", "Upload is too large"


class UploadTooSlow(ServiceError):
    status, code, title = 408, "upload_too_slow", "Upload is too slow"


class ParameterInvalid(ServiceError):
    """A field is missing or invalid.

    Args:
        errors: the name and fault of each invalid field.
    """

    status, code, title = 422, "parameter_invalid", "Parameter is missing or invalid"

    def __init__(self, detail: str, errors: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors


class NameInvalid(ServiceError):
    status, code, title = 422, "name_invalid", "Name is invalid"


class DomainUnknown(ServiceError):
    status, code, title = 422, "domain_unknown", "Model does not have this domain"


class DomainsDiffer(ServiceError):
    status, code, title = 422, "domains_differ", "Images have different domains"


class CapabilityMissing(ServiceError):
    status, code, title = 422, "capability_missing", "Model does not support this operation"


class KeyMissing(ServiceError):
    status, code, title = 401, "key_missing", "API key is missing"


class KeyRefused(ServiceError):
    status, code, title = 403, "key_refused", "API key does not allow this operation"


class OriginRefused(ServiceError):
    status, code, title = 403, "origin_refused", "Host or origin is not allowed"


class ModelNotFound(ServiceError):
    status, code, title = 404, "model_not_found", "Model does not exist"


class GalleryNotFound(ServiceError):
    status, code, title = 404, "gallery_not_found", "Gallery does not exist"


class PhotoNotFound(ServiceError):
    status, code, title = 404, "photo_not_found", "Photo does not exist"


class GalleryExists(ServiceError):
    status, code, title = 409, "gallery_exists", "Gallery already exists"


class DefaultFixed(ServiceError):
    """A setting decides which model or gallery is the default."""

    status, code, title = 409, "default_fixed", "Default is fixed by a setting"


class GalleryOutdated(ServiceError):
    status, code, title = 409, "gallery_outdated", "Gallery was embedded by another checkpoint"


class GalleryReindexed(ServiceError):
    """The gallery got new embeddings while a request used the old ones. The service retries it."""

    status, code, title = 409, "gallery_reindexed", "Gallery was reindexed during the request"


class ReindexNotFound(ServiceError):
    status, code, title = 404, "reindex_not_found", "Reindex does not exist"


class ReindexRunning(ServiceError):
    status, code, title = 409, "reindex_running", "Gallery is being reindexed"


class ReindexCancelled(ServiceError):
    status, code, title = 409, "reindex_cancelled", "Reindex was cancelled"


class GalleryDamaged(ServiceError):
    status, code, title = 500, "gallery_damaged", "Gallery cannot be read"


class GalleryBusy(ServiceError):
    """A gallery is locked by another process, or its disk does not answer."""

    status, code, title = 503, "gallery_busy", "Gallery does not answer"
    default_retry_after = 2


class StorageFull(ServiceError):
    """The disk has too little free space. Nothing was changed."""

    status, code, title = 507, "storage_full", "Disk has too little free space"


class StorageUnavailable(ServiceError):
    """The disk refuses to read or write, for example because it is mounted read-only.

    Only an operator can help with most causes, so there is no default for `retry_after`.
    """

    status, code, title = 503, "storage_unavailable", "Disk cannot be used"


class PhotoDamaged(ServiceError):
    """A photo's row, its embedding's row or its uploaded picture does not have its checksum."""

    status, code, title = 500, "photo_damaged", "Photo cannot be read"


class RateLimited(ServiceError):
    """A caller sends too many requests in a short time."""

    status, code, title = 429, "rate_limited", "Too many requests"
    default_retry_after = 1


class QuotaExceeded(ServiceError):
    """A caller has used up its requests of a longer time."""

    status, code, title = 429, "quota_exceeded", "Quota is used up"
    default_retry_after = 1


class Overloaded(ServiceError):
    """A queue is full, or the request would be late."""

    status, code, title = 429, "overloaded", "Service is overloaded"
    default_retry_after = 1


class ExtraMissing(ServiceError):
    """The operation needs an optional package that is not installed."""

    status, code, title = 501, "extra_missing", "An optional package is not installed"


class DeadlineExceeded(ServiceError):
    """A request was admitted, but is not answered by its deadline."""

    status, code, title = 503, "deadline_exceeded", "Request is not answered in time"
    default_retry_after = 1


class NotReady(ServiceError):
    """The service is starting or stopping."""

    status, code, title = 503, "not_ready", "Service is not ready"
    default_retry_after = 2
