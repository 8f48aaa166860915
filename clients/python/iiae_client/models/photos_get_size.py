from typing import Literal

PhotosGetSize = Literal["full", "screen", "thumbnail"]
