"""FP4 linear layers for PyTorch."""

try:
    import torch as _torch
except ImportError as error:
    raise ImportError("fp4.torch needs PyTorch: pip install torch") from error

del _torch

from fp4.torch.quant_linear import QuantLinear  # noqa: E402

__all__ = ["QuantLinear"]
