"""Runs graphs on a simulated GPU and holds them to the reference, byte for byte.

    sim_graphs.py --bin=BIN --work=DIR --chip=sm_80 MODULE.mlir [ENTRY...]

Arguments get random values by their types, seeded; those of `fp4.param` go to --params. A dynamic
size is 5 unless --dynamic says otherwise. --options are handed to the runs on the device. Exits with
1 and a message on any difference, and when a tool fails.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import fp4_oracle as o
import ml_dtypes
import numpy as np

FLOATS = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16}
SCALES = {"f8E8M0FNU": ml_dtypes.float8_e8m0fnu, "f8E4M3FN": ml_dtypes.float8_e4m3fn}


class Failure(Exception):
    """A tool failed, or a result is not what it should be."""


def make_value(rng: np.random.Generator, mlir_type: str, dynamic: int) -> o.Array:
    """A tensor or scalar of a type as it is printed."""
    match = re.fullmatch(r"tensor<((?:[\d?]+x)*)(\w+)>|(\w+)", mlir_type)
    if not match:
        raise Failure(f"no values for {mlir_type}")
    shape = [dynamic if d == "?" else int(d) for d in (match[1] or "").split("x")[:-1]]
    element = match[2] or match[3]
    if element == "f4E2M1FN":
        return rng.integers(0, 256, (*shape[:-1], shape[-1] // 2), np.uint8)
    if element in SCALES:
        middle = 127 if element == "f8E8M0FNU" else 0x38
        return rng.integers(middle - 3, middle + 4, shape, np.uint8).view(SCALES[element])
    if element in ("i1", "index", "i64", "i32"):
        return np.asarray(rng.integers(0, 2, shape, np.int64)).astype(
            {"i1": np.bool_, "i32": np.int32}.get(element, np.int64)
        )
    values = rng.standard_normal(shape) if shape else np.asarray(rng.uniform(0.2, 4))
    return values.astype(FLOATS[element])


def make_arguments(
    module: str, entry: str, dynamic: int
) -> tuple[dict[str, o.Array], dict[str, o.Array]]:
    """Inputs and parameters of an entry, by name."""
    signature = re.search(rf"func\.func @{entry}\((.*?)\)\s*(?:->|\{{)", module, re.DOTALL)
    if not signature:
        raise Failure(f"no function @{entry}")
    argument = r'%\w+:\s*([\w<>?]+)\s*\{fp4\.(name|param) = "([^"]+)"\}'
    found = re.findall(argument, signature[1])
    if len(found) != signature[1].count("%"):
        raise Failure(f"not all arguments of @{entry} have names")
    rng = np.random.default_rng(7)
    values: dict[str, dict[str, o.Array]] = {"name": {}, "param": {}}
    for mlir_type, kind, name in found:
        values[kind].setdefault(name, make_value(rng, mlir_type, dynamic))
    return values["name"], values["param"]


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise Failure(f"{' '.join(command)}: {done.returncode}\n{done.stderr}")


def check(arguments: argparse.Namespace) -> None:
    text = arguments.module.read_text()
    module = arguments.work / arguments.module.name
    module.write_text(text)
    target = ["--target=cuda", "--cuda-driver=sim"]
    environment = os.environ | {"FP4_SIM_CHIP": arguments.chip, "FP4_SIM_PEDANTIC": "1"}
    for entry in arguments.entries or ["forward"]:
        inputs, parameters = make_arguments(text, entry, arguments.dynamic)
        base = arguments.work / entry
        command = [str(arguments.bin / "fp4-runner"), str(module), f"--entry={entry}"]
        for option, values in (("input", inputs), ("params", parameters)):
            if values:
                o.save(base.with_suffix(f".{option}"), values)
                command.append(f"--{option}={base.with_suffix(f'.{option}')}")
        results = [base.with_suffix(s) for s in (".simulated", ".reference")]
        options = arguments.options.split()
        run([*command, *target, *options, f"--output={results[0]}"], environment)
        run([*command, f"--output={results[1]}"])
        if results[0].read_bytes() != results[1].read_bytes():
            raise Failure(f"@{entry}: {results[0]} is not what {results[1]} is")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of the tools")
    parser.add_argument("--work", type=Path, required=True, help="the folder for the files")
    parser.add_argument("--chip", required=True, help="of the simulated GPU")
    parser.add_argument("--dynamic", type=int, default=5, help="what dynamic sizes are")
    parser.add_argument("--options", default="", help="more options of fp4-runner")
    parser.add_argument("module", type=Path)
    parser.add_argument("entries", nargs="*", help="default: forward")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    try:
        check(arguments)
    except Failure as failure:
        sys.exit(f"{arguments.module.name}: {failure}")


if __name__ == "__main__":
    main()
