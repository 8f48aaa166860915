"""Bodies of requests and answers."""

from .damaged import Damaged
from .embedding import Embedding
from .embedding_kind import EmbeddingKind
from .field_problem import FieldProblem
from .galleries import Galleries
from .galleries_create_body import GalleriesCreateBody
from .gallery import Gallery
from .grade import Grade
from .health import Health
from .hit import Hit
from .hit_metadata import HitMetadata
from .image import Image
from .images_analogy_body import ImagesAnalogyBody
from .images_embed_body import ImagesEmbedBody
from .images_embed_body_kind import ImagesEmbedBodyKind
from .images_preview_body import ImagesPreviewBody
from .images_retrieve_body import ImagesRetrieveBody
from .images_retrieve_body_metadata import ImagesRetrieveBodyMetadata
from .images_search_body import ImagesSearchBody
from .images_search_body_metadata import ImagesSearchBodyMetadata
from .images_translate_body import ImagesTranslateBody
from .images_translate_body_style import ImagesTranslateBodyStyle
from .label import Label
from .labels import Labels
from .model import Model
from .model_metrics import ModelMetrics
from .models import Models
from .photo import Photo
from .photo_metadata import PhotoMetadata
from .photo_page import PhotoPage
from .photos_add_body import PhotosAddBody
from .photos_add_body_metadata import PhotosAddBodyMetadata
from .photos_added import PhotosAdded
from .photos_get_size import PhotosGetSize
from .photos_removed import PhotosRemoved
from .photos_update_body import PhotosUpdateBody
from .photos_update_body_metadata import PhotosUpdateBodyMetadata
from .problem import Problem
from .reindex import Reindex
from .reindex_fault import ReindexFault
from .reindex_start_body import ReindexStartBody
from .reindex_state import ReindexState
from .rejected import Rejected
from .sbir_search_body import SbirSearchBody
from .sbir_search_body_metadata import SbirSearchBodyMetadata
from .search_result import SearchResult
from .translation import Translation
from .unavailable import Unavailable
from .uploaded_file import UploadedFile
from .uploaded_file_status import UploadedFileStatus

__all__ = [
    "Damaged",
    "Embedding",
    "EmbeddingKind",
    "FieldProblem",
    "Galleries",
    "GalleriesCreateBody",
    "Gallery",
    "Grade",
    "Health",
    "Hit",
    "HitMetadata",
    "Image",
    "ImagesAnalogyBody",
    "ImagesEmbedBody",
    "ImagesEmbedBodyKind",
    "ImagesPreviewBody",
    "ImagesRetrieveBody",
    "ImagesRetrieveBodyMetadata",
    "ImagesSearchBody",
    "ImagesSearchBodyMetadata",
    "ImagesTranslateBody",
    "ImagesTranslateBodyStyle",
    "Label",
    "Labels",
    "Model",
    "ModelMetrics",
    "Models",
    "Photo",
    "PhotoMetadata",
    "PhotoPage",
    "PhotosAddBody",
    "PhotosAddBodyMetadata",
    "PhotosAdded",
    "PhotosGetSize",
    "PhotosRemoved",
    "PhotosUpdateBody",
    "PhotosUpdateBodyMetadata",
    "Problem",
    "Reindex",
    "ReindexFault",
    "ReindexStartBody",
    "ReindexState",
    "Rejected",
    "SbirSearchBody",
    "SbirSearchBodyMetadata",
    "SearchResult",
    "Translation",
    "Unavailable",
    "UploadedFile",
    "UploadedFileStatus",
]
