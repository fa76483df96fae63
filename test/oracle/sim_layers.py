"""Layers on the simulated GPU: fp4-runner --target=cuda --cuda-driver=sim.

    sim_layers.py --bin=BIN --work=DIR vector CASE_DIR...
    sim_layers.py --bin=BIN --work=DIR random FIRST COUNT

Each layer is quantized and multiplied in the orders late, early and random, by all rules, the
pedantic ones too. What comes out must be

- the same in all orders;
- codes and scales those of the reference lowering, byte for byte;
- y within the bound of docs/numerics.md for hardware that truncates, NaN where it belongs; and where
  tensor cores computed it, some elements by their exact arithmetic (tensor_core.py), bit for bit;
  else all of y that of the reference.

Tensor cores align the groups of 64 elements to the largest scales, and sum in f32, before alpha. Where
scales are extreme, as behind an infinite activation, that loses a result which the definition has. Such
elements are counted, and each is held to the exact arithmetic.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
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


def check_truncated(y: o.Array, reference: o.Product, k: int, dtype: o.DType) -> o.Array:
    """The rule for hardware whose accumulator truncates, once per 64 elements of K.

    Returns the elements that extreme scales put out of it.
    """
    want, magnitude = reference
    check_layer.require_form("y", y, want.shape, dtype)
    got = y.astype(np.float64)
    check_layer.require_all(np.isnan(got) == np.isnan(want), "y", y, want, " (NaN)")
    largest = float(ml_dtypes.finfo(dtype).max)
    with np.errstate(all="ignore"):
        got, limited = np.clip(got, -largest, largest), np.clip(want, -largest, largest)
        error = np.abs(got - limited)
        slack = (1e-6 * np.abs(want)) + -(-k // 64) * 2.0**-23 * magnitude
        return ~np.isnan(want) & (error > o.ulp(limited, dtype) + slack)


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
    layer: o.Layer,
    quantized: tuple[o.Array, o.Array],
    y: o.Array,
    also: o.Array,
    rng: np.random.Generator,
) -> None:
    codes = o.unpack(quantized[0].reshape(-1, quantized[0].shape[-1]))
    scales = quantized[1].reshape(-1, quantized[1].shape[-1])
    flat = y.reshape(-1, y.shape[-1])
    alpha = np.float32(layer.activation_global_scale * layer.weight_global_scale)
    places = rng.integers(flat.shape, size=(SAMPLES if flat.size else 0, 2)).tolist()
    places += np.argwhere(also.reshape(flat.shape)).tolist()
    for i, j in places:
        word = tensor_core_word(layer, codes, scales, i, j)
        with np.errstate(all="ignore"):
            exact = np.uint32(word).view(np.float32) * alpha
            want = o.round_to(np.array(exact, np.float32), y.dtype)
        got = flat[i, j]
        agrees = got == want or (np.isnan(got) and np.isnan(want))
        check_layer.require(bool(agrees), f"y[{i}, {j}]: computed {got}, tensor cores have {want}")


class Outcome(NamedTuple):
    used_tensor_cores: bool
    extreme: int  # Elements.


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
    extreme = check_truncated(y["y"], layer.matmul(*pair), x.shape[-1], dtype)
    check_sample(layer, pair, y["y"], extreme, np.random.default_rng(seed))
    return Outcome(True, int(extreme.sum()))


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of the tools")
    parser.add_argument("--work", type=Path, required=True, help="the folder for the case's files")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("vector").add_argument("cases", type=Path, nargs="+")
    random = kinds.add_parser("random")
    random.add_argument("first", type=int)
    random.add_argument("count", type=int)
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
        for seed in range(arguments.first, arguments.first + arguments.count):
            spec, result = draw(seed)
            run = Run(arguments.bin, arguments.work, result)
            state, x = random_layer.make(spec)
            o.save(run.path("layer.safetensors"), state)
            o.save(run.path("in.safetensors"), {"x": x})
            try:
                outcomes.append(check(run, seed))
            except check_layer.Mismatch as mismatch:
                sys.exit(f"{seed}: {spec} -> {result}: {mismatch}")
    print(
        f"{len(outcomes)} layers agree, {sum(outcome.used_tensor_cores for outcome in outcomes)} of "
        f"them on tensor cores, where scales are too extreme for {sum(outcome.extreme for outcome in outcomes)} elements"
    )


if __name__ == "__main__":
    main()
