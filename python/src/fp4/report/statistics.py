"""Figures of one quantized layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fp4.formats import F32, Array, decode_scale
from fp4.layer import QuantizedLayer
from fp4.transforms import apply_blocks, transform_weight

# Rows are looked at in runs of so many elements, each of which is in f32 a few times.
_ELEMENTS = 1 << 22


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """Figures of a layer's weight.

    Attributes:
      name: of the layer; empty for one that has none.
      format: such as "nv16": format and group size.
      shape: (N, K).
      transform_size: B, or None without a transform.
      bits: stored bits for each weight, those of scales and of the transform among them.
      codes: how often each code 0 to 15 occurs, int64 (16,).
      scale_exponents: the exponents e, ascending, of scales in [2^e, 2^(e + 1)), `gs` not counted.
      scale_counts: how many scales have each of these exponents.
      zero_scales: how many groups have the scale 0 (e4m3) or 2^-127 (e8m0): groups of zeros.
      top_scales: how many have the largest scale of the type, which may have been clamped.
      nan_scales: how many groups are NaN.
      error: |W - W'|_2 / |W|_2 against the weight before quantization; None if it is not known.
      saturated: how many elements of the transformed weight lie beyond 7 times their scale, so
        that the largest code, 6, is further off than rounding ever is; None if the weight is not
        known.
    """

    name: str
    format: str
    shape: tuple[int, int]
    transform_size: int | None
    bits: float
    codes: Array
    scale_exponents: Array
    scale_counts: Array
    zero_scales: int
    top_scales: int
    nan_scales: int
    error: float | None = None
    saturated: int | None = None

    @property
    def sqnr(self) -> float | None:
        """The ratio of signal to quantization noise, in dB; None if the error is not known."""
        if self.error is None:
            return None
        return float("inf") if self.error == 0 else float(-20 * np.log10(self.error))

    @property
    def at_largest(self) -> float:
        """The part of the codes that are +6 or -6."""
        return float((self.codes[7] + self.codes[15]) / max(1, int(self.codes.sum())))


def measure(name: str, layer: QuantizedLayer, weight: Array | None = None) -> LayerStatistics:
    """Measures a layer.

    Args:
      name: of the layer.
      layer: the layer.
      weight: (N, K) before quantization and transform, any float type; None if it is not known.

    Raises:
      ValueError: the weight has another shape.
    """
    shape = (layer.out_features, layer.in_features)
    if weight is not None and weight.shape != shape:
        raise ValueError(f"layer '{name}': weight: expected shape {shape}, got {weight.shape}")
    error, saturated = (None, None) if weight is None else _compare(layer, weight)
    stored = (layer.e2m1, layer.scale_quant, layer.transform)
    exponents, counts, zero, top, nan = _scales(layer.scale_quant)
    return LayerStatistics(
        name=name,
        format=str(layer.format),
        shape=shape,
        transform_size=None if layer.transform is None else int(layer.transform.shape[-1]),
        bits=8 * sum(0 if t is None else t.nbytes for t in stored) / max(1, shape[0] * shape[1]),
        codes=_count_codes(layer.e2m1),
        scale_exponents=exponents,
        scale_counts=counts,
        zero_scales=zero,
        top_scales=top,
        nan_scales=nan,
        error=error,
        saturated=saturated,
    )


def _count_codes(packed: Array) -> Array:
    count = np.zeros(256, np.int64)
    flat = packed.reshape(-1)
    for begin in range(0, flat.size, _ELEMENTS):  # bincount makes 8 bytes of each
        count += np.bincount(flat[begin : begin + _ELEMENTS], minlength=256)
    pairs = count.reshape(16, 16)  # high nibble, low nibble
    return np.asarray(pairs.sum(axis=0) + pairs.sum(axis=1))


def _scales(scales: Array) -> tuple[Array, Array, int, int, int]:
    """Exponents, how often they occur, and the numbers of least, greatest and NaN scales."""
    count = np.bincount(scales.view(np.uint8).reshape(-1), minlength=256)
    values = np.abs(decode_scale(np.arange(256, dtype=np.uint8).view(scales.dtype)))
    nan = np.isnan(values)
    least = values == np.nanmin(values)
    finite = ~nan & (values > 0)
    exponent = np.frexp(values, where=finite, out=(np.zeros(256, F32), np.zeros(256, np.int32)))[1]
    used = finite & (count > 0)
    exponents, at = np.unique(exponent[used] - 1, return_inverse=True)
    counts = np.bincount(at, weights=count[used]).astype(np.int64)
    top = values == np.nanmax(values)
    return exponents, counts, int(count[least].sum()), int(count[top].sum()), int(count[nan].sum())


def _compare(layer: QuantizedLayer, weight: Array) -> tuple[float, int]:
    """The relative error, and how many elements saturate."""
    rows = max(1, _ELEMENTS // max(1, layer.in_features))
    noise = energy = 0.0
    saturated = 0
    for begin in range(0, layer.out_features, rows):
        at = slice(begin, begin + rows)
        part = QuantizedLayer(
            layer.e2m1[at],
            layer.scale_quant[at],
            layer.weight_global_scale,
            layer.activation_global_scale,
            layer.activation_scale_scale,
        )
        original = weight[at].astype(F32)
        stored = part.dequantize()
        back = stored if layer.transform is None else apply_blocks(stored, layer.transform)
        noise += float(np.sum((back - original).astype(np.float64) ** 2))
        energy += float(np.sum(original.astype(np.float64) ** 2))
        with np.errstate(all="ignore"):
            limit = 7 * np.abs(decode_scale(part.scale_quant) * layer.weight_global_scale)
        magnitude = np.abs(transform_weight(original, layer.transform))
        beyond = magnitude > np.repeat(limit, layer.format.group_size, axis=1)
        saturated += int(np.count_nonzero(beyond))
    if energy == 0:
        return (0.0 if noise == 0 else float("inf")), saturated
    return float(np.sqrt(noise / energy)), saturated
