from typing import Any

SbirSearchBodyMetadata = dict[str, Any]
