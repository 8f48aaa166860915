"""One class for each group of calls, and one that awaits."""

from .galleries import AsyncGalleriesResource, GalleriesResource
from .images import AsyncImagesResource, ImagesResource
from .models import AsyncModelsResource, ModelsResource
from .photos import AsyncPhotosResource, PhotosResource
from .reindex import AsyncReindexResource, ReindexResource
from .sbir import AsyncSbirResource, SbirResource
from .service import AsyncServiceResource, ServiceResource

__all__ = [
    "AsyncImagesResource",
    "ImagesResource",
    "AsyncSbirResource",
    "SbirResource",
    "AsyncGalleriesResource",
    "GalleriesResource",
    "AsyncPhotosResource",
    "PhotosResource",
    "AsyncReindexResource",
    "ReindexResource",
    "AsyncModelsResource",
    "ModelsResource",
    "AsyncServiceResource",
    "ServiceResource",
]
