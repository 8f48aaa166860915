from typing import Literal

Grade = Literal["possible", "strong", "weak"]
