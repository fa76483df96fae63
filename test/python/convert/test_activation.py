"""The rules of e8m0 scales as a scale scale: against their definitions, and torchao's code."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from checkpoints import Array
from fp4.convert.activation import MX_ABS_MAX, MX_RULES


def scale_exponents(amax: Array, gs: float, ss: np.float32) -> Array:
    """[Q2] to [Q4] of docs/numerics.md for mx, away from the ends of the range."""
    v = amax / (ss * np.float32(gs))
    assert v.dtype == np.float32
    mantissa, exponent = np.frexp(v)  # v = mantissa * 2^exponent, 1/2 <= mantissa < 1
    return np.where(mantissa >= 0.75, exponent, exponent - 1)


def magnitudes() -> Array:
    """All bf16 from 2^-20 to 2^20."""
    bits = np.arange(0x3580, 0x4980, dtype=np.uint16)
    return bits.view(ml_dtypes.bfloat16).astype(np.float32)


@pytest.mark.parametrize(
    ("rule", "last_of_lower"),
    [("floor", None), ("even", 1.75 - 2**-7), ("rceil", 1.5), ("ceil", 1.0)],
)
def test_thresholds(rule: str, last_of_lower: float | None) -> None:
    amax = magnitudes()
    mantissa, exponent = np.frexp(amax)
    upper = np.zeros(amax.shape) if last_of_lower is None else mantissa * 2 > last_of_lower
    expected = exponent - 1 - 2 + upper
    np.testing.assert_array_equal(scale_exponents(amax, 1, MX_RULES[rule]), expected)


def test_abs_max_is_the_exponent_itself() -> None:
    amax = magnitudes()
    expected = np.frexp(amax)[1] - 1
    np.testing.assert_array_equal(scale_exponents(amax, 1 / 3, MX_ABS_MAX), expected)


@pytest.mark.parametrize("rule", sorted(MX_RULES))
def test_against_torchao(rule: str) -> None:
    torch = pytest.importorskip("torch", reason="torchao computes with torch")
    pytest.importorskip("torchao")
    from torchao.prototype.mx_formats.config import ScaleCalculationMode
    from torchao.prototype.mx_formats.mx_tensor import to_mx

    amax = magnitudes()
    x = torch.zeros(amax.size, 32, dtype=torch.bfloat16)
    x[:, 7] = torch.from_numpy(amax)
    scale, _ = to_mx(x, torch.float4_e2m1fn_x2, 32, ScaleCalculationMode[rule.upper()])
    expected = scale.view(torch.uint8).numpy().reshape(-1).astype(np.int64) - 127
    np.testing.assert_array_equal(scale_exponents(amax, 1, MX_RULES[rule]), expected)


def test_even_is_the_rule_of_compressed_tensors() -> None:
    torch = pytest.importorskip("torch", reason="the package computes with torch")
    pytest.importorskip("compressed_tensors")
    from compressed_tensors.quantization.utils.mxfp_utils import generate_mx_scales

    amax = magnitudes()
    scales = generate_mx_scales(torch.from_numpy(amax).to(torch.bfloat16)).to(torch.float32)
    expected = scales.numpy().astype(np.int64) - 127
    np.testing.assert_array_equal(scale_exponents(amax, 1, MX_RULES["even"]), expected)
