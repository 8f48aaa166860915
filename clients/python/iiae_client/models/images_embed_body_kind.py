from typing import Literal

ImagesEmbedBodyKind = Literal["exclusive", "search", "shared"]
