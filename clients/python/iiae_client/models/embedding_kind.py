from typing import Literal

EmbeddingKind = Literal["exclusive", "shared"]
