from typing import Literal

ImagesTranslateBodyStyle = Literal["mean", "sampled"]
