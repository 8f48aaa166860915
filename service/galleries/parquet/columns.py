"""The columns of the file. `docs/parquet.md` describes them for readers with other programs."""

from types import ModuleType
from typing import Any

REQUIRED = frozenset({"id", "sha256", "metadata", "content_type", "width", "height"})
"""Columns in which every photo has a value."""
COMPRESSED = ("image_path", "label", "metadata", "fault")
"""Texts. Embeddings, thumbnails and photos do not get smaller."""
REPEATED = ["label", "content_type", "fault"]
"""Columns in which few values occur again and again."""


def columns(pa: ModuleType, dim: int) -> list[tuple[str, Any]]:  # pyarrow has no types
    """Return the name and the type of each column, for embeddings of this length.

    Args:
        pa: pyarrow.
    """
    value = pa.field("element", pa.float32(), nullable=False)
    return [
        ("id", pa.int64()),
        ("sha256", pa.string()),
        ("image_path", pa.string()),
        ("label", pa.string()),
        ("metadata", pa.string()),
        ("content_type", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("thumbnail", pa.binary()),
        ("embedding", pa.list_(value, dim)),
        ("fault", pa.string()),
        ("photo", pa.binary()),
    ]


def schema(pa: ModuleType, dim: int, metadata: dict[bytes, bytes]) -> Any:  # pyarrow has no types
    """Return the Arrow schema of a file with this metadata."""
    fields = [pa.field(name, kind, nullable=name not in REQUIRED) for name, kind in columns(pa, dim)]
    return pa.schema(fields, metadata=metadata)
