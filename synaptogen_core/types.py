"""Arrays by the type of their numbers, as annotations name them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U32 = NDArray[np.uint32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]
