from typing import Literal

EmbeddingKind = Literal["exclusive", "search", "shared"]
