from typing import Literal

ReindexState = Literal["cancelled", "done", "failed", "running"]
