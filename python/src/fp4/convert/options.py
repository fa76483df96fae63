"""What a user can choose about a conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

DEFAULT_GLOBAL_SCALE: Final = np.float32(0.125)


@dataclass(frozen=True)
class Options:
    """The choices that change the result.

    Attributes:
      keep_interleaved: gpt-oss: one layer of alternating gate and up rows, as stored, in place of
        two layers.
      activation_global_scale: `gs` of the activation of NVFP4 layers whose checkpoint has none.
        The default, 1/8, is exact to multiply with; magnitudes up to 336 are not clipped, and
        groups whose greatest is 0.012 or more have a scale in full precision.
      shard_bytes: files hold no more, unless one layer or tensor is larger.
    """

    keep_interleaved: bool = False
    activation_global_scale: np.float32 = DEFAULT_GLOBAL_SCALE
    shard_bytes: int = 5_000_000_000
