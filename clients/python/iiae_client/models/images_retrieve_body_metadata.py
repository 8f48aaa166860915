from typing import Any

ImagesRetrieveBodyMetadata = dict[str, Any]
