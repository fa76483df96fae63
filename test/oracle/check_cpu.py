"""Checks what only the CPU lowering has: threads, other ways of summing, long sums, and what it leaves to others.

    check_cpu.py --bin=BIN --work=DIR threads|scale_bytes|large_k|small_groups

Exits with 1 and a message on any violation, and when a tool fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import check_layer
import check_ops
import cpu_isas
import fp4_oracle as o
import numpy as np
import random_cpu
import random_layer
import run_case


def run(
    runner: check_ops.Runner, module: str, inputs: dict[str, o.Array], isa: str = "host"
) -> o.Array:
    """What @f in `module` gives as y."""
    source, data, result = (runner.work / f"f.{s}" for s in ("mlir", "in", "out"))
    source.write_text(module)
    o.save(data, inputs)
    runner.call(
        str(runner.bin / "fp4-runner"),
        str(source),
        "--entry=f",
        "--target=cpu",
        *cpu_isas.OPTIONS[isa],
        f"--input={data}",
        f"--output={result}",
    )
    return o.load(result)["y"]


def product(
    codes: o.Array, scales: o.Array, weight: o.Array, weight_scales: o.Array, y: str
) -> str:
    """A module whose @f multiplies given codes. M is dynamic."""
    k, groups, n = 2 * codes.shape[1], scales.shape[1], len(weight)
    scale = check_ops.MLIR_TYPES[scales.dtype]
    a, sa = f"tensor<?x{k}xf4E2M1FN>", f"tensor<?x{groups}x{scale}>"
    b, sb = f"tensor<{n}x{k}xf4E2M1FN>", f"tensor<{n}x{groups}x{scale}>"
    return f"""
func.func @f(%a: {a} {{fp4.name = "a"}}, %sa: {sa} {{fp4.name = "sa"}}, %b: {b} {{fp4.name = "b"}},
    %sb: {sb} {{fp4.name = "sb"}}, %alpha: f32 {{fp4.name = "alpha"}})
    -> (tensor<?x{n}x{y}> {{fp4.name = "y"}}) {{
  %c0 = arith.constant 0 : index
  %m = tensor.dim %a, %c0 : {a}
  %e = tensor.empty(%m) : tensor<?x{n}x{y}>
  %y = fp4.scaled_matmul group_size({k // groups}) lhs(%a, %sa : {a}, {sa}) rhs(%b, %sb : {b}, {sb})
      alpha(%alpha) outs(%e : tensor<?x{n}x{y}>)
  return %y : tensor<?x{n}x{y}>
}}
"""


def threads(runner: check_ops.Runner) -> None:
    """The same bytes from any number of threads, and from run to run."""
    for scale_format, group, transform in (
        ("mx", 32, (False, 32, "bf16")),
        ("nv", 16, (True, 16, "f32")),
    ):
        spec = random_layer.Spec(
            scale_format=scale_format,
            x_shape=(203, 1056),
            n=97,
            group=group,
            activation_type="bf16",
            transform=transform,
        )
        tools = run_case.Tools(runner.bin, runner.work, "cpu")
        state, x = random_layer.make(spec)
        o.save(tools.path("layer.safetensors"), state)
        o.save(tools.path("in.safetensors"), {"x": x})
        module = tools.translate("bf16", "f32", 2)
        expected: dict[str, bytes] = {}
        for count in ("1", "2", "3", "8", "8"):
            for entry in ("quantize", "forward"):
                output = tools.path("out.safetensors")
                tools.call(
                    "fp4-runner",
                    str(module),
                    f"--entry={entry}",
                    f"--params={tools.path('layer.safetensors')}",
                    f"--input={tools.path('in.safetensors')}",
                    f"--output={output}",
                    "--target=cpu",
                    "--repeat=3",
                    env=os.environ | {"OMP_NUM_THREADS": count},
                )
                same = expected.setdefault(entry, output.read_bytes()) == output.read_bytes()
                check_layer.require(same, f"{spec}: @{entry} differs on {count} threads")


def scale_bytes(runner: check_ops.Runner) -> None:
    """All pairs of scale bytes, beside a usual group, on dot products of 0 and on others."""
    group = 32
    every = np.arange(256, dtype=np.uint8)
    rng = np.random.default_rng(9)
    for dtype, usual in ((o.E8M0, 127), (o.E4M3, 0x38)):
        scales = np.stack([every, np.full(256, usual, np.uint8)], axis=1).view(dtype)
        codes = rng.integers(0, 256, (256, group), np.uint8)
        weight = rng.integers(0, 256, (256, group), np.uint8)
        # Rows of zeros, of either sign, and columns that are orthogonal to all rows.
        codes[::7] &= 0x88
        weight[::5] &= 0x88
        for isa in cpu_isas.OPTIONS:
            for alpha, y_type in ((1.0, "f32"), (2.0**-120, "bf16")):
                gs = np.float32(alpha)
                arguments = {"a": codes, "sa": scales, "b": weight, "sb": scales}
                y = run(
                    runner,
                    product(codes, scales, weight, scales, y_type),
                    arguments | {"alpha": np.asarray(gs)},
                    isa,
                )
                expected = o.scaled_matmul(codes, scales, weight, scales, gs)
                try:
                    check_layer.check_output(y, expected, y.dtype)
                    random_cpu.check_sums(y, expected, 2)
                except check_layer.Mismatch as mismatch:
                    raise check_layer.Mismatch(f"{isa} {dtype} alpha {alpha}: {mismatch}") from None


def large_k(runner: check_ops.Runner) -> None:
    """Sums of thousands of groups, in f32: their errors do not add up."""
    rng = np.random.default_rng(1)
    for dtype, group, k, m in (
        (o.E8M0, 8, 2**17, 19),
        (o.E4M3, 16, 2**17, 19),
        (o.E8M0, 16, 2**16, 9),
        (o.E4M3, 16, 2**16, 9),
    ):
        middle = 127 if dtype == o.E8M0 else 0x40
        a, b = (rng.integers(0, 256, (rows, k // 2)).astype(np.uint8) for rows in (m, 33))
        sa, sb = (
            rng.integers(middle - 8, middle + 8, (rows, k // group)).astype(np.uint8).view(dtype)
            for rows in (m, 33)
        )
        alpha = np.float32(1)
        arguments = {"a": a, "sa": sa, "b": b, "sb": sb, "alpha": np.asarray(alpha)}
        y = run(runner, product(a, sa, b, sb, "f32"), arguments)
        check_layer.check_output(y, o.scaled_matmul(a, sa, b, sb, alpha), o.F32)


def small_groups(runner: check_ops.Runner) -> None:
    """Groups of 2 and 4 are left to the reference, with a warning, and are what it gives."""
    for group in (2, 4):
        spec = random_layer.Spec(
            scale_format="mx",
            x_shape=(9, 96),
            n=16,
            group=group,
            activation_type="f32",
        )
        tools = run_case.Tools(runner.bin, runner.work, "cpu")
        state, x = random_layer.make(spec)
        o.save(tools.path("layer.safetensors"), state)
        o.save(tools.path("in.safetensors"), {"x": x})
        module = tools.translate("f32", "f32", 2)
        outputs: list[Path] = []
        for target in ("cpu", "reference"):
            outputs.append(tools.path(f"{target}.safetensors"))
            command = [
                str(runner.bin / "fp4-runner"),
                str(module),
                "--entry=forward",
                f"--params={tools.path('layer.safetensors')}",
                f"--input={tools.path('in.safetensors')}",
                f"--target={target}",
                f"--output={outputs[-1]}",
            ]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            check_layer.require(done.returncode == 0, done.stderr)
            for half in ("quantize", "matmul"):
                words = (
                    f"warning: fp4.quant_linear: {half}_strategy 'vector' cannot be taken: "
                    f"groups of {group} are too small; taking 'reference'"
                )
                said = words in done.stderr
                check_layer.require(said == (target == "cpu"), f"{target} said: {done.stderr}")
        same = outputs[0].read_bytes() == outputs[1].read_bytes()
        check_layer.require(same, f"groups of {group}: not what the reference gives")


CASES: dict[str, Callable[[check_ops.Runner], None]] = {
    f.__name__: f for f in (threads, scale_bytes, large_k, small_groups)
}


if __name__ == "__main__":
    sys.exit(check_ops.main(__doc__, CASES))
