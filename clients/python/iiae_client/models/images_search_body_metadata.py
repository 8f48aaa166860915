from typing import Any

ImagesSearchBodyMetadata = dict[str, Any]
