from typing import Literal

HitGradeType0 = Literal["possible", "strong", "weak"]
