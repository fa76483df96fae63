"""A layer in this project's form: docs/numerics.md, [L6].

The names and dtypes of its tensors are here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .activation import Activation
from .plan import Content, Group, Output

ScaleFormat = Literal["mx", "nv"]
SCALE_DTYPE: dict[ScaleFormat, str] = {"mx": "F8_E8M0", "nv": "F8_E4M3"}
GROUP_SIZE: dict[ScaleFormat, int] = {"mx": 32, "nv": 16}


@dataclass(frozen=True)
class Weight:
    """A quantized weight of N rows of K elements.

    Attributes:
      scale_format: "mx" or "nv".
      codes: U8 (N, K/2), packed by [F2].
      scales: (N, K/G), row-major, of the dtype of the format.
      global_scale: `gs`: decoded values are e2m1 * (scale * gs), [D1].
      global_scale_from: the tensor that it is from, if the source has one.
    """

    scale_format: ScaleFormat
    codes: Content
    scales: Content
    global_scale: np.float32
    global_scale_from: str | None = None


def make_layer(
    name: str,
    weight: Weight,
    activation: Activation,
    transform: Content | None = None,
    bias: Content | None = None,
) -> Group:
    """The tensors of a layer, under its name.

    Args:
      name: of the module, as model.layers.0.mlp.up_proj.
      weight: codes and scales.
      activation: how x is quantized.
      transform: BF16, F16 or F32 of shape (B, B) or (K/B, B, B), B dividing K ([T1]).
      bias: copied as `bias`; no part of the layer's state ([L5]).
    """
    k = weight.codes.shape[-1] * 2
    outputs = {
        "e2m1": weight.codes,
        "scale_quant": weight.scales,
        "weight_global_scale": _scalar(weight.global_scale, weight.global_scale_from),
        "activation_global_scale": _scalar(activation.global_scale, activation.read_from),
        "activation_scale_scale": _scalar(activation.scale_scale, None),
    }
    kind: dict[str, str | int] = {
        "scale_format": weight.scale_format,
        "group_size": k // weight.scales.shape[-1],
        "activation": activation.origin,
    }
    if transform is not None:
        outputs["transform"] = transform
        kind["transform_block"] = transform.shape[-1]
    if bias is not None:
        outputs["bias"] = bias
    return Group(
        tuple(Output(f"{name}.{key}", content) for key, content in outputs.items()),
        name,
        tuple(kind.items()),
    )


def _scalar(value: np.float32, source: str | None) -> Content:
    sources = () if source is None else (source,)
    return Content("F32", (), sources, lambda: np.asarray(value, "<f4"))
