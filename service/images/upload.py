"""An uploaded file: its bytes and their digest."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Upload:
    """One uploaded file."""

    data: bytes
    sha256: str
    filename: str | None = None

    @classmethod
    def of(cls, data: bytes, filename: str | None = None) -> "Upload":
        return cls(data, hashlib.sha256(data).hexdigest(), filename)
