"""Seeded layers and inputs that the recorded vectors do not hold."""

from __future__ import annotations

from dataclasses import dataclass

import fp4_oracle as o
import ml_dtypes
import numpy as np


@dataclass(frozen=True)
class Spec:
    """What to make. `x_shape` ends in K; `transform` is absent, or (per block?, block size, type)."""

    scale_format: str
    x_shape: tuple[int, ...]
    n: int
    group: int
    activation_type: str
    transform: tuple[bool, int, str] | None = None
    gs_a: float = 0.1
    gs_w: float = 0.125
    ss: float = 6.0
    seed: int = 0
    one_element_scalars: bool = False
    omit_activation_scalars: bool = False
    prefix: str = ""


def _scalar(value: float, spec: Spec) -> o.Array:
    return np.full((1,) if spec.one_element_scalars else (), value, np.float32)


def _weight_scales(spec: Spec, rng: np.random.Generator) -> o.Array:
    """Non-uniform scales; with 8 rows or more also the type's zero, NaN, least, greatest and negative."""
    shape = (spec.n, spec.x_shape[-1] // spec.group)
    if spec.scale_format == "mx":
        scales = rng.integers(117, 134, shape)
        special = [0, 255, 1, 126]
    else:
        scales = rng.integers(0x18, 0x68, shape)
        special = [0x00, 0x7F, 0x01, 0x7E, 0x80, 0xB8, 0xFF]
    if spec.n >= 8:
        for row, byte in enumerate(special):
            scales[row, rng.integers(shape[1])] = byte
    return scales.astype(np.uint8).view(o.SCALE_TYPES[spec.scale_format])


def _transform(spec: Spec, rng: np.random.Generator) -> o.Array | None:
    if spec.transform is None:
        return None
    per_block, size, dtype = spec.transform
    shape = (spec.x_shape[-1] // size, size, size) if per_block else (size, size)
    return o.round_to(o.to_f32(rng.normal(size=shape) / np.sqrt(size)), o.FLOAT_TYPES[dtype])


def _activation(spec: Spec, rng: np.random.Generator) -> o.Array:
    """Normal values of many sizes; with 8 rows or more also rows with NaN, infinity, zeros and extremes."""
    dtype = o.FLOAT_TYPES[spec.activation_type]
    k = spec.x_shape[-1]
    rows = rng.normal(size=spec.x_shape).reshape(-1, k) * np.exp2(rng.integers(-3, 4, (1, k)))
    if len(rows) >= 8:
        info = ml_dtypes.finfo(dtype)
        rows[1, rng.integers(k)] = np.nan
        rows[2, rng.integers(k)] = np.inf
        rows[3] = np.where(rng.integers(2, size=k), 0.0, -0.0)
        # A transform of f32's own subnormals has no digits left to compare.
        exact = spec.transform is None or dtype == o.F16
        rows[4] = rng.integers(-9, 10, k) * (float(info.smallest_subnormal) if exact else 2.0**-100)
        rows[5] *= min(2.0**100, float(info.max) / 2.0**7)
        rows[6] = np.trunc(rows[6]) / 2  # e2m1's own values and ties, zeros among them
    return o.round_to(o.to_f32(rows), dtype).reshape(spec.x_shape)


def make(spec: Spec) -> tuple[dict[str, o.Array], o.Array]:
    """The layer's state and its input."""
    rng = np.random.default_rng(spec.seed)
    k = spec.x_shape[-1]
    state = {
        "e2m1": rng.integers(0, 256, (spec.n, k // 2)).astype(np.uint8),
        "scale_quant": _weight_scales(spec, rng),
        "weight_global_scale": _scalar(spec.gs_w, spec),
    }
    transform = _transform(spec, rng)
    if transform is not None:
        state["transform"] = transform
    if not spec.omit_activation_scalars:
        state["activation_global_scale"] = _scalar(spec.gs_a, spec)
        state["activation_scale_scale"] = _scalar(spec.ss, spec)
    return {spec.prefix + name: value for name, value in state.items()}, _activation(spec, rng)


# ---- scale pairs that overflow or underflow f32 though the result does not -----------------------------


def _extreme(
    x_scales: list[int], w_scales: list[int], dots: list[int], gs: float
) -> tuple[dict[str, o.Array], o.Array]:
    """Per group: both scales' exponents, and whether the codes' dot product is 0, positive or negative.

    The magnitude of the weight codes is one per row, so that equal terms of opposite signs cancel.
    """
    group, n = 32, 5
    magnitude = np.array([1, 2, 4, 6, 7])[:, np.newaxis, np.newaxis]
    signs = {0: np.arange(group) % 2, 1: np.zeros(group), -1: np.ones(group)}
    codes = (magnitude + 8 * np.stack([signs[dot] for dot in dots])).astype(np.uint8)
    scales = np.broadcast_to(np.array(w_scales) + 127, (n, len(dots)))
    # With ss = 4 an activation of 4 * 2^e * gs quantizes to the scale 2^e and the code of 4.
    x = np.repeat(np.ldexp(4.0 * gs, np.array(x_scales)), group)
    state = {
        "e2m1": o.pack(codes.reshape(n, -1)),
        "scale_quant": scales.astype(np.uint8).view(o.E8M0),
        "weight_global_scale": np.array(gs, np.float32),
        "activation_global_scale": np.array(gs, np.float32),
        "activation_scale_scale": np.array(4, np.float32),
    }
    return state, np.broadcast_to(o.to_f32(x), (3, x.size)).copy()


EXTREMES = {
    # A product of scales that f32 cannot hold, on a zero dot product, among ordinary groups.
    "overflow-on-zero": ([30, 0, 1, 30], [100, 0, -2, 100], [0, 1, -1, 0], 1.0),
    # One that f32 flushes, on a large dot product.
    "underflow": ([-60, -60], [-100, -101], [1, 1], 2.0**30),
    # One that overflows before a small alpha brings it back.
    "overflow-before-alpha": ([100, 99], [100, 100], [1, -1], 2.0**-63),
    # An alpha that is subnormal itself.
    "subnormal-alpha": ([70, 69], [70, 68], [1, 1], 2.0**-70),
    # Two terms beyond f32 that cancel.
    "overflow-cancels": ([30, 30, 0], [100, 100, 0], [1, -1, 1], 1.0),
    # A zero beside what counts, far above it, and a little behind it that is kept.
    "hidden-by-zero": ([20, 0, -10, -10], [40, 0, -10, -10], [0, 1, 1, 1], 1.0),
}


def make_extreme(kind: str) -> tuple[dict[str, o.Array], o.Array]:
    return _extreme(*EXTREMES[kind])
