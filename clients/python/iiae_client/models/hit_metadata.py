from typing import Any

HitMetadata = dict[str, Any]
