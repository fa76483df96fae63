"""A layer of fp4.torch, computed by the oracle of test/oracle, which shares no code with fp4."""

from __future__ import annotations

from typing import Any

import fp4_oracle as oracle
import ml_dtypes
import numpy as np
import torch
from fp4.torch import QuantLinear


def to_numpy(tensor: torch.Tensor) -> oracle.Array:
    name = str(tensor.dtype).removeprefix("torch.")
    if hasattr(ml_dtypes, name):
        bits = tensor.view(torch.int16 if tensor.element_size() == 2 else torch.uint8)
        return bits.numpy().view(getattr(ml_dtypes, name))
    return np.asarray(tensor.numpy())


class StandIn(torch.nn.Module):
    """docs/numerics.md [L1] with the buffers of a layer, and its bias."""

    def __init__(self, layer: QuantLinear) -> None:
        super().__init__()
        buffers = {name: to_numpy(value) for name, value in layer.named_buffers()}
        self.layer = oracle.Layer.from_state(buffers)
        self.bias = getattr(layer, "bias", None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        layer = self.layer
        value = layer.matmul(*layer.quantize(to_numpy(x.contiguous()))).value
        y = torch.from_numpy(value.astype(np.float32)).to(x.dtype)
        return y if self.bias is None else y + self.bias


def stand_in(model: Any) -> Any:
    """The model with each of its layers replaced."""
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):
            if isinstance(child, QuantLinear):
                setattr(parent, name, StandIn(child))
    return model
