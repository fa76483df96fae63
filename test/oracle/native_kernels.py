"""Compiles the kernels of a module for the host, for the driver in test/Integration/GPU.

    native_kernels.py --bin=BIN --llvm=LLVM_BIN [--chip=sm_90a] MODULE.mlir LIBRARY.so

Lowers the module to kernels in the NVVM dialect, translates those to LLVM IR and compiles that for
the machine it runs on. A kernel that needs more of a device than the place of its thread is not in
the library; what it needs is, for the driver's message.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HEADERS = Path(__file__).resolve().parent.parent / "Integration" / "GPU"
SIZES = {"i64": 8, "ptr": 8, "double": 8, "i32": 4, "float": 4, "i16": 2, "half": 2, "bfloat": 2}
SIZES |= {"i8": 1, "i1": 1}
REGISTER = r"llvm\.nvvm\.read\.ptx\.sreg\.(n?(?:tid|ctaid))\.([xyz])"
REGISTERS = ["tid", "ctaid", "ntid", "nctaid"]


class Failure(Exception):
    """A tool failed, or the IR is not what is expected."""


@dataclass(frozen=True)
class Kernel:
    """A kernel in LLVM IR."""

    name: str
    types: list[str]
    needs: str | None
    text: str

    @property
    def sizes(self) -> str:
        return "".join(str(SIZES.get(t.split()[0], "?")) for t in self.types)

    def trampoline(self) -> str:
        """A function that loads the arguments by their types and calls the kernel."""
        lines = [f"define void @fp4_run_{self.name}(ptr %params) {{"]
        for i, t in enumerate(self.types):
            lines += [
                f"  %p{i} = getelementptr ptr, ptr %params, i64 {i}",
                f"  %a{i} = load ptr, ptr %p{i}",
                f"  %v{i} = load {t}, ptr %a{i}",
            ]
        arguments = ", ".join(f"{t} %v{i}" for i, t in enumerate(self.types))
        return "\n".join([*lines, f"  call void @{self.name}({arguments})", "  ret void", "}\n"])

    def entry(self) -> str:
        if self.needs:
            return f'{{"{self.name}", "{self.sizes}", "{self.needs}", 0}},'
        return f'{{"{self.name}", "{self.sizes}", 0, fp4_run_{self.name}}},'


def _call(*command: str | Path, stdin: str | None = None) -> str:
    try:
        done = subprocess.run(
            list(map(str, command)), input=stdin, check=False, capture_output=True, text=True
        )
    except OSError as error:
        raise Failure(f"cannot run {command[0]}: {error}") from None
    if done.returncode:
        raise Failure(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")
    return done.stdout


def _device_modules(lowered: str) -> str:
    """The bodies of all gpu.modules; what mlir-opt prints is indented."""
    bodies = re.findall(r"^  gpu\.module @[^\n]*\{\n(.*?)^  \}$", lowered, re.MULTILINE | re.DOTALL)
    # The names of attributes and locations that the bodies use.
    aliases = [line for line in lowered.splitlines() if re.match(r"#\w+ =", line)]
    return "\n".join([*aliases, *bodies])


def _split(parameters: str) -> list[str]:
    """The parameters of a definition, between commas that are not in parentheses."""
    return [p.strip() for p in re.findall(r"(?:[^,(]|\([^)]*\))+", parameters)]


def _needs(text: str, parameters: list[str]) -> str | None:
    intrinsics = re.findall(r"@(llvm\.nvvm\.[\w.]+)", text)
    intrinsics = [name for name in intrinsics if not re.fullmatch(REGISTER, name)]
    if intrinsics:
        return intrinsics[0]
    for pattern, what in ((r"\basm\b", "PTX instructions"), (r"addrspace\(3\)", "shared memory")):
        if re.search(pattern, text):
            return what
    return "parameters by value" if any("byval" in p for p in parameters) else None


def _read_kernel(text: str) -> Kernel:
    match = re.match(r'define ptx_kernel void @"?([\w.$-]+)"?\((.*)\)[^()]*\{\n', text)
    if not match:
        raise Failure(f"not the definition of a kernel: {text.splitlines()[0]}")
    parameters = _split(match[2])
    # The type comes first, then attributes, then the name.
    types = [" ".join(re.findall(r"^\S+|addrspace\(\d+\)", p)) for p in parameters]
    needs = _needs(text, parameters)
    text = re.sub(f"@{REGISTER}", r"@fp4_read_\1_\2", text).replace("ptx_kernel ", "", 1)
    return Kernel(match[1], types, needs, text)


def build(bin_dir: Path, llvm: Path, module: Path, library: Path, chip: str = "sm_90a") -> None:
    """Writes the library, and its sources next to it."""
    lowered = _call(bin_dir / "fp4-opt", module, f"--fp4-lower-to-kernels=chip={chip}")
    ir = _call(llvm / "mlir-translate", "--mlir-to-llvmir", stdin=_device_modules(lowered))
    # Globals that are not shared memory, kernels, and declarations of intrinsics.
    pieces = re.split(r"^(define .*?^\}\n)", ir, flags=re.MULTILINE | re.DOTALL)
    kernels = [_read_kernel(piece) for piece in pieces[1::2]]
    rest = "\n".join(
        line
        for line in "".join(pieces[::2]).splitlines()
        if not re.match(r"@.*addrspace\(3\)|declare .*@llvm\.nvvm\.", line)
    )
    native = [kernel for kernel in kernels if not kernel.needs]
    reads = [f"fp4_read_{name}_{axis}" for name in REGISTERS for axis in "xyz"]
    source, table = library.with_suffix(".ll"), library.with_suffix(".c")
    source.write_text(
        "\n".join(
            [rest]
            + [f"declare i32 @{name}()" for name in reads]
            + [kernel.text + kernel.trampoline() for kernel in native]
        )
    )
    table.write_text(
        "\n".join(
            ['#include "HostKernels.h"', "unsigned fp4_host_registers[12];"]
            + [
                f"unsigned {name}(void) {{ return fp4_host_registers[{i}]; }}"
                for i, name in enumerate(reads)
            ]
            + [f"void fp4_run_{kernel.name}(void **);" for kernel in native]
            + ["const struct FP4HostKernel fp4_host_kernels[] = {"]
            + [kernel.entry() for kernel in kernels]
            + ["{0, 0, 0, 0}};\n"]
        )
    )
    flags = ["-shared", "-fPIC", "-fvisibility=hidden", "-O1", "-ffp-contract=off"]
    flags += ["-Wno-override-module", f"-I{HEADERS}"]
    _call(llvm / "clang", *flags, source, table, "-o", library)


@dataclass(frozen=True)
class Device:
    """The driver that executes on the host, and what it needs."""

    bin: Path
    llvm: Path
    driver: Path
    chip: str = "sm_90a"

    def prepare(self, module: Path) -> tuple[list[str], dict[str, str]]:
        """Options of fp4-runner and the environment that it runs in."""
        library = module.with_suffix(".so")
        build(self.bin, self.llvm, module, library, self.chip)
        major, minor = re.findall(r"(\d+)(\d)", self.chip)[0]
        environment = {
            "FP4_HOST_DRIVER_KERNELS": str(library),
            "FP4_HOST_DRIVER_CHIP": f"{major}.{minor}",
        }
        return ["--target=cuda", f"--cuda-driver={self.driver}"], os.environ | environment

    @staticmethod
    def add_options(parser: argparse.ArgumentParser, required: bool) -> None:
        add = parser.add_argument
        add("--device", type=Path, required=required, help="the driver to run kernels with")
        add("--llvm", type=Path, required=required, help="the folder of LLVM's tools")
        add("--chip", default="sm_90a", help="what kernels are compiled for")

    @staticmethod
    def from_options(arguments: argparse.Namespace) -> Device | None:
        if not arguments.device:
            return None
        return Device(arguments.bin, arguments.llvm, arguments.device, arguments.chip)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="the folder of the tools")
    parser.add_argument("--llvm", type=Path, required=True, help="the folder of LLVM's tools")
    parser.add_argument("--chip", default="sm_90a", help="what the kernels are lowered for")
    parser.add_argument("module", type=Path)
    parser.add_argument("library", type=Path)
    arguments = parser.parse_args()
    try:
        build(arguments.bin, arguments.llvm, arguments.module, arguments.library, arguments.chip)
    except Failure as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
