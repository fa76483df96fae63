"""FP4 linear layers for PyTorch."""

try:
    import torch as _torch
except ImportError as error:
    raise ImportError("fp4.torch needs PyTorch: pip install torch") from error

del _torch

from fp4.torch.load_model import load_model
from fp4.torch.quant_linear import QuantLinear, QuantLinearWithBias
from fp4.torch.quantize_model import quantize_model

__all__ = ["QuantLinear", "QuantLinearWithBias", "load_model", "quantize_model"]
