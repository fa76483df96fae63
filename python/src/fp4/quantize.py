"""Quantizes the weight of a linear layer."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from fp4.calibration import Calibration
from fp4.formats import (
    BF16,
    F16,
    F32,
    Array,
    Format,
    Quantized,
    default_global_scale,
    dequantize,
    quantize_with_scales,
)
from fp4.formats import quantize as round_to_nearest
from fp4.hadamard import hadamard, is_hadamard_order
from fp4.layer import QuantizedLayer
from fp4.rounding import error_feedback, search_global_scale, search_scales
from fp4.transforms import (
    check_transform,
    random_orthogonal,
    transform_activation,
    transform_gram,
    transform_weight,
    wush,
)

TransformName = Literal["none", "hadamard", "random", "wush"]
Method = Literal["nearest", "feedback"]

# The largest block for which a transform is cheap beside the product with an FP4 weight.
_WUSH_SIZE = 128


@dataclass(frozen=True)
class Options:
    """How to quantize a layer, beside its format: the arguments of `quantize` of these names.

    Raises:
      ValueError, TypeError: an argument is none of these.
    """

    transform: TransformName | Array | None = None
    transform_size: int | None = None
    transform_dtype: Any = BF16
    method: Method | None = None
    scale_search: bool = True
    damping: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        names = get_args(TransformName)
        if isinstance(self.transform, str):
            if self.transform not in names:
                raise ValueError(f"transform: expected one of {names}, got {self.transform!r}")
        elif self.transform is not None and not isinstance(self.transform, np.ndarray):
            found = type(self.transform).__name__
            raise TypeError(f"transform: expected one of {names} or an array, got {found}")
        if self.method is not None and self.method not in get_args(Method):
            raise ValueError(f"method: expected one of {get_args(Method)}, got {self.method!r}")
        if np.dtype(self.transform_dtype) not in (BF16, F16, F32):
            found = np.dtype(self.transform_dtype).name
            raise TypeError(f"transform_dtype: expected bfloat16, float16 or float32, got {found}")
        if not self.damping > 0:
            raise ValueError(f"damping: expected a positive number, got {self.damping!r}")

    @property
    def needs_calibration(self) -> bool:
        """Whether a layer cannot be quantized so without calibration."""
        wants_wush = isinstance(self.transform, str) and self.transform == "wush"
        return wants_wush or self.method == "feedback"


def quantize(
    weight: Any,
    format: Format | str = "mx",
    *,
    transform: TransformName | Array | None = None,
    transform_size: int | None = None,
    transform_dtype: Any = BF16,
    calibration: Calibration | Array | None = None,
    method: Method | None = None,
    scale_search: bool = True,
    damping: float = 0.1,
    seed: int = 0,
) -> QuantizedLayer:
    """Quantizes the weight of a linear layer y = x W^T to FP4.

    The same arguments give the same layer. Float work is in f32 and f64.

    Args:
      weight: W, (N, K), a numpy array or a PyTorch tensor of any float type.
      format: "mx", "nv", or a `Format` with another group size.
      transform: "none"; "hadamard" and "random", an orthogonal matrix that is the same for all
        blocks; "wush", which needs calibration (see `fp4.transforms.wush`); or a matrix (B, B)
        or (K/B, B, B) of any float type.
      transform_size: B. If absent, the group size, and for "wush" the largest order of a Hadamard
        matrix up to 128 that divides K.
      transform_dtype: bfloat16, float16 or float32: what the transform is stored as. The weight
        takes the inverse of what is stored.
      calibration: the activations x that the layer meets, (rows, K), or statistics of them. They
        are needed by "wush" and "feedback", and set the activation's global scale for `nv`.
      method: "nearest", or "feedback" (see `fp4.rounding.error_feedback`), which needs
        calibration. If absent, "feedback" with calibration and "nearest" without.
      scale_search: whether to search for the scales with the least error, or to take the usual.
      damping: what is added to second moments for their inverses, as a part of their mean
        diagonal entry.
      seed: of the random transform.

    Returns:
      The layer. Its `activation_global_scale` is 1/3 for `mx`. For `nv` it is the one for twice
      the range that calibration saw, or 0.1 without calibration, which keeps magnitudes from
      0.06 to 268 in the normal range of the scales.

    Raises:
      TypeError: an argument of another type.
      ValueError: shapes that do not fit, weights that are not finite, or no calibration where it
        is needed.
    """
    options = Options(
        transform, transform_size, transform_dtype, method, scale_search, damping, seed
    )
    if isinstance(calibration, np.ndarray):
        calibration = Calibration.of(calibration)
    return quantize_layer(as_weight(weight), Format.of(format), options, calibration)


def quantize_layer(
    weight: Array, format: Format, options: Options, calibration: Calibration | None
) -> QuantizedLayer:
    """`quantize` of an f32 weight (N, K) with `Options`."""
    _check(weight, format, options, calibration)
    transform = _make_transform(weight, format, options, calibration)
    transformed = transform_weight(weight, transform)
    scales = _activation_scales(format, transform, calibration)
    global_scale, quantized = _round(transformed, transform, format, options, calibration, scales)
    return QuantizedLayer(*quantized, global_scale, *scales, transform)


def as_weight(weight: Any) -> Array:
    """A numpy array or PyTorch tensor of floats as f32.

    Raises:
      TypeError: anything else.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(weight, torch.Tensor):
        if not weight.is_floating_point():
            raise TypeError(f"weight: expected floats, got dtype {weight.dtype}")
        return np.asarray(weight.detach().to("cpu", torch.float32).numpy())
    if not isinstance(weight, np.ndarray):
        found = type(weight).__name__
        raise TypeError(f"weight: expected a numpy array or a PyTorch tensor, got {found}")
    if weight.dtype not in (BF16, F16, F32, np.dtype(np.float64)):
        raise TypeError(f"weight: expected floats, got dtype {weight.dtype}")
    return weight.astype(F32)


def _check(
    weight: Array, format: Format, options: Options, calibration: Calibration | None
) -> None:
    if weight.ndim != 2 or 0 in weight.shape or weight.shape[1] % format.group_size:
        raise ValueError(
            f"weight: expected shape (N, K) with K a multiple of the group size "
            f"{format.group_size}, got shape {weight.shape}"
        )
    if not np.isfinite(weight).all():
        raise ValueError("weight: expected finite values, found others")
    if calibration is None:
        if options.needs_calibration:
            raise ValueError(
                "calibration: expected activations, got none: the transform 'wush' and the "
                "method 'feedback' are computed from them"
            )
    elif calibration.in_features != weight.shape[1]:
        raise ValueError(
            f"calibration: expected {weight.shape[1]} columns as in the weight, "
            f"got {calibration.in_features}"
        )


def _make_transform(
    weight: Array, format: Format, options: Options, calibration: Calibration | None
) -> Array | None:
    """The transform as it is stored."""
    transform, k = options.transform, weight.shape[1]
    if transform is None or (isinstance(transform, str) and transform == "none"):
        return None
    if isinstance(transform, str):
        size = options.transform_size
        if size is None:
            size = _wush_size(k) if transform == "wush" else format.group_size
        if size < 1 or k % size:
            raise ValueError(f"transform_size: expected a divisor of K = {k}, got {size}")
        if transform == "hadamard":
            transform = hadamard(size)
        elif transform == "random":
            transform = random_orthogonal(size, options.seed)
        else:
            assert calibration is not None  # _check refuses
            transform = wush(weight, calibration.gram, size, options.damping)
    check_transform(transform, k)
    return transform.astype(options.transform_dtype)


def _wush_size(k: int) -> int:
    return max(
        size for size in range(1, _WUSH_SIZE + 1) if k % size == 0 and is_hadamard_order(size)
    )


def _activation_scales(
    format: Format, transform: Array | None, calibration: Calibration | None
) -> tuple[np.float32, np.float32]:
    """`gs` and `ss` of the activation."""
    if format.name == "mx":
        return np.float32(1 / 3), format.scale_scale
    if calibration is None:
        return np.float32(0.1), format.scale_scale
    seen = default_global_scale(transform_activation(calibration.sample, transform), format)
    # Twice what was seen costs nothing while scales are normal numbers, and what saturates does.
    return np.float32(2) * seen, format.scale_scale


def _round(
    weight: Array,
    transform: Array | None,
    format: Format,
    options: Options,
    calibration: Calibration | None,
    scales: tuple[np.float32, np.float32],
) -> tuple[np.float32, Quantized]:
    """The global scale, codes and scales of a transformed weight."""
    choose = search_global_scale if options.scale_search else default_global_scale
    global_scale = choose(weight, format)
    if calibration is not None and options.method != "nearest":
        moment = transform_gram(calibration.gram, transform)
        # The product sees x with the error of its own rounding. That error is independent of
        # other columns, so that it adds to the diagonal: no weight should count on x more
        # exactly than it will be known.
        moment[np.diag_indices_from(moment)] += _noise(
            transform_activation(calibration.sample, transform), format, scales
        )
        return global_scale, error_feedback(
            weight,
            moment,
            format,
            global_scale,
            damping=options.damping,
            search=options.scale_search,
        )
    if not options.scale_search:
        return global_scale, round_to_nearest(weight, format, global_scale)
    found = search_scales(weight, format, global_scale)
    return global_scale, Quantized(quantize_with_scales(weight, found, global_scale), found)


def _noise(x: Array, format: Format, scales: tuple[np.float32, np.float32]) -> Array:
    """The mean squared error of quantized rows x (R, K) in each column: f64 (K,)."""
    rounded = dequantize(*round_to_nearest(x, format, *scales), scales[0])
    return np.asarray(np.mean((rounded - x).astype(np.float64) ** 2, axis=0))
