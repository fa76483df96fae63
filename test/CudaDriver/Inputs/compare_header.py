# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the declarations of the simulated driver with cuda.h: enumerators
and sizes by static assertions that a compiler checks, entry points and the
versions that they are of by reading."""

import argparse
import pathlib
import re
import subprocess

# What Types.h calls by a name of its own.
OWN_NAMES = {
    "CU_MEMHOSTALLOC_FLAGS_MASK": "0x7",
    "CU_MEMHOSTALLOC_DEVICEMAP_FLAG": "CU_MEMHOSTALLOC_DEVICEMAP",
    "CU_MEMHOSTREGISTER_IOMEMORY_FLAG": "CU_MEMHOSTREGISTER_IOMEMORY",
    "CU_MEMHOSTREGISTER_FLAGS_MASK": "0xF",
    "CU_EVENT_FLAGS_MASK": "0x7",
}
# Of the profiler's own header, and what cuda.h has only in a comment.
NOT_IN_HEADER = {"cuProfilerStart", "cuProfilerStop"}


def check_numbers(options: argparse.Namespace) -> tuple[int, int]:
    text = (options.source / "Types.h").read_text()
    results = (options.source / "Results.def").read_text()
    names = re.findall(r"^  (CU_[A-Z0-9_]+) = ", text, re.MULTILINE)
    names += re.findall(r"^FP4_RESULT\((\w+)", results, re.MULTILINE)
    types = re.findall(r"^struct (?:alignas\(64\) )?(CU\w+) \{", text, re.MULTILINE)
    types = [t for t in types if t not in ("CUlaunchDim", "CUlaunchEvent")]
    lines = ['#include "cuda.h"', "namespace ours {", '#include "Types.h"', "}"]
    lines.append("namespace o = ours::mlir::fp4::sim::cuda;")
    lines.append("using namespace ours;")
    for name in names:
        lines.append(f"static_assert(int(o::{name}) == int({OWN_NAMES.get(name, name)}));")
    for name in types:
        lines.append(f"static_assert(sizeof(o::{name}) == sizeof(::{name}));")
        # Maps of older programs are at multiples of 64.
        if name != "CUtensorMap":
            lines.append(f"static_assert(alignof(o::{name}) == alignof(::{name}));")
    fields = re.findall(r"^struct (CU\w+) \{(.*?)^\};", text, re.MULTILINE | re.DOTALL)
    for name, body in fields:
        if name not in types or name in ("CUlaunchAttribute",):
            continue
        for line in body.strip().splitlines():
            line = re.sub(r"\[\d+\]", "", line.strip().rstrip(";"))
            for field in line.split(","):
                field = re.split(r"[ *]", field.strip())[-1]
                if field in ("bytes",):
                    continue
                lines.append(
                    f"static_assert(offsetof(o::{name}, {field}) == offsetof(::{name}, {field}));"
                )
    source = options.work / "compare.cpp"
    source.write_text("#include <cstddef>\n#include <cstdint>\n" + "\n".join(lines) + "\n")
    subprocess.run(
        [
            options.compiler,
            "-std=c++17",
            "-fsyntax-only",
            f"-I{options.source}",
            f"-isystem{options.include}",
            source,
        ],
        check=True,
    )
    return len(names), len(types)


def check_entry_points(options: argparse.Namespace) -> int:
    table = (options.source / "EntryPoints.def").read_text()
    rows = re.findall(r"^FP4_(?:ENTRY|REFUSED)\((\w+), (\w+), (\d+), (\w+)", table, re.MULTILINE)
    header = (options.include / "cuda.h").read_text()
    typedefs = (options.include / "cudaTypedefs.h").read_text()
    symbols = {symbol for _, symbol, _, _ in rows}
    symbols |= {f"{symbol}_{streams}" for _, symbol, _, streams in rows if streams != "legacy"}
    declared = set(re.findall(r"CUresult CUDAAPI\s+(cu\w+)\s*\(", header))
    current = dict(
        re.findall(r"^ *#define (cu\w+) +(?:__CUDA_API_PT[DS][SZ]\()?(cu\w+)", header, re.MULTILINE)
    )
    declared |= set(current.values())
    missing = declared - symbols
    assert not missing, f"there is no row for {sorted(missing)}"
    names = {name for name, _, _, _ in rows}
    unknown = names - {re.sub(r"_v\d$", "", d) for d in declared} - NOT_IN_HEADER
    assert not unknown, f"cuda.h does not have {sorted(unknown)}"
    # The versions, where the header of function types tells them.
    versions = {(name, int(version)) for name, _, version, _ in rows}
    for name, version in re.findall(r"PFN_(cu\w+?)_v(\d+)\)\(", typedefs):
        assert (name, int(version)) in versions, f"{name} of {version}"
    # The newest symbol of a name is the one that cuda.h gives to it.
    for name in names & set(current):
        # Its newest symbol is the first of another name.
        if name == "cuGraphInstantiate":
            continue
        newest = max((int(v), s) for n, s, v, _ in rows if n == name)[1]
        older = [s for n, s, _, _ in rows if n == name]
        assert current[name] in older, (name, current[name])
        if name not in ("cuCtxGetDevice", "cuCtxSynchronize", "cuStreamGetCtx"):
            assert newest == current[name], (name, newest, current[name])
    return len(rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--include", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", default="clang++-22")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    numbers, types = check_numbers(options)
    rows = check_entry_points(options)
    print(f"{numbers} numbers, {types} types and {rows} entry points agree")


main()
