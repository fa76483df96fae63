"""Layers on the simulated GPU: fp4-runner --target=cuda --cuda-driver=sim.

    sim_layers.py --bin=BIN --work=DIR vector CASE_DIR...
    sim_layers.py --bin=BIN --work=DIR random FIRST COUNT
    sim_layers.py --bin=BIN --work=DIR extreme FIRST COUNT
    sim_layers.py --bin=BIN --work=DIR named

Each layer is quantized and multiplied in the orders late, early and random, by all rules, the
pedantic ones too. What comes out must be

- the same in all orders;
- codes and scales those of the reference lowering, byte for byte;
- y within the bound of docs/numerics.md for hardware that truncates, each element, NaN where it
  belongs; and where tensor cores computed it, some elements bit for bit; else all of y that of the
  reference.

An element is that of the exact arithmetic of tensor cores (tensor_core.py), times alpha. With e8m0
scales these lose results: they align the groups of 64 elements to the largest scales, and sum in f32.
An element that docs/blackwell.md wants to be computed again must be the one of the definition in f64,
rounded once. `extreme` draws scales that make such elements, and `named` has the
layers of random_layer.py that f32 cannot compute.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import check_layer
import fp4_oracle as o
import ml_dtypes
import numpy as np
import random_layer
import tensor_core as tc

ORDERS = ("late", "early", "random:{seed}")
SAMPLES = 12


@dataclass(frozen=True)
class Run:
    """A layer in a folder, and what to compile it as."""

    bin: Path
    work: Path
    result: str

    def path(self, name: str) -> Path:
        return self.work / name

    def call(self, tool: str, *arguments: str, **env: str) -> None:
        command = [str(self.bin / tool), *arguments]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env={**os.environ, **env}
        )
        if done.returncode or "[" in done.stderr:
            raise check_layer.Mismatch(
                f"{tool} ended with {done.returncode}: {' '.join(command)}\n{done.stderr.strip()}"
            )

    def execute(self, entry: str, name: str, *target: str, **env: str) -> dict[str, o.Array]:
        output = self.path(f"{entry}-{name}.safetensors")
        self.call(
            "fp4-runner",
            str(self.path("layer.mlir")),
            f"--entry={entry}",
            f"--params={self.path('layer.safetensors')}",
            f"--input={self.path('in.safetensors')}",
            f"--output={output}",
            *target,
            **env,
        )
        return o.load(output)

    def simulate(self, entry: str, order: str) -> dict[str, o.Array]:
        self.path("stats.json").unlink(missing_ok=True)
        return self.execute(
            entry,
            "simulated",
            "--target=cuda",
            "--cuda-driver=sim",
            FP4_SIM_CHIP="sm_100a",
            FP4_SIM_ORDER=order,
            FP4_SIM_PEDANTIC="1",
            FP4_SIM_STATS=str(self.path("stats.json")),
        )

    def tensor_flop(self) -> int:
        """Of the last simulation."""
        stats = self.path("stats.json")
        # Without rows nothing is launched.
        lines = stats.read_text().splitlines() if stats.exists() else []
        return sum(json.loads(line)["tensor_flop"] for line in lines)


def check_truncated(y: o.Array, reference: o.Product, k: int, dtype: o.DType) -> None:
    """The rule for hardware whose accumulator truncates, once per 64 elements of K."""
    want, magnitude = reference
    check_layer.require_form("y", y, want.shape, dtype)
    got = y.astype(np.float64)
    check_layer.require_all(np.isnan(got) == np.isnan(want), "y", y, want, " (NaN)")
    largest = float(ml_dtypes.finfo(dtype).max)
    with np.errstate(all="ignore"):
        got, limited = np.clip(got, -largest, largest), np.clip(want, -largest, largest)
        error = np.abs(got - limited)
        slack = (1e-6 * np.abs(want)) + -(-k // 64) * 2.0**-23 * magnitude
        inside = np.isnan(want) | (error <= o.ulp(limited, dtype) + slack)
    check_layer.require_all(inside, "y", y, want)


def round_once(value: np.float64, dtype: o.DType) -> o.Array:
    """An f64 as `dtype`, without a rounding between."""
    single = np.array(value, np.float32)
    if dtype == o.F32 or np.float64(single) == value or not np.isfinite(value):
        return o.round_to(single, dtype)
    # To odd: what decides a tie or the next one of a shorter type is kept in the last bit.
    if abs(np.float64(single)) > abs(value):
        single = np.array(np.nextafter(single, np.float32(0)))
    return o.round_to((single.view(np.uint32) | np.uint32(1)).view(np.float32), dtype)


class Guard(NamedTuple):
    """By element: below what a sum is small, and how far scales are apart; and what is far."""

    limits: o.Array  # NaN where a scale is.
    spreads: o.Array
    wide: int
    inexact: int

    def is_lost(self, i: int, j: int, total: np.float32) -> bool:
        """Whether an element whose sum is `total` has to be computed again."""
        magnitude, spread = abs(float(total)), self.spreads[i, j]
        if np.isnan(self.limits[i, j]) or self.limits[i, j] <= magnitude < np.inf:
            return False
        if spread > self.wide:
            return True
        if magnitude == 0:
            return bool(spread > self.inexact)
        return not 2.0**-100 <= magnitude < np.inf


def make_guard(layer: o.Layer, scales: o.Array) -> Guard:
    k = 2 * layer.e2m1.shape[1]
    blocks = 4 * -(-k // 256)
    headroom = 15 - int(np.ceil(np.log2(3 * max(blocks, 16))))

    def decode(scales: o.Array, offset: int) -> tuple[o.Array, o.Array]:
        numbers = scales.view(np.uint8).astype(int)
        largest, least = numbers.max(axis=1, initial=0), numbers.min(axis=1, initial=255)
        exponents = np.clip(largest - offset, 77, 254) - 127
        limits = np.where(largest == 255, np.nan, np.ldexp(1.0, exponents))
        return limits, np.where(least < 64, 1 << 16, largest - least)

    rows, row_spreads = decode(scales, 0)
    columns, column_spreads = decode(layer.scale_quant, headroom)
    return Guard(
        np.outer(rows, columns),
        np.add.outer(row_spreads, column_spreads),
        headroom - 2,
        22 - int(np.ceil(np.log2(36 * k))),
    )


def tensor_core_word(layer: o.Layer, codes: o.Array, scales: o.Array, i: int, j: int) -> int:
    """An element of the product as an f32's bits, before alpha."""
    name = "ue4m3" if layer.scale_type == o.E4M3 else "ue8m0"
    rows = [(codes[i], scales[i]), (o.unpack(layer.e2m1[j : j + 1])[0], layer.scale_quant[j])]
    operands = []
    for row, row_scales in rows:
        bits = row_scales.view(np.uint8).astype(int)
        flips = np.zeros_like(bits)
        if name == "ue4m3":
            # The hardware ignores the sign, which the lowering gives to the codes.
            flips, bits = np.where(bits & 0x80, 8, 0), bits & 0x7F
        row = row.astype(int) ^ np.repeat(flips, layer.group)
        # Behind K there are zeros up to 64, of scale zero.
        row = np.pad(row, (0, -len(row) % 64))
        bits = np.pad(bits, (0, len(row) // layer.group - len(bits)))
        operands.append((row, bits))
    (a, a_scales), (b, b_scales) = operands
    word = 0
    for k in range(0, len(a), 64):
        first, last = k // layer.group, (k + 64) // layer.group
        word = tc.block_scaled_dot(
            tc.numbers("e2m1", a[k : k + 64].tolist()),
            tc.numbers("e2m1", b[k : k + 64].tolist()),
            word,
            tc.decode_all(name, a_scales[first:last].tolist()),
            tc.decode_all(name, b_scales[first:last].tolist()),
            name == "ue4m3",
        )
    return word


def check_sample(
    layer: o.Layer, quantized: tuple[o.Array, o.Array], y: o.Array, rng: np.random.Generator
) -> int:
    """Some elements, and more of those that tensor cores may lose: how many were computed again."""
    packed = quantized[0].reshape(-1, quantized[0].shape[-1])
    codes = o.unpack(packed)
    scales = quantized[1].reshape(-1, quantized[1].shape[-1])
    flat = y.reshape(-1, y.shape[-1])
    alpha = np.float32(layer.activation_global_scale * layer.weight_global_scale)
    sums = o.scaled_matmul(packed, scales, layer.e2m1, layer.scale_quant, np.float32(1)).value
    places = rng.integers(flat.shape, size=(SAMPLES if flat.size else 0, 2)).tolist()
    guard = make_guard(layer, scales) if layer.scale_type == o.E8M0 else None
    if guard:
        # The exact sum decides near enough.
        near = np.argwhere(~((np.abs(sums) >= 2 * guard.limits) & (np.abs(sums) < 2.0**127)))
        places += rng.permutation(near)[: 4 * SAMPLES].tolist()
    again = 0
    for i, j in places:
        word = tensor_core_word(layer, codes, scales, i, j)
        with np.errstate(all="ignore"):
            total = np.uint32(word).view(np.float32)
            lost = guard is not None and guard.is_lost(i, j, total)
            want = round_once(np.float64(alpha) * sums[i, j], y.dtype)
            if not lost:
                want = o.round_to(np.array(total * alpha, np.float32), y.dtype)
        again += lost
        got = flat[i, j]
        # Signs of scales may be in alpha, which a zero of tensor cores takes its sign from.
        same = got.tobytes() == want.tobytes() or (not lost and got == want)
        agrees = same or (np.isnan(got) and np.isnan(want))
        what = "the definition has" if lost else "tensor cores have"
        check_layer.require(bool(agrees), f"y[{i}, {j}]: computed {got}, {what} {want}")
    return again


class Outcome(NamedTuple):
    used_tensor_cores: bool
    again: int  # Elements that were computed again, of those that were looked at.


def check(run: Run, seed: int) -> Outcome:
    layer = o.Layer.from_state(o.load(run.path("layer.safetensors")))
    x = o.load(run.path("in.safetensors"))["x"]
    activation = next(name for name, dtype in o.FLOAT_TYPES.items() if dtype == x.dtype)
    run.call(
        "fp4-translate",
        "--import-safetensors",
        str(run.path("layer.safetensors")),
        f"--activation-type={activation}",
        f"--result-type={run.result}",
        f"--rank={x.ndim}",
        "-o",
        str(run.path("layer.mlir")),
    )
    reference = run.execute("quantize", "reference")
    quantized = run.simulate("quantize", ORDERS[2].format(seed=seed))
    check_layer.require_same_bytes("quantize", quantized, reference, "the reference")
    y: dict[str, o.Array] | None = None
    for order in ORDERS:
        got = run.simulate("forward", order.format(seed=seed))
        if y is not None:
            check_layer.require_same_bytes(
                "forward", got, y, f"order {order}, and another order before it"
            )
        y = got
    assert y is not None
    pair = (quantized["e2m1"], quantized["scale_quant"])
    flop = run.tensor_flop()
    if not flop:
        check_layer.require_same_bytes(
            "forward", y, run.execute("forward", "reference"), "the reference"
        )
        return Outcome(False, 0)
    m, n, k = x[..., 0].size, layer.e2m1.shape[0], x.shape[-1]
    padded = 2 * -(-m // 128) * 128 * -(-n // 256) * 256 * -(-k // 256) * 256
    check_layer.require(2 * m * n * k <= flop <= padded, f"{flop} operations of tensor cores")
    dtype = o.FLOAT_TYPES[run.result]
    check_truncated(y["y"], layer.matmul(*pair), x.shape[-1], dtype)
    return Outcome(True, check_sample(layer, pair, y["y"], np.random.default_rng(seed)))


def draw(seed: int) -> tuple[random_layer.Spec, str]:
    """A layer, mostly one that tensor cores take, and the type of its result."""
    rng = np.random.default_rng((0x51AB, seed))
    mx = bool(rng.integers(2))
    group = 32 if mx else 16
    if rng.random() < 0.15:
        group = int(rng.choice([8, 16, 32, 64]))
    groups = int(rng.choice([1, 2, 3, 4, 5, 8, 13, 16, 17, 32]))
    k = group * groups
    leading = [int(rng.choice([0, 1, 2, 5, 9, 17, 64, 127, 128, 129, 200]))]
    if rng.random() < 0.25:
        leading.insert(0, int(rng.choice([1, 2, 3])))
    transform = None
    sizes = [size for size in (8, 16, 32, 64, 128) if k % size == 0]
    if sizes and rng.random() < 0.5:
        kind = str(rng.choice(list(o.FLOAT_TYPES)))
        transform = (bool(rng.integers(2)), int(rng.choice(sizes)), kind)
    spec = random_layer.Spec(
        scale_format="mx" if mx else "nv",
        x_shape=(*leading, k),
        n=int(rng.choice([1, 7, 8, 16, 48, 100, 128, 130, 256])),
        group=group,
        activation_type=str(rng.choice(list(o.FLOAT_TYPES))),
        transform=transform,
        gs_a=float(rng.choice([1 / 3, 0.1, -0.1, 1.0])),
        gs_w=float(rng.choice([1 / 3, 0.125, 1.0])),
        ss=4.0 if mx else 6.0,
        seed=seed,
    )
    return spec, str(rng.choice(list(o.FLOAT_TYPES)))


# Bytes of e8m0: both ends, one, and ranges whose products overflow, underflow or lie far apart.
BYTES = {
    "ends": [0, 1, 127, 253, 254],
    "high": list(range(185, 255)),
    "low": list(range(70)),
    "all": list(range(255)),
    "outliers": [126, 127, 128, 126, 127, 128, 128, 145, 160],
}


def draw_extreme(seed: int) -> tuple[dict[str, o.Array], o.Array, str]:
    """A layer's state, its input, and the type of its result."""
    rng = np.random.default_rng((0xE8, seed))
    # Each row of tiles and of columns that is not whole, and each result type, comes in turn.
    m, n = [(5, 257), (129, 40), (1, 1), (33, 130), (130, 24)][seed % 5]
    k = int(rng.choice([32, 64, 96, 128, 288, 320, 1056]))
    groups = k // 32
    palettes = [BYTES[str(name)] for name in rng.choice(list(BYTES), 2)]
    # Few codes that are not zero: groups that cancel.
    kept = float(rng.choice([0.03, 0.1, 1.0]))
    codes = rng.choice([1, 2, 4, 6, 9, 10, 12, 14], (n, k)) * (rng.random((n, k)) < kept)
    scales = rng.choice(palettes[0], (n, groups))
    if n >= 8:
        scales[2, rng.integers(groups)] = 255
        codes[3] = rng.choice([0, 8], k)
    # Quantized with gs = 1 and ss = 4, a group keeps these values, but at the upper end.
    exponents = np.clip(rng.choice(palettes[1], (m, groups)) - 127, -127, 125)
    values = rng.choice([0.5, 1.0, 2.0, 4.0], (m, k)) * rng.choice([1, -1], (m, k))
    values *= rng.random((m, k)) < float(rng.choice([0.1, 1.0]))
    values[:, ::32] = rng.choice([4.0, -4.0], (m, groups))
    x = np.ldexp(values, np.repeat(exponents, 32, axis=1))
    if m >= 5:
        x[1] = np.where(rng.integers(2, size=k), 0.0, -0.0)
        x[2, rng.integers(k)] = np.nan
        x[3, rng.integers(k)] = np.inf
        x[4, rng.integers(k, size=2)] = [np.inf, -np.inf]
    # That brings the products of middle bytes back, or not, or nothing at all.
    middle = sum(int(np.median(palette)) - 127 for palette in palettes)
    exponent = int(rng.choice([-middle, -middle + 30, 0, -140, 100]))
    alpha = np.float32(rng.choice([1.0, -1.0, 1.25]) * 2.0 ** np.clip(exponent, -149, 126))
    state = {
        "e2m1": o.pack(codes.astype(np.uint8)),
        "scale_quant": scales.astype(np.uint8).view(o.E8M0),
        "weight_global_scale": np.array(alpha, np.float32),
        "activation_global_scale": np.array(1, np.float32),
        "activation_scale_scale": np.array(4, np.float32),
    }
    activation = [o.FLOAT_TYPES["f32"], o.BF16][seed % 2]
    return state, o.round_to(o.to_f32(x), activation), list(o.FLOAT_TYPES)[seed % 3]


# What it is, the state, the input, and the type of the result.
Drawn = tuple[str, dict[str, o.Array], o.Array, str]


def draw_seeded(kind: str, first: int, count: int) -> Iterator[Drawn]:
    for seed in range(first, first + count):
        if kind == "random":
            spec, result = draw(seed)
            state, x = random_layer.make(spec)
            yield f"{seed}: {spec}", state, x, result
        else:
            state, x, result = draw_extreme(seed)
            yield f"{seed}: {x.dtype}{x.shape} x {state['e2m1'].shape}", state, x, result


def draw_named() -> Iterator[Drawn]:
    for name in random_layer.EXTREMES:
        yield (name, *random_layer.make_extreme(name), "f32")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of the tools")
    parser.add_argument("--work", type=Path, required=True, help="the folder for the case's files")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("vector").add_argument("cases", type=Path, nargs="+")
    kinds.add_parser("named")
    for kind in ("random", "extreme"):
        seeded = kinds.add_parser(kind)
        seeded.add_argument("first", type=int)
        seeded.add_argument("count", type=int)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)

    outcomes = []
    if arguments.kind == "vector":
        for seed, case in enumerate(arguments.cases):
            for file in ("layer", "in"):
                shutil.copy(case / f"{file}.safetensors", arguments.work)
            try:
                outcomes.append(check(Run(arguments.bin, arguments.work, "bf16"), seed))
            except check_layer.Mismatch as mismatch:
                sys.exit(f"{case.name}: {mismatch}")
    else:
        layers = (
            draw_named()
            if arguments.kind == "named"
            else draw_seeded(arguments.kind, arguments.first, arguments.count)
        )
        for seed, (what, state, x, result) in enumerate(layers, getattr(arguments, "first", 0)):
            run = Run(arguments.bin, arguments.work, result)
            o.save(run.path("layer.safetensors"), state)
            o.save(run.path("in.safetensors"), {"x": x})
            try:
                outcomes.append(check(run, seed))
            except check_layer.Mismatch as mismatch:
                sys.exit(f"{what} -> {result}: {mismatch}")
    print(
        f"{len(outcomes)} layers agree, {sum(outcome.used_tensor_cores for outcome in outcomes)} of "
        f"them on tensor cores, where {sum(outcome.again for outcome in outcomes)} of the elements "
        "that were looked at were computed again"
    )


if __name__ == "__main__":
    main()
