"""Compiles and runs one layer with the project's tools and checks what it computed.

    run_case.py --bin=BIN --work=DIR vector CASE_DIR
    run_case.py --bin=BIN --work=DIR random --format=nv --x=5x2080 --n=48 --transform=block:8:f32
    run_case.py --bin=BIN --work=DIR extreme underflow
    run_case.py --bin=BIN --work=DIR --target=cpu --isa=avx2 vector CASE_DIR
    run_case.py --bin=BIN --work=DIR --simulate=sm_80 vector CASE_DIR

With --simulate a simulated GPU runs the kernels, by all rules, the pedantic ones too, and all files must
also be those of the reference, byte for byte: for chips without tensor cores for FP4, as sim_layers.py
is for those with them.

The files of the case stay in DIR. Exits with 1 and a message that begins with the case's name on any
violation, and when a tool fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import check_layer
import cpu_isas
import fp4_oracle as o
import random_layer


@dataclass(frozen=True)
class Tools:
    """Where the tools are and what they are asked to compile for."""

    bin: Path
    work: Path
    target: str
    rounding: str = "even"
    strategies: str = ""
    simulate: str = ""
    isa: str = "host"

    def path(self, name: str) -> Path:
        return self.work / name

    def call(self, tool: str, *arguments: str, env: dict[str, str] | None = None) -> None:
        command = [str(self.bin / tool), *arguments]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
        except OSError as error:
            raise check_layer.Mismatch(f"cannot run {tool}: {error}") from None
        if done.returncode:
            raise check_layer.Mismatch(
                f"{tool} failed with {done.returncode}: {' '.join(command)}\n{done.stderr.strip()}"
            )

    def translate(self, activation: str, result: str, rank: int, prefix: str = "") -> Path:
        """Imports the layer in the work folder."""
        module = self.path(f"{activation}-{result}.mlir")
        options = [f"--activation-type={activation}", f"--result-type={result}", f"--rank={rank}"]
        if prefix:
            options.append(f"--prefix={prefix}")
        layer = str(self.path("layer.safetensors"))
        self.call("fp4-translate", "--import-safetensors", layer, *options, "-o", str(module))
        text = with_rounding(module.read_text(), self.rounding)
        module.write_text(with_strategies(text, self.strategies))
        return module

    def run(self, module: Path, entries: list[str]) -> list[Path]:
        """The results of each entry."""
        target, environment = [f"--target={self.target}", *cpu_isas.OPTIONS[self.isa]], None
        if self.simulate:
            target = ["--target=cuda", "--cuda-driver=sim"]
            environment = {**os.environ, "FP4_SIM_CHIP": self.simulate, "FP4_SIM_PEDANTIC": "1"}
        outputs = []
        for entry in entries:
            output = self.path(f"{module.stem}-{entry}.safetensors")
            output.unlink(missing_ok=True)
            command = [
                str(module),
                f"--entry={entry}",
                f"--params={self.path('layer.safetensors')}",
                f"--input={self.path('in.safetensors')}",
            ]
            self.call("fp4-runner", *command, *target, f"--output={output}", env=environment)
            if self.simulate:
                reference = output.with_suffix(".reference")
                self.call("fp4-runner", *command, f"--output={reference}")
                files = o.load(output), o.load(reference)
                check_layer.require_same_bytes(f"@{entry}", *files, "the reference")
            outputs.append(output)
        return outputs


def with_rounding(module: str, rounding: str) -> str:
    """Gives every op that quantizes a `rounding`; `even` is the default, which is not printed."""
    if rounding == "even":
        return module
    pattern = r"(fp4\.(?:quant_linear|quantize_pack)\b[^\n]*?group_size\(\d+\))"
    changed, count = re.subn(pattern, rf"\1 rounding({rounding})", module)
    if not count:
        raise check_layer.Mismatch("the imported module has no op to give a rounding to")
    return changed


def with_strategies(module: str, strategies: str) -> str:
    """Gives the layer what `strategies` says: "quantize=simt,matmul=reference"."""
    if not strategies:
        return module
    pairs = (pair.split("=") for pair in strategies.split(","))
    attributes = ", ".join(f'{kind}_strategy = "{name}"' for kind, name in pairs)
    changed, count = re.subn(
        r"(fp4\.quant_linear\b[^\n]*activation_scale_scale\([^)]*\))",
        rf"\1 {{{attributes}}}",
        module,
    )
    if not count:
        raise check_layer.Mismatch("the imported module has no layer to give strategies to")
    return changed


def run_and_check(tools: Tools, results: list[str], prefix: str = "", expect: bool = False) -> None:
    """Runs the layer and input in the work folder as each result type."""
    x = o.load(tools.path("in.safetensors"))["x"]
    activation = next(name for name, dtype in o.FLOAT_TYPES.items() if dtype == x.dtype)
    for result in results:
        module = tools.translate(activation, result, x.ndim, prefix)
        quantized, y = tools.run(module, ["quantize", "forward"])
        check_layer.check_files(
            tools.path("layer.safetensors"),
            tools.path("in.safetensors"),
            quantized,
            [(o.FLOAT_TYPES[result], y)],
            prefix,
            tools.rounding,
            tools.path("expect.safetensors") if expect else None,
        )


def _transform(text: str) -> tuple[bool, int, str]:
    kind, size, dtype = text.split(":")
    return {"shared": False, "block": True}[kind], int(size), dtype


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of the tools")
    parser.add_argument("--work", type=Path, required=True, help="the folder for the case's files")
    parser.add_argument("--target", default="reference", help="what fp4-runner compiles for")
    parser.add_argument("--isa", choices=cpu_isas.OPTIONS, default="host", help="of --target=cpu")
    parser.add_argument("--rounding", choices=o.ROUNDINGS, default="even")
    parser.add_argument("--strategies", default="", help="quantize=NAME,matmul=NAME of the layer")
    parser.add_argument("--simulate", default="", help="the chip of a simulated GPU")
    parser.add_argument("--result", default="f32,bf16", help="result types, comma-separated")
    kinds = parser.add_subparsers(dest="kind", required=True)

    vector = kinds.add_parser("vector", help="a recorded case")
    vector.add_argument("case", type=Path, help="the folder with layer, in and expect.safetensors")

    extreme = kinds.add_parser("extreme", help="scale pairs beyond f32")
    extreme.add_argument("name", choices=random_layer.EXTREMES)

    random = kinds.add_parser("random", help="a seeded layer")
    random.add_argument("--format", choices=o.SCALE_TYPES, required=True)
    random.add_argument("--x", required=True, help="the shape of x, such as 5x2080; K is last")
    random.add_argument("--n", type=int, required=True, help="output features")
    random.add_argument("--group", type=int, help="default: 32 for mx, 16 for nv")
    random.add_argument("--activation", choices=o.FLOAT_TYPES, default="bf16")
    random.add_argument("--transform", type=_transform, help="{shared|block}:SIZE:TYPE")
    random.add_argument("--gs-a", type=float, help="the activation's global scale")
    random.add_argument("--gs-w", type=float, help="the weight's global scale")
    random.add_argument("--ss", type=float, help="the activation's scale scale")
    random.add_argument("--seed", type=int, default=0)
    random.add_argument("--prefix", default="", help="what the layer's keys start with")
    random.add_argument("--one-element-scalars", action="store_true", help="shape (1,) for ()")
    random.add_argument("--omit-activation-scalars", action="store_true")
    return parser.parse_args()


def _spec(arguments: argparse.Namespace) -> random_layer.Spec:
    mx = arguments.format == "mx"
    usual = (1 / 3, 1 / 3, 4.0) if mx else (0.1, 0.125, 6.0)
    given = (arguments.gs_a, arguments.gs_w, arguments.ss)
    gs_a, gs_w, ss = (u if g is None else g for g, u in zip(given, usual, strict=True))
    return random_layer.Spec(
        scale_format=arguments.format,
        x_shape=tuple(int(d) for d in arguments.x.split("x")),
        n=arguments.n,
        group=arguments.group or (32 if mx else 16),
        activation_type=arguments.activation,
        transform=arguments.transform,
        gs_a=gs_a,
        gs_w=gs_w,
        ss=ss,
        seed=arguments.seed,
        one_element_scalars=arguments.one_element_scalars,
        omit_activation_scalars=arguments.omit_activation_scalars,
        prefix=arguments.prefix,
    )


def main() -> None:
    arguments = _parse()
    tools = Tools(
        arguments.bin,
        arguments.work,
        arguments.target,
        arguments.rounding,
        arguments.strategies,
        arguments.simulate,
        arguments.isa,
    )
    tools.work.mkdir(parents=True, exist_ok=True)
    prefix = ""
    if arguments.kind == "vector":
        name = f"vector {arguments.case.name}"
        for file in ("layer", "in", "expect"):
            shutil.copy(arguments.case / f"{file}.safetensors", tools.work)
    else:
        if arguments.kind == "extreme":
            name = f"extreme {arguments.name}"
            state, x = random_layer.make_extreme(arguments.name)
        else:
            spec = _spec(arguments)
            name, prefix = str(spec), spec.prefix
            state, x = random_layer.make(spec)
        o.save(tools.path("layer.safetensors"), state)
        o.save(tools.path("in.safetensors"), {"x": x})
    try:
        run_and_check(tools, arguments.result.split(","), prefix, arguments.kind == "vector")
    except check_layer.Mismatch as mismatch:
        sys.exit(f"{name}: {mismatch}")


if __name__ == "__main__":
    main()
