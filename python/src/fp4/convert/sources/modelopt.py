"""NVIDIA ModelOpt: NVFP4 and its variants, and MXFP4.

modelopt/torch/quantization/qtensor/{nvfp4,mxfp4}_tensor.py, modelopt/torch/export/quant_utils.py.
Its scales are multipliers: weight_scale_2 = amax / (6 * 448), input_scale likewise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Final, Literal

import numpy as np

from ..activation import UNSCALED, Activation, assumed_mx, assumed_nv, dynamic_mx, static_nv
from ..blocks import check_codes, check_scales, retyped, without_e8m0_nan
from ..checkpoint import Checkpoint
from ..dtypes import Array
from ..global_scale import is_usable, multiplier, read_scalars
from ..layer import ScaleFormat, Weight, make_layer
from ..options import Options
from ..plan import Content, Plan, stored
from ..safetensors_file import StoredTensor
from .parts import modules_with, take_parts

NAME = "ModelOpt"
METHOD = "modelopt"
_REFUSED = {
    "svdquant_lora_a": "the low-rank part of NVFP4_SVD is no part of a layer here",
    "svdquant_lora_b": "the low-rank part of NVFP4_SVD is no part of a layer here",
}


@dataclass(frozen=True)
class _Algorithm:
    """What a `quant_algo` does."""

    scale_format: ScaleFormat
    activation: Literal["fp4", "fp8", "none"]


_ALGORITHMS: Final = {
    "NVFP4": _Algorithm("nv", "fp4"),
    "NVFP4_AWQ": _Algorithm("nv", "fp4"),
    "W4A16_NVFP4": _Algorithm("nv", "none"),
    "W4A8_NVFP4_FP8": _Algorithm("nv", "fp8"),
    "W4A8_MXFP4_FP8": _Algorithm("mx", "fp8"),
    "MXFP4": _Algorithm("mx", "fp4"),
}
# For FP8 activations input_scale is amax / 448: a sixth of it is what FP4 activations have.
_FP8_TO_FP4: Final = 6


def recognise(checkpoint: Checkpoint) -> bool:
    """Whether a module has codes as its weight and a second scale, which only this format has."""
    return any(
        f"{module}.weight_scale_2" in checkpoint.tensors
        for module in modules_with(checkpoint, "weight")
    )


def plan(checkpoint: Checkpoint, options: Options) -> Plan:
    """Each module with a U8 weight becomes a layer; one of experts, U8 (E, N, K/2), E of them.

    Raises:
      ConversionError: another algorithm, or a module is not as its algorithm says.
    """
    result = Plan(NAME)
    for module in modules_with(checkpoint, "weight"):
        algorithm = _find_algorithm(checkpoint, module)
        nv = algorithm.scale_format == "nv"
        parts = take_parts(
            checkpoint,
            module,
            ("weight", "weight_scale", *(("weight_scale_2",) if nv else ())),
            ("input_scale", "pre_quant_scale", "bias"),
            _REFUSED,
        )
        _plan_module(module, parts, algorithm, options, result)
        result.consumed.update(tensor.name for tensor in parts.values())
    return result


def _find_algorithm(checkpoint: Checkpoint, module: str) -> _Algorithm:
    quantization = checkpoint.quantization
    if not quantization:
        return _ALGORITHMS["NVFP4"]  # recognised by tensors that only it has
    name: Any = quantization.get("quant_algo")
    if name == "MIXED_PRECISION":
        layers = quantization.get("quantized_layers")
        entry = layers.get(module) if isinstance(layers, dict) else None
        name = entry.get("quant_algo") if isinstance(entry, dict) else None
    # Upper case but for mxfp4, which export/quant_utils.py writes as it calls it inside.
    if not isinstance(name, str) or name.upper() not in _ALGORITHMS:
        raise checkpoint.error(
            f"module '{module}': quant_algo: expected {', '.join(_ALGORITHMS)}, found {name!r}"
        )
    return _ALGORITHMS[name.upper()]


def _plan_module(
    module: str,
    parts: dict[str, StoredTensor],
    algorithm: _Algorithm,
    options: Options,
    result: Plan,
) -> None:
    codes, scales = parts["weight"], parts["weight_scale"]
    stacked = len(codes.shape) == 3
    check_codes(codes, 3 if stacked else 2)
    scale_format = algorithm.scale_format
    check_scales(scales, codes, scale_format, ("F8_E4M3",) if scale_format == "nv" else ("U8",))
    count = codes.shape[0] if stacked else 1
    global_scales, second_name = [UNSCALED] * count, None
    if "weight_scale_2" in parts:
        second = parts["weight_scale_2"]
        second_name = second.name
        global_scales = [multiplier(second, v) for v in _one_each(second, count)]
    activations = _read_activations(parts, algorithm, count, options, result.notes)
    bias = parts.get("bias")
    if stacked and bias is not None and bias.shape != codes.shape[:2]:
        raise bias.error(f"expected a bias of shape {codes.shape[:2]}, found {bias}")
    transform = None
    if "pre_quant_scale" in parts:
        transform = _read_smoothing(parts["pre_quant_scale"], codes)

    def one(content: Content, e: int) -> Content:
        return _slice(content, e) if stacked else content

    for e in range(count):
        scale_content = one(retyped(scales, scale_format), e)
        if scale_format == "mx":
            scale_content = without_e8m0_nan(scale_content, scales)
        weight = Weight(
            scale_format, one(stored(codes), e), scale_content, global_scales[e], second_name
        )
        name = f"{module}.{e}" if stacked else module
        bias_content = None if bias is None else one(stored(bias), e)
        result.layers.append(make_layer(name, weight, activations[e], transform, bias_content))


def _one_each(tensor: StoredTensor, count: int) -> list[float]:
    """One value for each expert; a single one is for all."""
    if prod(tensor.shape) == 1:
        return read_scalars(tensor) * count
    return read_scalars(tensor, count)


def _slice(stack: Content, index: int) -> Content:
    """One of a stack of tensors."""

    def take(array: Array) -> Array:
        whole: Array = array.reshape(-1).view(np.uint8).reshape(stack.shape[0], -1)
        one: Array = whole[index]
        return one

    return stack.then(take, stack.dtype, stack.shape[1:])


def _read_activations(
    parts: dict[str, StoredTensor],
    algorithm: _Algorithm,
    count: int,
    options: Options,
    notes: list[str],
) -> list[Activation]:
    if algorithm.scale_format == "mx":
        if algorithm.activation == "fp4":
            return [dynamic_mx("rceil")] * count  # MXFP4QTensor.quantize: ceil(log2(amax / 6))
        return [assumed_mx(f"the source quantizes it to {algorithm.activation}")] * count
    default = options.activation_global_scale
    scale = parts.get("input_scale")
    if algorithm.activation == "none" or scale is None:
        return [assumed_nv(default, "the source has no static scale")] * count
    activations = []
    for value in _one_each(scale, count):
        if not is_usable(value):
            # Experts that saw no data: NVIDIA/TensorRT-LLM, pull request 16447.
            notes.append(
                f"{scale.name}: {value}, as of a module that saw no data when it was calibrated; "
                f"{default} is assumed"
            )
            activations.append(assumed_nv(default, "the source was not calibrated"))
        elif algorithm.activation == "fp8":
            activations.append(static_nv(np.float32(value / _FP8_TO_FP4), scale.name))
        else:
            activations.append(static_nv(multiplier(scale, value), scale.name))
    return activations


def _read_smoothing(scale: StoredTensor, codes: StoredTensor) -> Content:
    """`pre_quant_scale`, which x is multiplied with: a transform in blocks of one element.

    Raises:
      ConversionError: not BF16, F16 or F32 of shape (K).
    """
    k = codes.shape[-1] * 2
    if scale.dtype not in ("BF16", "F16", "F32") or scale.shape != (k,):
        raise scale.error(f"expected BF16, F16 or F32 ({k},), found {scale}")
    content = stored(scale)
    return content.then(lambda array: array, content.dtype, (k, 1, 1))
