from typing import Literal

PhotosGetSize = Literal["full", "thumbnail"]
