from typing import Any

PhotosAddBodyMetadata = dict[str, Any]
