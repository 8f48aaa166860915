"""Two classes for each group of calls: sync and async."""

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
