"""FP-Quant, for QuTLASS's kernels: weights in a rotated basis, in MXFP4 or NVFP4.

inference_lib/src/fp_quant/module/linear.py: x is multiplied with `forward_hadamard_matrix`, block
by block and from the right; global scales are divisors, 3 for MXFP4 by abs_max, whose scales are
the exponents of amax itself.
"""

from __future__ import annotations

import numpy as np

from ..activation import MX_ABS_MAX, MX_RULES, Activation, static_nv
from ..blocks import check_codes, check_scales, retyped, without_e8m0_nan
from ..checkpoint import Checkpoint
from ..dtypes import NUMPY, Array
from ..global_scale import read_scalars, reciprocal
from ..layer import GROUP_SIZE, ScaleFormat, Weight, make_layer
from ..options import Options
from ..plan import Content, Plan, stored
from ..safetensors_file import StoredTensor
from .parts import modules_with, take_parts

NAME = "FP-Quant"
METHOD = "fp_quant"
_PARTS = ("qweight", "scales", "weight_global_scale", "act_global_scale", "forward_hadamard_matrix")
# For training: the matrix of the backward pass, and the weights that are trained.
_DROPPED = ("backward_hadamard_matrix", "weight")
_REFUSED = {"dqweight": "weights of a pseudo-quantized model are not in FP4"}


def recognise(checkpoint: Checkpoint) -> bool:
    """Whether there are U8 codes under this format's name; others of that name are I32."""
    return bool(modules_with(checkpoint, "qweight"))


def plan(checkpoint: Checkpoint, options: Options) -> Plan:
    """Each module with `qweight` becomes a layer with a transform.

    Raises:
      ConversionError: a module is not as the format says, or not as the configuration says.
    """
    result = Plan(NAME)
    for module in modules_with(checkpoint, "qweight"):
        parts = take_parts(checkpoint, module, _PARTS, ("bias", *_DROPPED), _REFUSED)
        scale_format = _find_format(checkpoint, parts)
        codes, scales = parts["qweight"], parts["scales"]
        # Raw bits of either scale type: the shape says which.
        check_scales(scales, codes, scale_format, ("U8",))
        content = retyped(scales, scale_format)
        if scale_format == "mx":
            content = without_e8m0_nan(content, scales)
        divisor = parts["weight_global_scale"]
        gs = reciprocal(divisor, read_scalars(divisor)[0])
        result.layers.append(
            make_layer(
                module,
                Weight(scale_format, stored(codes), content, gs, divisor.name),
                _read_activation(parts["act_global_scale"], scale_format, result.notes),
                _read_transform(parts["forward_hadamard_matrix"], codes),
                stored(parts["bias"]) if "bias" in parts else None,
            )
        )
        result.notes += [
            f"{parts[p].name}: dropped, for training only" for p in _DROPPED if p in parts
        ]
        result.consumed.update(tensor.name for tensor in parts.values())
    return result


def _find_format(checkpoint: Checkpoint, parts: dict[str, StoredTensor]) -> ScaleFormat:
    """The format of a module: the configuration's, or that of the number of scales."""
    codes, scales = parts["qweight"], parts["scales"]
    check_codes(codes)
    named = checkpoint.quantization.get("forward_dtype")
    if named is None:
        per_row = scales.shape[-1] if scales.shape else 0
        return "nv" if per_row * GROUP_SIZE["nv"] == codes.shape[-1] * 2 else "mx"
    if named not in ("mxfp4", "nvfp4"):
        raise checkpoint.error(
            f"quantization_config.forward_dtype: expected mxfp4 or nvfp4, found {named!r}"
        )
    return "mx" if named == "mxfp4" else "nv"


def _read_activation(
    divisor: StoredTensor, scale_format: ScaleFormat, notes: list[str]
) -> Activation:
    (value,) = read_scalars(divisor)
    gs = reciprocal(divisor, value)
    if scale_format == "nv":
        return static_nv(gs, divisor.name)
    if value == 3:
        return Activation(gs, MX_ABS_MAX, "dynamic: abs_max", divisor.name)
    if value == 1:
        notes.append(
            f"{divisor.name}: 1, as of the method quest, whose scales of activations are from the "
            f"standard deviation of a group; here they are from its largest magnitude"
        )
        return Activation(
            gs, MX_RULES["rceil"], "assumed: the source's rule is quest", divisor.name
        )
    raise divisor.error(f"expected 3 (abs_max) or 1 (quest) for MXFP4, found {value}")


def _read_transform(matrix: StoredTensor, codes: StoredTensor) -> Content:
    """The transform of [T1]: y[j] = sum_i T[j, i] * x[i], where the source has x @ H.

    Raises:
      ConversionError: not a square matrix of BF16, F16 or F32, or its size does not divide K.
    """
    shape = matrix.shape
    if matrix.dtype not in ("BF16", "F16", "F32") or len(shape) != 2 or shape[0] != shape[1]:
        raise matrix.error(f"expected BF16, F16 or F32 (B, B), found {matrix}")
    k = codes.shape[-1] * 2
    if shape[0] == 0 or k % shape[0]:
        raise matrix.error(f"expected (B, B) with a B that divides K = {k}, found {matrix}")

    def transpose(array: Array) -> Array:
        return np.ascontiguousarray(array.view(NUMPY[matrix.dtype]).reshape(shape).T)

    return stored(matrix).then(transpose, matrix.dtype, shape)
