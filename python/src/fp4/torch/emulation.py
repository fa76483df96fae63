"""The numbers of docs/numerics.md in PyTorch's own operations: the backend "torch".

Slow, and anywhere PyTorch runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

_MAGNITUDES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_TIES = (0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0)


def block_transform(x: Tensor, transform: Tensor) -> Tensor:
    """Each block of x times the transposed matrix, or its own of several, rounded to x's dtype.

    Args:
        x: (M, K).
        transform: (B, B), or (K / B, B, B).
    """
    size = transform.shape[-1]
    blocks = x.float().unflatten(-1, (-1, size))
    equation = "mbi,ji->mbj" if transform.dim() == 2 else "mbi,bji->mbj"
    return torch.einsum(equation, blocks, transform.float()).flatten(1).to(x.dtype)


def _round_scale(v: Tensor, dtype: torch.dtype) -> Tensor:
    nan = v.isnan()
    if dtype == torch.float8_e4m3fn:
        rounded = v.clamp(-448.0, 448.0).to(dtype).view(torch.uint8)
        return rounded.masked_fill(nan, 0x7F).view(dtype)
    # PyTorch rounds what is just above the smallest power of two to the next one.
    bits = v.clamp(2.0**-127, 2.0**127).view(torch.int32)
    exponent = (bits + 0x400000) >> 23
    exponent = torch.where(bits < 0x800000, (bits >= 0x600000).int(), exponent)
    return exponent.to(torch.uint8).masked_fill(nan, 255).view(dtype)


def _encode_e2m1(q: Tensor) -> Tensor:
    """Nearest, ties to even magnitudes, NaN to code 7; the sign of zero is kept."""
    magnitude = q.abs()
    index = torch.zeros_like(q, dtype=torch.uint8)
    for i, tie in enumerate(_TIES):
        # The magnitude above a tie is even if the index below it is odd.
        index += (magnitude >= tie) if i % 2 else (magnitude > tie)
    codes = index | (q.signbit().to(torch.uint8) << 3)
    return codes.masked_fill(q.isnan(), 7)


def quantize(
    x: Tensor, group_size: int, scale_dtype: torch.dtype, global_scale: Tensor, scale_scale: Tensor
) -> tuple[Tensor, Tensor]:
    """Codes, (M, K / 2) bytes, and scales, (M, K / group_size)."""
    groups = x.float().unflatten(-1, (-1, group_size))
    # amax would not see NaN where it is behind a larger number on some devices.
    amax = groups.abs().amax(-1).masked_fill(groups.isnan().any(-1), torch.nan)
    scales = _round_scale(amax / (scale_scale * global_scale), scale_dtype)
    divisor = (scales.float() * global_scale).unsqueeze(-1)
    codes = _encode_e2m1(groups / divisor).flatten(1)
    return codes[:, 0::2] | (codes[:, 1::2] << 4), scales


def dequantize(codes: Tensor, scales: Tensor) -> Tensor:
    """(rows, K) of f32: the code times its scale, exactly."""
    table = torch.tensor(
        [*_MAGNITUDES, *(-m for m in _MAGNITUDES)], dtype=torch.float32, device=codes.device
    )
    values = table[torch.stack((codes & 15, codes >> 4), -1).int()].flatten(1)
    groups = values.unflatten(-1, (scales.shape[1], -1))
    return (groups * scales.float().unsqueeze(-1)).flatten(1)


def scaled_matmul(
    codes: Tensor, scales: Tensor, e2m1: Tensor, scale_quant: Tensor, alpha: Tensor
) -> Tensor:
    """(M, N) of f32."""
    return dequantize(codes, scales) @ dequantize(e2m1, scale_quant).T * alpha


def input_gradient(
    grad: Tensor, e2m1: Tensor, scale_quant: Tensor, transform: Tensor | None, global_scale: Tensor
) -> Tensor:
    """What the gradient of y, (M, N), says of x, (M, K), were x not quantized. Of f32."""
    result = grad.float() @ dequantize(e2m1, scale_quant) * global_scale
    if transform is None:
        return result
    blocks = result.unflatten(-1, (-1, transform.shape[-1]))
    equation = "mbj,ji->mbi" if transform.dim() == 2 else "mbj,bji->mbi"
    return torch.einsum(equation, blocks, transform.float()).flatten(1)
