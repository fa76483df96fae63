# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cases of kernels, executed by fp4-sim: what they are given, what they should
write, and the instructions that they are there for."""

import argparse
import dataclasses
import inspect
import itertools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

Array = np.ndarray[Any, Any]

# The types of Triton, by the names in its signatures.
TYPES: dict[str, Any] = {
    "fp64": np.float64,
    "fp32": np.float32,
    "fp16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "fp8e4nv": ml_dtypes.float8_e4m3fn,
    "fp8e5": ml_dtypes.float8_e5m2,
    "i8": np.int8,
    "u8": np.uint8,
    "i32": np.int32,
    "u32": np.uint32,
    "i64": np.int64,
}


@dataclasses.dataclass
class Out:
    """What a kernel writes: what it should be, how far it may be from it, and
    what is there before, or else nothing is."""

    expected: Array
    type: str
    absolute: float = 0.0
    relative: float = 0.0
    initial: Array | None = None


@dataclasses.dataclass
class Case:
    kernel: Any
    arguments: dict[str, Any]
    constants: dict[str, Any]
    grid: tuple[int, ...]
    patterns: list[str]
    options: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Family:
    """A function that makes cases, and the choices that it is called with."""

    function: Callable[..., Case | None]
    chips: tuple[int, ...]
    stages: tuple[int, ...]
    warps: tuple[int, ...]
    choices: dict[str, tuple[Any, ...]]

    def cases(self, chip: int) -> Iterator[tuple[str, Case]]:
        if chip not in self.chips:
            return
        for values in itertools.product(*self.choices.values()):
            chosen = dict(zip(self.choices, values, strict=True))
            if "chip" in inspect.signature(self.function).parameters:
                chosen["chip"] = chip
            name = " ".join([self.function.__name__, *map(str, values)])
            # Each case has the same numbers, whichever others are run.
            case = self.function(rng=np.random.default_rng(0), **chosen)
            if case:
                yield name, case


families: list[Family] = []


def cases(
    chips: tuple[int, ...] = (80, 100),
    stages: tuple[int, ...] = (1,),
    warps: tuple[int, ...] = (4, 8),
    **choices: tuple[Any, ...],
) -> Callable[[Callable[..., Case | None]], Callable[..., Case | None]]:
    """For a function that makes a case of each combination of the choices, or
    None where there is none."""

    def add(function: Callable[..., Case | None]) -> Callable[..., Case | None]:
        families.append(Family(function, chips, stages, warps, choices))
        return function

    return add


def name_of_type(array: Array) -> str:
    return next(name for name, dtype in TYPES.items() if array.dtype == dtype)


def signature(value: Any) -> str:
    if isinstance(value, Out):
        return "*" + value.type
    if isinstance(value, np.ndarray):
        return "*" + name_of_type(value)
    return "fp32" if isinstance(value, float) else "i32"


def check(name: str, actual: Array, out: Out) -> None:
    actual = actual.astype(np.float64)
    expected = out.expected.astype(np.float64)
    bound = out.absolute + out.relative * np.abs(expected)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    wrong = ~(same | (np.abs(actual - expected) <= bound))
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        sys.exit(
            f"{name}: {int(wrong.sum())} of {wrong.size} elements are wrong; at {index} it is "
            f"{actual[index]}, but {expected[index]} was expected"
        )


@dataclasses.dataclass
class Program:
    """PTX, and what its launch needs besides the case's arguments."""

    ptx: str
    shared: int
    ctas: int
    scratch: int

    def instructions(self) -> str:
        """Without what the source is called in comments and lines of debugging."""
        lines = (line.split("//")[0] for line in self.ptx.splitlines())
        return "\n".join(line for line in lines if not re.match(r"\s*\.(loc|file)\b", line))

    def threads(self) -> int:
        found = re.search(r"\.reqntid (\d+)", self.ptx)
        assert found
        return int(found.group(1))


def execute(case: Case, program: Program, args: argparse.Namespace, order: str) -> None:
    work = Path(args.work)
    ptx = work / "kernel.ptx"
    ptx.write_text(program.ptx)
    grid = (case.grid[0] * program.ctas, *case.grid[1:])
    command = [args.sim, str(ptx), f"--chip={args.chip}", f"--order={order}"]
    command.append("--grid=" + ",".join(map(str, grid)))
    command.append(f"--block={program.threads()}")
    command.append(f"--cluster={program.ctas}")
    command.append(f"--shared={program.shared}")
    results = []
    for name in case.kernel.arg_names:
        if name in case.constants:
            continue
        value = case.arguments[name]
        file = work / f"{name}.bin"
        if isinstance(value, Out):
            results.append((name, file, value))
            if value.initial is None:
                size = value.expected.size * np.dtype(TYPES[value.type]).itemsize
                command.append(f"--arg=out:{file}:{size}")
            else:
                value.initial.astype(TYPES[value.type]).tofile(file)
                command.append(f"--arg=inout:{file}")
        elif isinstance(value, np.ndarray):
            value.tofile(file)
            command.append(f"--arg=in:{file}")
        else:
            command.append(f"--arg={value}")
    # Triton's last two parameters: memory of the grid, and of a profiler.
    scratch = program.scratch * int(np.prod(grid))
    command.append(f"--arg=buffer:{scratch}" if scratch else "--arg=0")
    command.append("--arg=0")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    for name, file, out in results:
        raw = np.fromfile(file, dtype=TYPES[out.type]).reshape(out.expected.shape)
        check(f"{name}, order {order}", raw, out)
