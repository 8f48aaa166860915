from typing import Any

PhotoMetadata = dict[str, Any]
