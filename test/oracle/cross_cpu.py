"""Runs the modules of random_cpu.py as objects for AArch64, on an emulator, and holds them to the oracle.

    cross_cpu.py --bin=BIN --work=DIR --llvm=LLVM_BIN --runtime=serial_openmp.c --seed=7 --modules=4 [--sizes]

Each module is lowered for a CPU of AArch64, compiled, and linked with a C program that hands it its
arguments, each at the end of a page: what is read or written beyond one ends the program. The emulator
has no instructions that the CPU lacks. Where another CPU has tiles of the same sizes, its results have
to be the same bits. With --sizes, modules of products of all numbers of rows up to 17 take the place
of the random ones.
That needs a cross compiler, aarch64-linux-gnu-gcc, and qemu-aarch64.
"""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import check_layer
import fp4_oracle as o
import numpy as np
import random_cpu


@dataclass(frozen=True)
class CPU:
    """Options of the lowering, the least that the emulator has to be, and a CPU with the same tiles."""

    options: str
    emulated: str
    peer: str | None = None


# With products of matrices of bytes, with dot products of bytes, and with neither, which is LLVM's generic one.
CPUS = {
    "neoverse-v1": CPU("cpu=neoverse-v1", "max", peer="cortex-a76"),
    "cortex-a76": CPU("cpu=cortex-a76", "cortex-a76"),
    "generic": CPU("", "cortex-a57"),
}
DTYPES = {name: dtype for dtype, name in random_cpu.MLIR_TYPES.items()}

PROGRAM = """
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {{ void *base, *data; int64_t offset, dims[2 * {rank}]; }} MemRef;

void _mlir_ciface_f({parameters});

/* Memory in front of a page that nobody may touch, and filled from the file. */
static char *tensor(size_t size, FILE *file) {{
  size_t page = sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
  char *pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + room, page, PROT_NONE))
    exit(2);
  char *data = pages + room - size;
  if (file && fread(data, 1, size, file) != size)
    exit(3);
  return data;
}}

int main(int count, char **arguments) {{
  FILE *file = fopen(arguments[1], "rb");
  if (!file)
    return 1;
  char *data;
{descriptors}
  _mlir_ciface_f({arguments});
  file = fopen(arguments[2], "wb");
  if (!file)
    return 4;
{writes}
  return fclose(file) != 0;
}}
"""


def result_form(batch: random_cpu.Batch, name: str, mlir_type: str) -> tuple[list[int], o.DType]:
    """The shape and type of a result as it lies in memory."""
    found = re.search(r"\d+$", name)
    assert found
    leading = iter(batch.cases[int(found[0])].leading)
    *dims, element = mlir_type.removeprefix("tensor<").removesuffix(">").split("x")
    shape = [next(leading) if d == "?" else int(d) for d in dims]
    if element == "f4E2M1FN":
        shape[-1] //= 2
        return shape, np.dtype(np.uint8)
    return shape, DTYPES[element]


class Tensors:
    """Tensors as a program makes them and as descriptors tell of them."""

    def __init__(self) -> None:
        self.descriptors: list[str] = []
        self.writes: list[str] = []

    def add(self, shape: list[int], dtype: o.DType, is_result: bool) -> str:
        """Gives an argument of the call."""
        strides = [int(np.prod(shape[i + 1 :], dtype=np.int64)) for i in range(len(shape))]
        number = len(self.descriptors)
        dims = ", ".join(map(str, [*shape, *strides]))
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        self.descriptors.append(
            f"  data = tensor({size}, {'NULL' if is_result else 'file'});\n"
            f"  MemRef m{number} = {{data, data, 0, {{{dims}}}}};"
        )
        if is_result:
            self.writes.append(f"  fwrite(m{number}.data, 1, {size}, file);")
        return f"&m{number}"


@dataclass(frozen=True)
class CrossTool:
    bin: Path
    work: Path
    llvm: Path
    runtime: Path

    def call(self, *command: str | Path) -> None:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            words = " ".join(map(str, command))
            raise check_layer.Mismatch(f"{words}: {done.returncode}\n{done.stderr}")

    def compile(self, module: str, cpu: str, base: Path) -> Path:
        """An object with the module's function."""
        source, lowered, llvm_ir, assembled = (
            base.with_suffix(s) for s in (".mlir", ".lowered.mlir", ".ll", ".o")
        )
        source.write_text(module)
        options = f"triple=aarch64-linux-gnu {CPUS[cpu].options}"
        self.call(self.bin / "fp4-opt", source, f"--fp4-lower-to-cpu={options}", "-o", lowered)
        self.call(self.llvm / "mlir-translate", "--mlir-to-llvmir", lowered, "-o", llvm_ir)
        self.call(self.llvm / "llc", "-filetype=obj", llvm_ir, "-o", assembled)
        return assembled

    def run(self, batch: random_cpu.Batch) -> dict[str, o.Array]:
        # Parameters would be arguments of another function.
        batch.config = dataclasses.replace(batch.config, weight_is_parameter=False)
        results = self.run_on(batch.config.isa, batch)
        peer = CPUS[batch.config.isa].peer
        if peer:
            for name, computed in self.run_on(peer, batch).items():
                same = computed.tobytes() == results[name].tobytes()
                check_layer.require(same, f"{name} of {peer} has other bits")
        return results

    def run_on(self, cpu: str, batch: random_cpu.Batch) -> dict[str, o.Array]:
        module = batch.module()
        base = self.work / f"{batch.config.number}-{cpu}"
        tensors = Tensors()
        parameters, arguments, image = [], [], []
        for value in module.inputs.values():
            if value.ndim == 0:
                parameters.append("float")
                bits = int(np.asarray(value, np.float32).view(np.uint32))
                arguments.append(f"((union {{uint32_t bits; float value;}}){{{bits}u}}).value")
            else:
                parameters.append("MemRef *")
                arguments.append(tensors.add(list(value.shape), value.dtype, is_result=False))
                image.append(value.tobytes())
        forms = [result_form(batch, name, kind) for name, kind, _ in module.results]
        for shape, dtype in forms:
            parameters.append("MemRef *")
            arguments.append(tensors.add(shape, dtype, is_result=True))

        program, data, output, executable = (
            base.with_suffix(s) for s in (".c", ".in", ".out", ".elf")
        )
        program.write_text(
            PROGRAM.format(
                rank=4,
                parameters=", ".join(parameters),
                descriptors="\n".join(tensors.descriptors),
                arguments=", ".join(arguments),
                writes="\n".join(tensors.writes),
            )
        )
        data.write_bytes(b"".join(image))
        assembled = self.compile(str(module), cpu, base)
        compiler = "aarch64-linux-gnu-gcc"
        sources = [program, self.runtime, assembled]
        self.call(compiler, "-O1", "-static", *sources, "-lm", "-o", executable)
        self.call("qemu-aarch64", "-cpu", CPUS[cpu].emulated, executable, data, output)
        computed = output.read_bytes()
        results = {}
        for (name, _, _), (shape, dtype) in zip(module.results, forms, strict=True):
            size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            results[name] = np.frombuffer(computed[:size], dtype).reshape(shape)
            computed = computed[size:]
        check_layer.require(not computed, f"{output} is longer than its results")
        return results


def size_batches(seed: int) -> Iterator[random_cpu.Batch]:
    """Products of each format, of two group sizes: K of one group, or of two stretches and one more."""
    kinds = [("mx", 32), ("nv", 16), ("mx", 8), ("nv", 128)]
    for number, (scale_format, group) in enumerate(kinds):
        config = random_cpu.Config(
            number=number,
            isa="neoverse-v1",
            scale_format=scale_format,
            group=group,
            k=group if number % 2 else 1024 + group,
            n=97 if group == 16 else 11,
            activation="f32",
            result="f32",
            rounding="even",
            transform=None,
            rank=2,
            static_rows=None,
            weight_is_parameter=False,
        )
        batch = random_cpu.Batch(seed, number, [], 0, config)
        batch.cases = [
            random_cpu.Case(batch, i, "product", rows)
            for i, rows in enumerate([*range(1, 18), 97, 600])
        ]
        yield batch


def main() -> None:
    parser = random_cpu.make_parser(__doc__, CPUS)
    parser.add_argument("--sizes", action="store_true", help="modules of all numbers of rows")
    parser.add_argument("--llvm", type=Path, required=True, help="the folder of LLVM's tools")
    parser.add_argument("--runtime", type=Path, required=True, help="a C file to link")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    # What is a peer runs as that.
    isas = arguments.isa or ["neoverse-v1", "generic"]
    tool = CrossTool(arguments.bin, arguments.work, arguments.llvm, arguments.runtime)
    if arguments.sizes:
        batches = size_batches(arguments.seed)
    else:
        batches = random_cpu.draw_batches(arguments, isas)
    try:
        print(random_cpu.run(arguments, tool, isas, batches))
    except check_layer.Mismatch as mismatch:
        sys.exit(str(mismatch))


if __name__ == "__main__":
    main()
