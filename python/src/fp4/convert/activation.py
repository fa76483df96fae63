"""How a layer quantizes its activation: `gs` and `ss` of [Q1] to [Q5].

Formats differ in the rule that makes an e8m0 scale from the largest magnitude of a group. [Q4]
rounds `amax / (ss * gs)` to the nearest power of two, a tie upwards, so that the threshold of the
rule is in `ss`: with amax = m * 2^e, 1 <= m < 2, and `gs` = 1 the scale is 2^(e-2) for m below
3/8 * ss, and 2^(e-1) from there on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

NV_SCALE_SCALE: Final = np.float32(6)
"""The largest e2m1: a group's largest magnitude becomes code 7."""

MX_ABS_MAX: Final = np.float32(4)
"""With `gs` = 1/3: the exponent of amax itself, for codes of 3 * x (FP-Quant's abs_max)."""


def _above(value: float) -> np.float32:
    """The next f32: a threshold that itself belongs to the lower scale."""
    return np.float32(np.nextafter(np.float32(value), np.float32(np.inf)))


MX_RULES: Final[dict[str, np.float32]] = {
    "floor": np.float32(16 / 3),  # OCP MX 1.0, 6.3: 2^(e-2) always
    "even": np.float32(14 / 3),  # compressed-tensors: from m = 1.75 on 2^(e-1)
    "rceil": _above(4),  # 2^ceil(log2(amax / 6)): above m = 1.5, never clips
    "ceil": _above(8 / 3),  # above m = 1
}
"""`ss` of each rule, for `gs` = 1."""

UNSCALED: Final = np.float32(1)


@dataclass(frozen=True)
class Activation:
    """The two scalars, and where they are from.

    Attributes:
      global_scale: `gs` of the activation.
      scale_scale: `ss` of the activation.
      origin: for config.json: "static" if the checkpoint has the global scale; "dynamic: ..." if
        the source computes scales by a rule; "assumed: ..." if it does not quantize as this
        project does.
      read_from: the tensor that the global scale is from.
    """

    global_scale: np.float32
    scale_scale: np.float32
    origin: str
    read_from: str | None = None


def dynamic_mx(rule: str) -> Activation:
    """Groups scaled by one of MX_RULES."""
    return Activation(UNSCALED, MX_RULES[rule], f"dynamic: {rule}")


def assumed_mx(why: str) -> Activation:
    """For a source that says nothing of use: no group is clipped."""
    return Activation(UNSCALED, MX_RULES["rceil"], f"assumed: {why}")


def static_nv(global_scale: np.float32, read_from: str) -> Activation:
    """A global scale that the checkpoint has, in the tensor `read_from`."""
    return Activation(global_scale, NV_SCALE_SCALE, "static", read_from)


def assumed_nv(global_scale: np.float32, why: str) -> Activation:
    """A global scale that the checkpoint does not have."""
    return Activation(global_scale, NV_SCALE_SCALE, f"assumed: {why}")
