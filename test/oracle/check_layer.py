"""Checks what a compiled layer computed: its quantized activation and its output, against the oracle.

Codes and scales must be exact where the layer has no transform. With one, each must be explained by the
freedom that the transform's summation order has, and at least 99.9 % must be exactly the oracle's. The
output is compared with the f64 product of the *given* quantized activation and the layer's weight, so that
one half's error never hides in the other. Exits with 1, and one line on stderr that names the case, the
index and both values, at the first violation.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fp4_oracle as o
import ml_dtypes
import numpy as np

REL_L2 = 1e-6
AGREEMENT = 0.999


class Mismatch(Exception):
    """A violation: the message says where, what was computed and what was expected."""


def require(ok: bool | np.bool_, message: str) -> None:
    if not ok:
        raise Mismatch(message)


def _bits(value: o.Array) -> str:
    return f"0x{int.from_bytes(value.tobytes(), 'little'):0{2 * value.itemsize}x}"


def require_all(ok: o.Array, name: str, got: o.Array, want: o.Array, note: str = "") -> None:
    """Raises for the first element that is not ok, in index order."""
    if np.all(ok):
        return
    index = tuple(int(i) for i in np.argwhere(~ok)[0])
    computed, expected = f"{got[index]} ({_bits(got[index])})", f"{want[index]}"
    if want.dtype == got.dtype:
        expected += f" ({_bits(want[index])})"
    raise Mismatch(
        f"{name}{list(index)}: computed {computed}, expected {expected}{note}; "
        f"{np.count_nonzero(~ok)} of {ok.size} differ"
    )


def require_form(name: str, got: o.Array, shape: tuple[int, ...], dtype: o.DType) -> None:
    require(got.dtype == dtype, f"{name}: computed {got.dtype}, expected {dtype}")
    require(got.shape == shape, f"{name}: computed shape {got.shape}, expected {shape}")


def require_same_bytes(
    name: str, got: dict[str, o.Array], want: dict[str, o.Array], than: str
) -> None:
    """Holds the values of a file to those of another; `than` says which."""
    for key, value in want.items():
        require_form(key, got[key], value.shape, value.dtype)
        bits = f"u{value.itemsize}"
        same = got[key].view(bits) == value.view(bits)
        if key == "y":
            # What a NaN looks like is nobody's promise.
            same |= np.isnan(got[key]) & np.isnan(value)
        require_all(same, f"{name} {key}", got[key], value, f" ({than})")


def check_exact(got: tuple[o.Array, o.Array], want: tuple[o.Array, o.Array]) -> None:
    """Every scale and every code, in that order: a wrong scale is the cause of its codes' differences."""
    scales, want_scales = got[1].view(np.uint8), want[1].view(np.uint8)
    require_all(scales == want_scales, "scale_quant", scales, want_scales)
    codes, want_codes = o.unpack(got[0]), o.unpack(want[0])
    require_all(codes == want_codes, "e2m1 code ", codes, want_codes)


def check_agreement(got: tuple[o.Array, o.Array], want: tuple[o.Array, o.Array]) -> None:
    """At least 99.9 % of the scales, and of the codes, are the same."""
    pairs = {
        "scale_quant": (got[1].view(np.uint8), want[1].view(np.uint8)),
        "e2m1 code ": (o.unpack(got[0]), o.unpack(want[0])),
    }
    for name, (computed, expected) in pairs.items():
        same = computed == expected
        if np.count_nonzero(~same) > (1 - AGREEMENT) * same.size:
            require_all(same, name, computed, expected, f" (at least {AGREEMENT:.1%} must agree)")


def _between(value: o.Array, ends: list[o.Array]) -> o.Array:
    return (np.minimum(*ends) <= value) & (value <= np.maximum(*ends))


def check_explained(
    layer: o.Layer, x: o.Array, got: tuple[o.Array, o.Array], rounding: str
) -> None:
    """Every scale and code lies between those of the least and the greatest transform result allowed."""
    assert layer.transform is not None
    packed, scales = got
    transformed = o.block_transform(x, layer.transform)
    low, high = transformed.rounded(x.dtype, -1), transformed.rounded(x.dtype, +1)
    straddles = (o.to_f32(low) < 0) & (o.to_f32(high) > 0)
    least = np.minimum(np.abs(o.to_f32(low)), np.abs(o.to_f32(high)))
    most = np.maximum(np.abs(o.to_f32(low)), np.abs(o.to_f32(high)))

    gs, ss = layer.activation_global_scale, layer.activation_scale_scale
    amaxes = [
        o.group_amax(np.where(straddles, 0, least), layer.group),
        o.group_amax(most, layer.group),
    ]
    scale_ends = [o.encode_amax(amax, gs, ss, layer.scale_type) for amax in amaxes]
    ok = _between(o.scale_order(scales), [o.scale_order(end) for end in scale_ends])
    require_all(ok, "scale_quant", scales.view(np.uint8), scale_ends[1].view(np.uint8))

    codes = o.unpack(packed)
    code_ends = [o.quantize_with_scales(end, scales, gs, rounding) for end in (low, high)]
    ok = _between(o.code_order(codes), [o.code_order(end) for end in code_ends])
    require_all(ok, "e2m1 code ", codes, code_ends[1])


def check_quantized(
    layer: o.Layer,
    x: o.Array,
    got: tuple[o.Array, o.Array],
    rounding: str = "even",
    expected: tuple[o.Array, o.Array] | None = None,
) -> None:
    """`expected`, where recorded values are at hand, takes the place of the oracle's own."""
    leading, k = x.shape[:-1], x.shape[-1]
    require_form("e2m1", got[0], (*leading, k // 2), np.dtype(np.uint8))
    require_form("scale_quant", got[1], (*leading, k // layer.group), layer.scale_type)
    want = expected if expected is not None else layer.quantize(x, rounding)
    if layer.transform is None:
        check_exact(got, want)
        return
    check_explained(layer, x, got, rounding)
    check_agreement(got, want)


def check_output(y: o.Array, reference: o.Product, result_type: o.DType) -> None:
    """The output against the f64 result, by the rule of its type."""
    want, magnitude = reference
    require_form("y", y, want.shape, result_type)
    got = y.astype(np.float64)
    nan = np.isnan(want)
    require_all(np.isnan(got) == nan, "y", y, want, " (NaN must be where it belongs, only there)")

    # Past the largest finite value an infinity stands for the next value of the format's progression.
    info = ml_dtypes.finfo(result_type)
    limit = np.ldexp(1.0, int(info.maxexp))
    with np.errstate(all="ignore"):
        got, want = np.clip(got, -limit, limit), np.clip(want, -limit, limit)
        error = np.abs(got - want)
        slack = 2.0**-22 * magnitude
        normal = (np.abs(want) >= float(info.smallest_normal)) & (np.abs(want) > slack)
        finite = np.abs(want) + o.ulp(want, result_type) < limit
        close = nan | (error <= o.ulp(want, result_type) + slack)
    require_all((got != 0) | ~normal, "y", y, reference.value, " (a normal result became zero)")
    require_all(
        (np.abs(got) < limit) | ~finite, "y", y, reference.value, " (a finite result is not)"
    )
    require_all((got == 0) | (magnitude != 0), "y", y, reference.value, " (all terms are zero)")
    if result_type == o.F32:
        # The rounding of a subnormal result is no error of the computation.
        error = np.maximum(error - float(info.smallest_subnormal), 0)
        require_small_rel_l2(y, *(np.where(nan, 0, t) for t in (want, error, magnitude)))
    else:
        allowed = f" (within an ulp of {result_type} and 2^-22 of the terms' magnitudes)"
        require_all(close, "y", y, reference.value, allowed)


def require_small_rel_l2(y: o.Array, want: o.Array, error: o.Array, magnitude: o.Array) -> None:
    """rel_l2 as such, and with every row brought to one size so that no huge row hides the others."""
    with np.errstate(all="ignore"):
        size = np.max(magnitude, axis=-1, initial=0, keepdims=True)
        row_scale = np.where((size > 0) & np.isfinite(size), 1 / size, 0)
    for how, scale in (("", np.ones_like(row_scale)), (" of rows of equal size", row_scale)):
        norm = float(np.linalg.norm(want * scale))
        off = float(np.linalg.norm(error * scale))
        if off <= REL_L2 * norm:
            continue
        worst = np.unravel_index(np.argmax(error * scale), error.shape)
        raise Mismatch(
            f"y{[int(i) for i in worst]}: computed {y[worst]}, expected {want[worst]}; "
            f"rel_l2{how} is {off / norm if norm else np.inf:.3g}, more than {REL_L2}"
        )


def check_files(
    layer_path: Path,
    input_path: Path,
    quantized_path: Path | None,
    outputs: list[tuple[o.DType, Path]],
    prefix: str = "",
    rounding: str = "even",
    expect_path: Path | None = None,
) -> None:
    """All that the files of one case allow to check."""
    layer = o.Layer.from_state(o.load(layer_path), prefix)
    x = o.load(input_path)["x"]
    recorded = o.load(expect_path) if expect_path else None
    expected = (recorded["e2m1"], recorded["scale_quant"]) if recorded else None
    if quantized_path:
        stored = o.load(quantized_path)
        quantized = (stored["e2m1"], stored["scale_quant"])
        check_quantized(layer, x, quantized, rounding, expected)
    else:
        quantized = layer.quantize(x, rounding)
    reference = layer.matmul(*quantized)
    for dtype, path in outputs:
        y = o.load(path)["y"]
        try:
            check_output(y, reference, dtype)
            if (
                recorded
                and expected
                and [t.tobytes() for t in quantized] == [t.tobytes() for t in expected]
            ):
                check_output(y, o.Product(recorded["y"], reference.magnitude), dtype)
        except Mismatch as mismatch:
            raise Mismatch(f"result {dtype}: {mismatch}") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", type=Path, help="the layer's safetensors file")
    parser.add_argument("input", type=Path, help="safetensors file with x")
    parser.add_argument("--quantized", type=Path, help="what @quantize computed")
    for name in o.FLOAT_TYPES:
        parser.add_argument(f"--{name}", type=Path, help=f"what @forward computed as {name}")
    parser.add_argument("--prefix", default="", help="what the layer's keys start with")
    parser.add_argument("--rounding", choices=o.ROUNDINGS, default="even")
    parser.add_argument("--expect", type=Path, help="recorded e2m1, scale_quant and f64 y")
    parser.add_argument("--case", help="the name that messages begin with")
    arguments = parser.parse_args()
    outputs = [
        (dtype, path) for name, dtype in o.FLOAT_TYPES.items() if (path := getattr(arguments, name))
    ]
    try:
        check_files(
            arguments.layer,
            arguments.input,
            arguments.quantized,
            outputs,
            arguments.prefix,
            arguments.rounding,
            arguments.expect,
        )
    except Mismatch as mismatch:
        sys.exit(f"{arguments.case or arguments.layer}: {mismatch}")


if __name__ == "__main__":
    main()
