from typing import Literal

ImagesEmbedBodyKind = Literal["exclusive", "shared"]
