# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels that nvcc compiles to PTX, executed by fp4-sim in several orders."""

import argparse
import dataclasses
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
ORDERS = ("late", "early", "random:1")


@dataclasses.dataclass
class Out:
    """What a kernel writes: what it should be, how far it may be from it, and
    what is there before, or else nothing is."""

    expected: Array
    initial: Array | None = None
    absolute: float = 0.0
    relative: float = 0.0


class Module:
    """The PTX of a file beside this one."""

    def __init__(self, source: str) -> None:
        parser = argparse.ArgumentParser()
        parser.add_argument("--arch", default="sm_100a")
        parser.add_argument("--work", type=Path, required=True)
        parser.add_argument("--sim", default="fp4-sim")
        args = parser.parse_args()
        args.work.mkdir(parents=True, exist_ok=True)
        self.arch = args.arch
        self.sim = args.sim
        self.work = args.work
        self.ptx = args.work / "kernels.ptx"
        file = Path(__file__).with_name(source)
        command = ["nvcc", "-std=c++17", "-w", "-ptx", f"-arch={args.arch}", str(file)]
        subprocess.run([*command, "-o", str(self.ptx)], check=True)

    def expect(self, *patterns: str) -> None:
        """The PTX holds what the test is there for."""
        text = self.ptx.read_text()
        for pattern in patterns:
            if not re.search(pattern, text):
                sys.exit(f"the PTX has no '{pattern}'")

    def command(
        self,
        kernel: str,
        grid: Sequence[int],
        block: Sequence[int],
        arguments: Sequence[Any],
        options: Sequence[str] = (),
    ) -> list[str]:
        command = [self.sim, str(self.ptx), f"--kernel={kernel}", "--chip=sm_100a", *options]
        command.append("--grid=" + ",".join(map(str, grid)))
        command.append("--block=" + ",".join(map(str, block)))
        for i, value in enumerate(arguments):
            file = self.work / f"{kernel}.{i}"
            if isinstance(value, Out) and value.initial is None:
                command.append(f"--arg=out:{file}:{value.expected.nbytes}")
            elif isinstance(value, Out):
                assert value.initial is not None
                value.initial.astype(value.expected.dtype).tofile(file)
                command.append(f"--arg=inout:{file}")
            elif isinstance(value, np.ndarray):
                value.tofile(file)
                command.append(f"--arg=in:{file}")
            else:
                command.append(f"--arg={value}")
        return command

    def run(
        self,
        kernel: str,
        grid: Sequence[int],
        block: Sequence[int],
        arguments: Sequence[Any],
        options: Sequence[str] = (),
    ) -> str:
        """Executes the kernel and compares what it writes; what it prints."""
        printed = ""
        for order in ORDERS:
            command = self.command(kernel, grid, block, arguments, options)
            command.append(f"--order={order}")
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode or done.stderr:
                sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
            for i, out in enumerate(arguments):
                if isinstance(out, Out):
                    self.compare(f"{kernel}, argument {i}, order {order}", i, kernel, out)
            printed = done.stdout
        print(f"{kernel}: correct")
        return printed

    def compare(self, name: str, number: int, kernel: str, out: Out) -> None:
        actual = np.fromfile(self.work / f"{kernel}.{number}", out.expected.dtype)
        actual = actual.reshape(out.expected.shape).astype(np.float64)
        expected = out.expected.astype(np.float64)
        with np.errstate(invalid="ignore"):
            near = np.abs(actual - expected) <= out.absolute + out.relative * np.abs(expected)
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        wrong = np.argwhere(~(same | near))
        if len(wrong):
            at = tuple(int(i) for i in wrong[0])
            sys.exit(
                f"{name}: {len(wrong)} of {actual.size} elements are wrong; at {at} it is "
                f"{actual[at]}, but {expected[at]} was expected"
            )
