"""The array type of every embedding in the service."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Embedding: TypeAlias = NDArray[np.float32]
"""What an encoder returns for one picture: float32, of the model's `shared_shape` or `[exclusive_size]`."""
