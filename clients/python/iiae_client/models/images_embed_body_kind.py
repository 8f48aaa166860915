from typing import Literal

ImagesEmbedBodyKind = Literal["exclusive", "search", "search_drawn", "shared"]
