from typing import Literal

UploadedFileStatus = Literal["added", "known", "refused"]
