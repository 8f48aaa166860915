from typing import Literal

EmbeddingKind = Literal["exclusive", "search", "search_drawn", "shared"]
