# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles the kernels of a module with Triton, for each number of warps and of
stages, executes them in the simulator in three orders, and compares what they
write with numpy's results. Prints a line for each case."""

import argparse
import importlib
import re
import sys
import time
from pathlib import Path
from typing import Any

import triton  # type: ignore[import-not-found, import-untyped]
from harness import Case, Program, execute, families, signature
from triton.backends.compiler import GPUTarget  # type: ignore[import-not-found, import-untyped]
from triton.compiler import ASTSource  # type: ignore[import-not-found, import-untyped]


def source_of(case: Case) -> Any:
    names = case.kernel.arg_names
    types = {n: "constexpr" if n in case.constants else signature(case.arguments[n]) for n in names}
    constants = {(names.index(name),): value for name, value in case.constants.items()}
    # As in a launch of Triton's: pointers and numbers that 16 divides are known to be such.
    attributes = {
        (i,): [["tt.divisibility", 16]]
        for i, name in enumerate(names)
        if types[name].startswith("*")
        or (isinstance(case.arguments.get(name), int) and case.arguments[name] % 16 == 0)
    }
    return case.kernel, types, constants, attributes


def compile_case(case: Case, chip: int, warps: int, stages: int) -> Program:
    kernel, types, constants, attributes = source_of(case)
    source = ASTSource
    if kernel.is_gluon():
        from triton.experimental.gluon._runtime import (  # type: ignore[import-not-found, import-untyped]
            GluonASTSource,
        )

        source = GluonASTSource
    compiled = triton.compile(
        source(kernel, types, constants, attributes),
        target=GPUTarget("cuda", chip, 32),
        options={"num_warps": warps, "num_stages": stages, **case.options},
    )
    data = compiled.metadata
    return Program(compiled.asm["ptx"], data.shared, data.num_ctas, data.global_scratch_size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sim", default="fp4-sim")
    parser.add_argument("--work", required=True)
    parser.add_argument("--chip", default="sm_100a")
    parser.add_argument("--orders", default="late,early,random:1")
    parser.add_argument("--only", default="", help="cases whose names begin like this")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("module")
    args = parser.parse_args()
    Path(args.work).mkdir(parents=True, exist_ok=True)
    importlib.import_module(args.module)
    chip = int(re.sub(r"\D", "", args.chip))
    for family in families:
        # Modules use what others have.
        if family.function.__module__ != args.module:
            continue
        for name, case in family.cases(chip):
            if not name.startswith(args.only):
                continue
            begun, seen = time.time(), set[str]()
            for warps in family.warps:
                for stages in family.stages:
                    program = compile_case(case, chip, warps, stages)
                    for pattern in case.patterns:
                        if not re.search(pattern, program.instructions()):
                            sys.exit(f"{name}: the PTX has no '{pattern}'")
                    if program.ptx in seen:
                        continue
                    seen.add(program.ptx)
                    print(f"{name}: {warps} warps, {stages} stages", flush=True)
                    for order in args.orders.split(","):
                        execute(case, program, args, order)
            if args.times:
                print(f"  {time.time() - begun:.1f} s")


if __name__ == "__main__":
    main()
