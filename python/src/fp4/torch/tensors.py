"""Tensors of PyTorch as arrays of numpy, and back, with the dtypes that the two name differently."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import torch
from torch import Tensor

from fp4.formats import Array


def to_tensor(array: Array) -> Tensor:
    """A copy as a tensor. bf16 and the 8-bit floats are those of ml_dtypes."""
    if hasattr(ml_dtypes, array.dtype.name):
        bits = array.view(np.int16 if array.dtype.itemsize == 2 else np.uint8)
        return torch.from_numpy(bits.copy()).view(getattr(torch, array.dtype.name))
    return torch.from_numpy(array.copy())


def to_array(tensor: Tensor) -> Array:
    """A view of a tensor, or of its copy if it is not on the CPU."""
    tensor = tensor.detach().cpu()
    name = str(tensor.dtype).removeprefix("torch.")
    if not hasattr(ml_dtypes, name):
        return np.asarray(tensor.numpy())
    bits = tensor.view(torch.int16 if tensor.element_size() == 2 else torch.uint8)
    return np.asarray(bits.numpy().view(getattr(ml_dtypes, name)))
