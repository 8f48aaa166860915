from typing import Any

PhotosUpdateBodyMetadata = dict[str, Any]
