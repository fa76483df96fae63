"""A stand-in for fp4.torch.QuantLinear, which needs the compiler: the same arguments and buffers.

It computes docs/numerics.md [L1] with the oracle of test/oracle, which shares no code with fp4.
"""

from __future__ import annotations

from typing import Any

import fp4_oracle as oracle
import ml_dtypes
import numpy as np
import torch
from torch import nn


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    name = str(tensor.dtype).removeprefix("torch.")
    if hasattr(ml_dtypes, name):
        bits = tensor.view(torch.int16 if tensor.element_size() == 2 else torch.uint8)
        return bits.numpy().view(getattr(ml_dtypes, name))
    return np.asarray(tensor.numpy())


class StandIn(nn.Module):
    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        transform: torch.Tensor | None = None,
        e2m1: torch.Tensor | None = None,
        scale_quant: torch.Tensor | None = None,
        scale_dtype: Any = None,
        group_size: int | None = None,
        weight_global_scale: torch.Tensor | None = None,
        activation_global_scale: torch.Tensor | None = None,
        activation_scale_scale: torch.Tensor | None = None,
        quant_backend: str | None = None,
        matmul_backend: str | None = None,
    ) -> None:
        super().__init__()
        assert e2m1 is not None and scale_quant is not None and group_size is not None
        assert e2m1.shape == (out_features, in_features // 2)
        assert scale_quant.shape == (out_features, in_features // group_size)
        assert scale_quant.dtype == scale_dtype
        assert transform is None or transform.dtype == dtype
        self.register_buffer("e2m1", e2m1)
        self.register_buffer("scale_quant", scale_quant)
        self.register_buffer("transform", transform)
        self.register_buffer("weight_global_scale", weight_global_scale)
        self.register_buffer("activation_global_scale", activation_global_scale)
        self.register_buffer("activation_scale_scale", activation_scale_scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        buffers = {name: to_numpy(value) for name, value in self.named_buffers()}
        layer = oracle.Layer.from_state(buffers)
        y = layer.matmul(*layer.quantize(to_numpy(x.contiguous()))).value
        return torch.from_numpy(y.astype(np.float32)).to(x.dtype)
