"""Times products on the simulated GPU beside what they may take.

    simulator.py --bin=BIN [--repeat=N]

Each is an `fp4.scaled_matmul` of random nv operands, lowered to tcgen05 for sm_100a and run by
fp4-runner on the simulated driver with all rules on, as many CTAs at a time as there are CPUs. The
kernels that lay out scales are part of it. Prints the median of N runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

# M, N and K, and seconds.
PRODUCTS = [((128, 256, 256), 0.2), ((512, 512, 1024), 2.0)]
GROUP = 16


def make_module(m: int, n: int, k: int) -> str:
    codes, scales = f"x{k}xf4E2M1FN>", f"x{k // GROUP}xf8E4M3FN>"
    lhs, lhs_scales = f"tensor<{m}{codes}", f"tensor<{m}{scales}"
    rhs, rhs_scales = f"tensor<{n}{codes}", f"tensor<{n}{scales}"
    result = f"tensor<{m}x{n}xf32>"
    return f"""
func.func @forward(%x: {lhs} {{fp4.name = "x"}}, %xs: {lhs_scales} {{fp4.name = "xs"}},
                   %w: {rhs} {{fp4.name = "w"}}, %ws: {rhs_scales} {{fp4.name = "ws"}})
    -> ({result} {{fp4.name = "y"}}) {{
  %alpha = arith.constant 0.25 : f32
  %out = tensor.empty() : {result}
  %y = fp4.scaled_matmul group_size({GROUP}) lhs(%x, %xs : {lhs}, {lhs_scales})
      rhs(%w, %ws : {rhs}, {rhs_scales}) alpha(%alpha) outs(%out : {result})
  return %y : {result}
}}
"""


def make_inputs(m: int, n: int, k: int) -> dict[str, npt.NDArray[np.generic]]:
    rng = np.random.default_rng(0)
    inputs: dict[str, npt.NDArray[np.generic]] = {}
    for name, rows in (("x", m), ("w", n)):
        inputs[name] = rng.integers(0, 256, (rows, k // 2), np.uint8)
        scales = rng.integers(0x30, 0x40, (rows, k // GROUP), np.uint8)
        inputs[f"{name}s"] = scales.view(ml_dtypes.float8_e4m3fn)
    return inputs


def measure(tools: Path, work: Path, shape: tuple[int, int, int], repeat: int) -> float:
    module, inputs = work / "product.mlir", work / "inputs.safetensors"
    module.write_text(make_module(*shape))
    save_file(make_inputs(*shape), inputs)
    command = [tools / "fp4-runner", module, f"--input={inputs}", "--target=cuda"]
    command += ["--cuda-driver=sim", "--time", f"--repeat={repeat}"]
    done = subprocess.run(
        list(map(str, command)),
        env=os.environ | {"FP4_SIM_CHIP": "sm_100a"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(json.loads(done.stdout)["median"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of the tools")
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} CPUs, median of {arguments.repeat}")
    for shape, limit in PRODUCTS:
        with tempfile.TemporaryDirectory() as work:
            seconds = measure(arguments.bin, Path(work), shape, arguments.repeat)
        print(f"{'x'.join(map(str, shape))}: {seconds:.3f} s, limit {limit} s")


if __name__ == "__main__":
    main()
