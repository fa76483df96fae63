"""What PyTorch's layer costs over the code that it calls, on the CPU.

    quant_linear.py [--bin=FOLDER] [--threads=N] [--rounds=N] [--seconds=S] [--check] [--quick]
                    [FORMAT:DTYPE:MxNxK...]

A row is a layer, of format mx or nv, for M rows of x in f32 or bf16, with a shared transform of one
group's size. It is called in three ways:

- by `fp4-runner --target=cpu --time`, which times the compiled entry alone, with memory for the result
  at hand;
- by `forward` of `fp4.torch.QuantLinear`;
- by a call of that, as models do it: what PyTorch does for any module is added.

All must compute the same bytes. What `forward` takes longer than the first may be 5 % or 20
microseconds, whichever is more. Beside bf16 rows stand what the original module does where it has no
kernel, dequantize both operands and multiply in bf16, and a dense layer of bf16, nn.Linear.

Machines are not quiet, so that all is measured in turns: a round times each way for S seconds, and takes
the median call; a row is the median over the rounds, of the difference too, which is printed with the
least and the most that a round had. Prints a table in Markdown.
With --check it exits with 1 if a row costs more than it may. --quick takes small layers and little time.

Needs the package fp4 and PyTorch; the tools are found on PATH, or in --bin.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHAPES = ((1, 384, 384), (1, 4096, 4096), (16, 4096, 4096), (512, 4096, 4096))
QUICK_SHAPES = ((1, 96, 128), (3, 65, 96))
# The group size, and bytes of usual scales.
FORMATS = {"mx": (32, (120, 124)), "nv": (16, (0x14, 0x1C))}
DTYPES = {"bf16": "bfloat16", "f32": "float32"}
SLACK = 20e-6
SHARE = 0.05
# Of a process: the first one compiles, and must not be the median.
LEAST_CALLS = 5
# How long threads of OpenMP look for work before they sleep, and somewhat more.
PAUSE = 0.25

Call = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    format: str
    dtype: str
    m: int
    n: int
    k: int

    @staticmethod
    def parse(name: str) -> Row:
        format, dtype, shape = name.split(":")
        if format not in FORMATS or dtype not in DTYPES:
            raise ValueError(name)
        m, n, k = map(int, shape.split("x"))
        return Row(format, dtype, m, n, k)

    def __str__(self) -> str:
        return f"{self.format}:{self.dtype}:{self.m}x{self.n}x{self.k}"


def find_tool(name: str, folder: str | None) -> str:
    path = shutil.which(name, path=folder)
    if path is None:
        sys.exit(f"there is no {name} in {folder or 'the folders of PATH'}; see --bin")
    return path


def median_call(call: Call, seconds: float) -> float:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < LEAST_CALLS or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def to_array(tensor: Any) -> Any:
    """As numpy has it: a view with ml_dtypes' names for what numpy has not."""
    import ml_dtypes
    import torch

    dtype = str(tensor.dtype).removeprefix("torch.")
    if not hasattr(ml_dtypes, dtype):
        return tensor.numpy()
    size = tensor.element_size()
    array = tensor.view(torch.uint8 if size == 1 else torch.uint16).numpy()
    return array.view(getattr(ml_dtypes, dtype))


class Runner:
    """`fp4-runner` on a layer in a folder."""

    def __init__(self, row: Row, folder: Path, bin: str | None) -> None:
        subprocess.run(
            [
                find_tool("fp4-translate", bin),
                "--import-safetensors",
                str(folder / "layer.safetensors"),
                f"--activation-type={row.dtype}",
                "--rank=2",
                "-o",
                str(folder / "layer.mlir"),
            ],
            check=True,
        )
        self._command = [
            find_tool("fp4-runner", bin),
            str(folder / "layer.mlir"),
            "--target=cpu",
            f"--params={folder / 'layer.safetensors'}",
            f"--input={folder / 'x.safetensors'}",
            f"--code-cache={folder / 'cache'}",
            "--time",
        ]

    def run(self, calls: int, *options: str) -> float:
        """The median call, in seconds."""
        command = [*self._command, f"--repeat={calls}", *options]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return float(json.loads(done.stdout)["median"])


class Layer:
    """What the row says, in PyTorch and for the runner, and what it is compared with."""

    def __init__(self, row: Row, folder: Path, bin: str | None) -> None:
        import torch
        from fp4.storage import write_tensors
        from fp4.torch import QuantLinear
        from torch_linear import make_call

        group, scales = FORMATS[row.format]
        scale_dtype = torch.float8_e8m0fnu if row.format == "mx" else torch.float8_e4m3fn
        codes = torch.randint(0, 256, (row.n, row.k // 2), dtype=torch.uint8)
        scale_bytes = torch.randint(*scales, (row.n, row.k // group), dtype=torch.uint8)
        state = {
            "e2m1": codes,
            "scale_quant": scale_bytes.view(scale_dtype),
            "transform": torch.linalg.qr(torch.randn(group, group)).Q.to(torch.bfloat16),
            "weight_global_scale": torch.tensor(0.1),
            "activation_global_scale": torch.tensor(0.1),
            "activation_scale_scale": torch.tensor(4.0 if row.format == "mx" else 6.0),
        }
        x = torch.randn(row.m, row.k).to(getattr(torch, DTYPES[row.dtype]))
        write_tensors(
            folder / "layer.safetensors", {name: to_array(t) for name, t in state.items()}
        )
        write_tensors(folder / "x.safetensors", {"x": to_array(x)})
        self.runner = Runner(row, folder, bin)
        layer = QuantLinear(row.k, row.n, **state)
        self.forward: Call = lambda: layer.forward(x)
        self.beside: dict[str, Call] = {"call": lambda: layer(x)}
        if row.dtype == "bf16":
            dense = torch.nn.Linear(row.k, row.n, bias=False, dtype=torch.bfloat16)
            self.beside["dequantize"] = make_call(torch, row.format, row.m, row.n, row.k)
            self.beside["dense"] = lambda: dense(x)
        self._check(folder)

    def _check(self, folder: Path) -> None:
        from fp4.storage import TensorFile

        result = folder / "y.safetensors"
        self.runner.run(1, f"--output={result}")
        want = TensorFile(result)["y"].tobytes()
        if any(to_array(way()).tobytes() != want for way in (self.forward, self.beside["call"])):
            sys.exit("fp4-runner and QuantLinear computed different results")


@dataclass(frozen=True)
class Times:
    """Of a row, in seconds. `overs` is how much longer QuantLinear's forward took in each round."""

    runner: float
    forward: float
    overs: list[float]
    beside: dict[str, float]

    @property
    def over(self) -> float:
        return statistics.median(self.overs)

    @property
    def allowed(self) -> float:
        return max(SLACK, SHARE * self.runner)


def measure(row: Row, bin: str | None, rounds: int, seconds: float) -> Times:
    import torch

    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        subject = Layer(row, Path(folder), bin)
        calls = max(LEAST_CALLS, int(seconds / subject.runner.run(LEAST_CALLS)))
        ways: dict[str, Call] = {
            "runner": lambda: subject.runner.run(calls),
            "forward": lambda: median_call(subject.forward, seconds),
        }
        for name, call in subject.beside.items():
            ways[name] = functools.partial(median_call, call, seconds)
        times: dict[str, list[float]] = {name: [] for name in ways}
        for i in range(rounds):
            # Forth and back: what changes slowly does to both the same.
            for name in list(ways)[:: -1 if i % 2 else 1]:
                time.sleep(PAUSE)
                times[name].append(ways[name]())
    overs = [b - a for a, b in zip(times["runner"], times["forward"], strict=True)]
    medians = {name: statistics.median(all) for name, all in times.items()}
    return Times(medians.pop("runner"), medians.pop("forward"), overs, medians)


def format_time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if abs(seconds) < 1e-3:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.2f} ms"


def format_row(row: Row, times: Times) -> str:
    spread = f"{format_time(min(times.overs))} to {format_time(max(times.overs))}"
    verdict = "ok" if times.over <= times.allowed else "above"
    texts = [
        str(row),
        format_time(times.runner),
        format_time(times.forward),
        format_time(times.over),
        spread,
        format_time(times.allowed),
        verdict,
        format_time(times.beside.get("call")),
        format_time(times.beside.get("dequantize")),
        format_time(times.beside.get("dense")),
    ]
    return f"| {' | '.join(texts)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", metavar="FOLDER", help="where fp4-runner and fp4-translate are")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--rounds", type=int, metavar="N", help="default 7")
    parser.add_argument("--seconds", type=float, metavar="S", help="of each way, default 0.2")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 if a row is above its bar"
    )
    parser.add_argument("--quick", action="store_true", help="small layers and little time")
    parser.add_argument("rows", nargs="*", type=Row.parse, metavar="FORMAT:DTYPE:MxNxK")
    args = parser.parse_args()
    # Before anything that starts threads is loaded. It is the runner's number, too.
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    import torch

    rows = args.rows or [
        Row(format, dtype, *shape)
        for format in FORMATS
        for dtype in DTYPES
        for shape in (QUICK_SHAPES if args.quick else SHAPES)
    ]
    rounds = args.rounds or (2 if args.quick else 7)
    seconds = args.seconds or (0.01 if args.quick else 0.2)
    print(f"threads: {args.threads}, rounds: {rounds}, torch {torch.__version__}\n")
    print("| layer | fp4-runner | forward | over | in rounds | allowed | | call |", end="")
    print(" dequantize | nn.Linear |")
    print(f"|{' --- |' * 10}", flush=True)
    above = False
    for row in rows:
        times = measure(row, args.bin, rounds, seconds)
        above |= times.over > times.allowed
        print(format_row(row, times), flush=True)
    if args.check and above:
        sys.exit(1)


if __name__ == "__main__":
    main()
