"""compressed-tensors, as llm-compressor writes it and vLLM reads it.

nvfp4-pack-quantized and mxfp4-pack-quantized: src/compressed_tensors/compressors/{nvfp4,mxfp4}.
Its global scales are divisors; the package's own converter from ModelOpt inverts them
(entrypoints/convert/converters/modelopt_nvfp4.py).
"""

from __future__ import annotations

from typing import Any

from ..activation import UNSCALED, Activation, assumed_mx, assumed_nv, dynamic_mx, static_nv
from ..blocks import check_codes, check_scales, retyped, without_e8m0_nan
from ..checkpoint import Checkpoint
from ..global_scale import is_usable, read_scalars, reciprocal
from ..layer import ScaleFormat, Weight, make_layer
from ..options import Options
from ..plan import Plan, stored
from ..safetensors_file import StoredTensor
from .parts import modules_with, take_parts

NAME = "compressed-tensors"
METHOD = "compressed-tensors"
_FORMATS = ("nvfp4-pack-quantized", "mxfp4-pack-quantized", "mixed-precision")
_REFUSED = {
    "weight_zero_point": "FP4 weights have no zero point here",
    "weight_g_idx": "groups in the order of activations cannot be held: K is cut in order ([F5])",
}


def recognise(checkpoint: Checkpoint) -> bool:
    """Whether there are packed FP4 codes under this format's name."""
    return bool(modules_with(checkpoint, "weight_packed"))


def plan(checkpoint: Checkpoint, options: Options) -> Plan:
    """Each module with `weight_packed` becomes a layer.

    Raises:
      ConversionError: the configuration names another format, online transforms, or a module is
        not as the format says.
    """
    _check_config(checkpoint)
    result = Plan(NAME)
    for module in modules_with(checkpoint, "weight_packed"):
        parts = take_parts(
            checkpoint,
            module,
            ("weight_packed", "weight_scale"),
            ("weight_global_scale", "input_global_scale", "bias"),
            _REFUSED,
        )
        weight = _read_weight(parts)
        activation = _read_activation(checkpoint, parts, weight.scale_format, options, result.notes)
        bias = stored(parts["bias"]) if "bias" in parts else None
        result.layers.append(make_layer(module, weight, activation, bias=bias))
        result.consumed.update(tensor.name for tensor in parts.values())
    return result


def _find_activation_bits(quantization: dict[str, Any]) -> set[int | None]:
    """The bits of activations in all groups; None for those that are not quantized."""
    groups = quantization.get("config_groups")
    found: set[int | None] = set()
    for group in groups.values() if isinstance(groups, dict) else ():
        arguments = group.get("input_activations") if isinstance(group, dict) else None
        bits = arguments.get("num_bits") if isinstance(arguments, dict) else None
        found.add(bits if isinstance(bits, int) else None)
    return found


def _check_config(checkpoint: Checkpoint) -> None:
    quantization = checkpoint.quantization
    found = quantization.get("format")
    # Absent in checkpoints that were compressed by hand; the tensors then say it all.
    if found is not None and found not in _FORMATS:
        raise checkpoint.error(
            f"quantization_config.format: expected {', '.join(_FORMATS)}, found {found!r}"
        )
    for name, location in _find_transforms(checkpoint):
        # Those at weights are part of the weights already.
        if location in ("input", "output"):
            raise checkpoint.error(
                f"quantization_config.transform_config: expected transforms of weights, found "
                f"'{name}' at location '{location}', which is computed at run time"
            )


def _find_transforms(checkpoint: Checkpoint) -> list[tuple[str, object]]:
    """Names and locations of the transforms that the configuration has."""
    config = checkpoint.quantization.get("transform_config") or {}
    try:
        return [
            (name, entry["location"])
            for name, scheme in (config.get("config_groups") or {}).items()
            for entry in scheme["apply"]
        ]
    except (AttributeError, KeyError, TypeError):
        raise checkpoint.error(
            "quantization_config.transform_config: expected config_groups of schemes, each with "
            "'apply', a list of objects with a 'location'"
        ) from None


def _read_weight(parts: dict[str, StoredTensor]) -> Weight:
    codes, scales = parts["weight_packed"], parts["weight_scale"]
    check_codes(codes)
    if scales.dtype == "F8_E4M3":
        check_scales(scales, codes, "nv", ("F8_E4M3",))
        divisor = parts.get("weight_global_scale")
        if divisor is None:
            raise scales.error("expected weight_global_scale beside e4m3 scales, found none")
        gs = reciprocal(divisor, read_scalars(divisor)[0])
        return Weight("nv", stored(codes), stored(scales), gs, divisor.name)
    check_scales(scales, codes, "mx", ("U8", "F8_E8M0"))
    if "weight_global_scale" in parts:
        raise parts["weight_global_scale"].error("expected none beside e8m0 scales")
    checked = (
        without_e8m0_nan(retyped(scales, "mx"), scales) if scales.dtype == "U8" else stored(scales)
    )
    return Weight("mx", stored(codes), checked, UNSCALED)


def _read_activation(
    checkpoint: Checkpoint,
    parts: dict[str, StoredTensor],
    scale_format: ScaleFormat,
    options: Options,
    notes: list[str],
) -> Activation:
    bits = _find_activation_bits(checkpoint.quantization)
    if not bits or 4 in bits:
        why = "the source has no static scale"
    elif bits == {None}:
        why = "the source does not quantize it"
    else:
        why = f"the source quantizes it to {max(b for b in bits if b is not None)} bits"
    if scale_format == "mx":
        # compressed_tensors/quantization/utils/mxfp_utils.py: e8m0 scales by the rule EVEN.
        return dynamic_mx("even") if 4 in bits else assumed_mx(why)
    divisor = parts.get("input_global_scale")
    if divisor is None or (bits and 4 not in bits):
        return assumed_nv(options.activation_global_scale, why)
    (value,) = read_scalars(divisor)
    if not is_usable(value):
        # Experts that saw no data: vllm-project/compressed-tensors, pull request 595.
        notes.append(
            f"{divisor.name}: {value}, as of a module that saw no data when it was calibrated; "
            f"{options.activation_global_scale} is assumed"
        )
        return assumed_nv(options.activation_global_scale, "the source was not calibrated")
    return static_nv(reciprocal(divisor, value), divisor.name)
