"""Runs @quantize on every value at which its result changes, and compares all codes and scales exactly.

    exhaustive.py --bin=BIN --work=DIR codes  --format=mx --rounding=zero
    exhaustive.py --bin=BIN --work=DIR scales --format=nv --activation=bf16

codes: every tie of e2m1, its f32 neighbours, zeros, infinities, NaN and subnormals, under many scales.
scales: groups whose greatest magnitude sweeps the edges of the scale type (f32), or takes every value that
the activation's type has (bf16, f16).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import check_layer
import cpu_isas
import fp4_oracle as o
import numpy as np
import run_case

# (gs, ss) that make s a power of two, that do not, that are negative, and that are zero.
SCALARS = {
    "mx": [(1.0, 8.0), (1 / 3, 4.0), (-1 / 3, 4.0), (0.1, -1.0), (1 / 3, 0.0)],
    "nv": [(1.0, 8.0), (0.1, 6.0), (-0.1, 6.0), (1 / 6, -6.0), (0.125, 0.0)],
}


def neighbours(values: o.Array, distance: int) -> o.Array:
    """The f32 values themselves, and those up to `distance` steps to either side."""
    below, above = [values], [values]
    with np.errstate(all="ignore"):
        for _ in range(distance):
            below.append(np.nextafter(below[-1], np.float32(-np.inf)))
            above.append(np.nextafter(above[-1], np.float32(np.inf)))
    return np.stack([*reversed(below[1:]), *above])


def groups_of(values: o.Array, anchors: o.Array, group: int) -> o.Array:
    """(anchors, G - 1 values) in every combination, each row led by its anchor."""
    padding = -values.size % (group - 1)
    chunks = np.append(values, np.zeros(padding, np.float32)).reshape(-1, group - 1)
    rows = np.empty((anchors.size, len(chunks), group), np.float32)
    rows[:, :, 0] = anchors[:, np.newaxis]
    rows[:, :, 1:] = chunks
    return rows.reshape(-1, group)


def code_inputs(gs: np.float32, ss: np.float32, group: int, scale_type: o.DType) -> o.Array:
    """Rows of one group each: an anchor sets the scale, the rest land on and beside every tie of q."""
    targets = np.concatenate([o.E2M1_MIDPOINTS, [6.0, 7.0, 0.5, 1.0]]).astype(np.float32)
    targets = np.concatenate([targets, -targets])
    tiny = np.array([0.0, -0.0, 1e-45, -1e-45, 1.1754942e-38, -1.1754942e-38], np.float32)
    exponents = [-130, -126, -100, -20, -9, -6, -1, 0, 3, 8, 60, 100, 126]
    with np.errstate(all="ignore"):
        product = np.float32(ss * gs) or np.float32(1)
        anchors = np.ldexp(np.float32(1.25), exponents).astype(np.float32) * product
    rows = []
    for anchor in anchors:
        with np.errstate(all="ignore"):
            scale = o.encode_amax(np.abs(anchor)[np.newaxis], gs, ss, scale_type)
            s = o.decode_scale(scale)[0] * gs
            near = neighbours(targets * s, 2).ravel()
        near = near[np.abs(near) <= np.abs(anchor)]  # not a value that would move the scale
        rows.append(groups_of(np.concatenate([near, tiny]), anchor[np.newaxis], group))
    special = np.array([np.inf, -np.inf, np.nan, -np.nan, 0.0, -0.0, 3.4028235e38], np.float32)
    rows.append(groups_of(np.concatenate([targets, tiny, special[:2]]), special, group))
    rows.append(np.zeros((1, group), np.float32))
    rows.append(np.full((1, group), -0.0, np.float32))
    return np.concatenate(rows)


def scale_edges(scale_type: o.DType) -> o.Array:
    """Every value and every midpoint of a scale type, the values past its ends, and the f32 ends."""
    if scale_type == o.E8M0:
        powers = np.ldexp(1.0, np.arange(-130, 128))
        edges = np.concatenate([powers, 1.5 * powers])
    else:
        edges = np.concatenate([o.E4M3_MAGNITUDES, o.E4M3_MIDPOINTS, [464.0, 480.0, 1e30]])
    ends = [0.0, 1e-45, 1.1754942e-38, 1.1754944e-38, 3.4028235e38, np.inf, np.nan]
    return np.concatenate([edges, ends]).astype(np.float32)


def scale_inputs(
    gs: np.float32, ss: np.float32, group: int, scale_type: o.DType, dtype: o.DType
) -> o.Array:
    """Rows of one group each whose greatest magnitude sweeps what decides the scale."""
    if dtype == o.F32:
        with np.errstate(all="ignore"):
            amax = neighbours(scale_edges(scale_type) * np.float32(ss * gs), 2).ravel()
    else:
        amax = np.arange(2**16, dtype=np.uint16).view(dtype).astype(np.float32)
    # The greatest magnitude comes at any place and with any sign, beside smaller values.
    rng = np.random.default_rng(2)
    with np.errstate(all="ignore"):
        rows = amax[:, np.newaxis] * rng.uniform(-0.99, 0.99, (amax.size, group)).astype(np.float32)
    places = rng.integers(group, size=amax.size)
    rows[np.arange(amax.size), places] = amax
    return o.round_to(rows, dtype)


def layer_state(gs: float, ss: float, group: int, scale_type: o.DType) -> dict[str, o.Array]:
    """A layer of one group and two output features: only its activation half is run."""
    return {
        "e2m1": np.zeros((2, group // 2), np.uint8),
        "scale_quant": np.full((2, 1), 0x38, np.uint8).view(scale_type),
        "weight_global_scale": np.array(1, np.float32),
        "activation_global_scale": np.array(gs, np.float32),
        "activation_scale_scale": np.array(ss, np.float32),
    }


def run(tools: run_case.Tools, what: str, scale_format: str, activation: str) -> int:
    """Returns how many codes were compared."""
    scale_type, dtype = o.SCALE_TYPES[scale_format], o.FLOAT_TYPES[activation]
    group = 32 if scale_format == "mx" else 16
    count = 0
    for index, (gs, ss) in enumerate(SCALARS[scale_format]):
        state = layer_state(gs, ss, group, scale_type)
        layer = o.Layer.from_state(state)
        gs32, ss32 = layer.activation_global_scale, layer.activation_scale_scale
        if what == "codes":
            x = code_inputs(gs32, ss32, group, scale_type)
        else:
            x = scale_inputs(gs32, ss32, group, scale_type, dtype)
        o.save(tools.path("layer.safetensors"), state)
        o.save(tools.path("in.safetensors"), {"x": x})
        if index == 0:  # the scalars are run-time values: one module serves them all
            module = tools.translate(activation, activation, 2)
        computed = o.load(tools.run(module, ["quantize"])[0])
        try:
            pair = (computed["e2m1"], computed["scale_quant"])
            check_layer.check_quantized(layer, x, pair, tools.rounding)
        except check_layer.Mismatch as mismatch:
            raise check_layer.Mismatch(f"gs={gs32} ss={ss32}: {mismatch}") from None
        count += x.size
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of the tools")
    parser.add_argument("--work", type=Path, required=True, help="the folder for the case's files")
    parser.add_argument("--target", default="reference", help="what fp4-runner compiles for")
    parser.add_argument("--isa", choices=cpu_isas.OPTIONS, default="host", help="of --target=cpu")
    parser.add_argument("what", choices=["codes", "scales"])
    parser.add_argument("--format", choices=o.SCALE_TYPES, required=True)
    parser.add_argument("--rounding", choices=o.ROUNDINGS, default="even")
    parser.add_argument("--activation", choices=o.FLOAT_TYPES, default="f32")
    arguments = parser.parse_args()
    if arguments.what == "codes" and arguments.activation != "f32":
        parser.error("codes are probed with f32 activations")
    tools = run_case.Tools(
        arguments.bin, arguments.work, arguments.target, arguments.rounding, isa=arguments.isa
    )
    tools.work.mkdir(parents=True, exist_ok=True)
    name = f"{arguments.what} {arguments.format} {arguments.activation} {arguments.rounding}"
    try:
        count = run(tools, arguments.what, arguments.format, arguments.activation)
    except check_layer.Mismatch as mismatch:
        sys.exit(f"exhaustive {name}: {mismatch}")
    print(f"exhaustive {name}: {count} codes agree")


if __name__ == "__main__":
    main()
