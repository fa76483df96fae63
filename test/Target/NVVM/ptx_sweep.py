"""Compiles many layers to PTX and holds the kernels to what the hardware wants.

    ptx_sweep.py ptx      --bin=BIN --work=DIR [--vectors=DIR] [--strength=N] [--seconds=S]
    ptx_sweep.py assemble --bin=BIN --work=DIR [--vectors=DIR] [--strength=N]
    ptx_sweep.py passes   --bin=BIN --work=DIR --vectors=DIR
    ptx_sweep.py fallback --bin=BIN --work=DIR --vectors=DIR [--ptxas]
    ptx_sweep.py self-test --bin=BIN --work=DIR --vectors=DIR

ptx       PTX of every layer: made in time, the same bytes when made again and when made in two steps,
          and with the operands that the layer's shape gives: they are computed here, from the PTX ISA.
assemble  ptxas takes it, without spills or a stack, and shared memory suffices. Prints a table.
passes    the pipeline as a list of passes, one process each, gives the same PTX as in one.
fallback  chips without tensor memory get a warning and kernels that ptxas takes.
self-test PTX that is wrong in one place is refused.

The layers are those in --vectors and generated ones: a selection of all combinations of FACTORS in
which every N of the factors take every combination of their values; 2 by default, --strength=8 is all.

Exits with 1, after naming every violation. Numbers of sections are those of the PTX ISA 9.1.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SHARED_LIMIT = (
    227 * 1024
)  # bytes for a block: CUDA C++ Programming Guide 13.0, "Compute Capabilities"
CHIPS = ("sm_100a", "sm_103a")
OTHER_CHIPS = ("sm_80", "sm_89", "sm_90a", "sm_120a")
TIMEOUT = 120


class Failure(Exception):
    """Something is not as it has to be."""


def expect(what: str, actual: object, expected: object) -> None:
    if actual != expected:
        raise Failure(f"{what}: expected {expected}, but got {actual}")


# ---- layers -----------------------------------------------------------------------------------------

GROUP = {"mx": 32, "nv": 16}
SCALE = {"mx": "f8E8M0FNU", "nv": "f8E4M3FN"}
# K is a number of codes, or of groups.
FACTORS: dict[str, tuple[object, ...]] = {
    "chip": CHIPS,
    "format": ("mx", "nv"),
    "n": (8, 16, 40, 64, 104, 128, 136, 200, 256, 264, 384, 1000, 4096, 4097, 8192),
    "k": ("1 group", "3 groups", 2080, 14336),
    "activation": ("f32", "f16", "bf16"),
    "result": ("f32", "f16", "bf16"),
    "transform": ("none", "shared", "per-block"),
    "rank": (1, 2, 3),
}


@dataclass(frozen=True)
class Layer:
    """A module, and what its product is."""

    name: str
    chip: str
    format: str
    n: int
    k: int
    module: str

    @property
    def kind(self) -> str:
        return {
            "mx": "kind::mxf4.block_scale",
            "nv": "kind::mxf4nvf4.block_scale.block16",
        }[self.format]


def generate(values: dict[str, object]) -> Layer:
    chip, scale_format, n, k, activation, result, transform, rank = values.values()
    assert isinstance(scale_format, str) and isinstance(n, int) and isinstance(rank, int)
    group = GROUP[scale_format]
    k = k if isinstance(k, int) else int(str(k).split()[0]) * group
    free = "?x" * (rank - 1)
    x, y = f"tensor<{free}{k}x{activation}>", f"tensor<{free}{n}x{result}>"
    w, s = f"tensor<{n}x{k}xf4E2M1FN>", f"tensor<{n}x{k // group}x{SCALE[scale_format]}>"
    blocks = {"none": "", "shared": "", "per-block": f"{k // group}x"}[str(transform)]
    t = f"tensor<{blocks}{group}x{group}x{activation}>"
    has_transform = transform != "none"
    module = f"""func.func @forward(
    %x: {x} {{fp4.name = "x"}}, %w: {w} {{fp4.param = "e2m1"}}, %s: {s} {{fp4.param = "scale_quant"}},
    {f'%t: {t} {{fp4.param = "transform"}},' if has_transform else ""}
    %wg: f32 {{fp4.param = "weight_global_scale"}}, %ag: f32 {{fp4.param = "activation_global_scale"}},
    %as: f32 {{fp4.param = "activation_scale_scale"}}) -> ({y} {{fp4.name = "y"}}) {{
  %y = fp4.quant_linear group_size({group}) ins(%x : {x}) weight(%w, %s : {w}, {s})
      {f"transform(%t : {t})" if has_transform else ""} weight_global_scale(%wg)
      activation_global_scale(%ag) activation_scale_scale(%as) -> {y}
  return %y : {y}
}}
"""
    name = "-".join(str(v).replace(" ", "") for v in values.values())
    return Layer(name, str(chip), scale_format, n, k, module)


def cover(strength: int) -> Iterator[dict[str, object]]:
    """Rows in which every `strength` factors take every combination of values: greedily, and the same
    ones each time."""
    names = list(FACTORS)
    if strength >= len(names):
        for values in itertools.product(*FACTORS.values()):
            yield dict(zip(names, values, strict=True))
        return
    groups = list(itertools.combinations(range(len(names)), strength))
    choices = list(FACTORS.values())
    left = {
        (group, combination)
        for group in groups
        for combination in itertools.product(*(choices[i] for i in group))
    }
    rng = random.Random(0)

    def covered(row: list[object]) -> set[tuple[tuple[int, ...], tuple[object, ...]]]:
        return {(group, tuple(row[i] for i in group)) for group in groups} & left

    while left:
        group, combination = min(left, key=repr)
        best: list[object] = []
        for _ in range(60):
            row = [rng.choice(values) for values in choices]
            for i, value in zip(group, combination, strict=True):
                row[i] = value
            if not best or len(covered(row)) > len(covered(best)):
                best = row
        left -= covered(best)
        yield dict(zip(names, best, strict=True))


# ---- what the kernel has to hold --------------------------------------------------------------------

CODES, ROWS = 256, 128  # of a K tile along K, of a block along M
# 9.7.16.4.1: the matrix descriptor at address 0. Version 1 at bit 46; strides in units of 16 bytes.
CODES_DESCRIPTOR = 1 << 46 | 2 << 61 | (1024 >> 4) << 32 | 1 << 16  # 128-byte swizzle, 8 rows apart
SCALES_DESCRIPTOR = 1 << 46 | (128 >> 4) << 32 | 1 << 16  # no swizzle, 8 rows of 16 bytes apart


def make_instruction(n: int, is_e8m0: bool, scale_id: int) -> int:
    """9.7.16.4.2, table 44: e2m1 operands, M = 128, K = 64."""
    return (
        scale_id << 4
        | 1 << 7
        | 1 << 10
        | (n >> 3) << 17
        | int(is_e8m0) << 23
        | (ROWS >> 7) << 27
        | scale_id << 29
    )


@dataclass(frozen=True)
class Expected:
    """A K tile of the kernel of a layer, at the addresses that Values gives."""

    layer: Layer

    @property
    def columns(self) -> int:
        """Of a block along N."""
        n = self.layer.n
        return math.ceil(n / 8) * 8 if n <= 128 else 128 if n < 4096 else 256

    @property
    def atoms(self) -> int:
        """Tiles of 128 rows by 4 scales along K."""
        return CODES // GROUP[self.layer.format] // 4

    @property
    def weight_atoms(self) -> int:
        """Such tiles along N."""
        return math.ceil(self.columns / 128)

    @property
    def scale_columns(self) -> tuple[int, int]:
        """The first ones in tensor memory of the scales of activation and weight."""
        return self.columns, self.columns + 4 * self.atoms

    @property
    def allocated(self) -> int:
        used = self.columns + 4 * self.atoms * (1 + self.weight_atoms)
        return next(size for size in (32, 64, 128, 256, 512) if size >= used)

    @property
    def parts(self) -> list[tuple[str, int]]:
        """Shared memory: what a load brings, and its dimensions."""
        codes, atom = CODES // 2, 512
        sizes = [
            ("2d", ROWS * codes),
            ("2d", self.columns * codes),
            ("4d", self.atoms * atom),
            ("4d", self.atoms * self.weight_atoms * atom),
        ]
        return sizes

    @property
    def loaded(self) -> int:
        return sum(size for _, size in self.parts)

    @property
    def shared(self) -> int:
        """With e8m0 scales a word for each row is there, too, and two for each row of the weight."""
        words = 128 * (1 + 2 * self.weight_atoms) if self.layer.format == "mx" else 0
        return self.loaded + 4 * words

    def addresses(self) -> list[int]:
        sizes = [size for _, size in self.parts]
        return [Values.SHARED + sum(sizes[:i]) for i in range(4)]

    def copies(self) -> set[tuple[int, int]]:
        """Where in tensor memory each tile of scales goes, and its descriptor (9.7.16.10.7)."""
        result = set()
        for address, column, rows in zip(
            self.addresses()[2:], self.scale_columns, (1, self.weight_atoms), strict=True
        ):
            for row, atom in itertools.product(range(rows), range(self.atoms)):
                source = address + 512 * (row * self.atoms + atom)
                to = Values.TENSOR + column + 4 * (atom * rows + row)
                result.add((to, SCALES_DESCRIPTOR | (source >> 4) & 0x3FFF))
        return result

    def products(self) -> list[tuple[int, ...]]:
        """D, the descriptors of A and B, the instruction, and the scales of each instruction."""
        is_e8m0 = self.layer.format == "mx"
        a, b = self.addresses()[:2]
        result = []
        for i in range(4):
            word = i // 2 if is_e8m0 else i
            codes = [CODES_DESCRIPTOR | ((x + 32 * i) >> 4) & 0x3FFF for x in (a, b)]
            scales = [
                Values.TENSOR + column + 4 * word * rows
                for column, rows in zip(self.scale_columns, (1, self.weight_atoms), strict=True)
            ]
            instruction = make_instruction(self.columns, is_e8m0, 2 * (i % 2) if is_e8m0 else 0)
            result.append((Values.TENSOR, *codes, instruction, *scales))
        return result


# ---- PTX --------------------------------------------------------------------------------------------


@dataclass
class Kernel:
    name: str
    lines: list[str]

    def find(self, opcode: str) -> list[str]:
        return [line for line in self.lines if opcode in line]


def read_kernels(ptx: str) -> dict[str, Kernel]:
    parts = re.split(r"^\.visible \.entry (\w+)\(", ptx, flags=re.MULTILINE)
    names, texts = parts[1::2], parts[2::2]
    return {
        name: Kernel(name, [line.strip() for line in text.splitlines()])
        for name, text in zip(names, texts, strict=True)
    }


class Values:
    """What registers hold, as far as it is constant once the memories have addresses.

    An address of a parameter is its name; anything else that is not constant is None.
    """

    SHARED = 0x8400  # dynamic shared memory; the swizzle wants a multiple of 1024
    TENSOR = 64  # the first allocated column

    def __init__(self, kernel: Kernel):
        self.definitions: dict[str, list[str]] = {}
        # A first operand that is a register is what is written, but for what is given back.
        for line in kernel.lines:
            match = re.match(r"([a-z][\w.:]*)\s+(%\w+),\s*(.*);$", line)
            if match and not line.startswith("tcgen05.dealloc"):
                self.definitions.setdefault(match.group(2), []).append(line)
        self.known: dict[str, int | str | None] = {}

    def __call__(self, operand: str) -> int | str | None:
        operand = operand.strip().strip("[]").strip()
        if "+" in operand:
            base, offset = operand.rsplit("+", 1)
            return self.add(self(base), int(offset))
        if re.fullmatch(r"-?\d+", operand):
            return int(operand)
        if operand.startswith("__dynamic_shmem__"):
            return self.SHARED
        if not operand.startswith("%"):
            return operand
        if operand not in self.known:
            self.known[operand] = None  # for what depends on itself
            definitions = self.definitions.get(operand, [])
            if len(definitions) == 1:
                self.known[operand] = self.evaluate(definitions[0])
        return self.known[operand]

    @staticmethod
    def add(base: int | str | None, offset: int) -> int | str | None:
        if isinstance(base, str):
            return f"{base}+{offset}" if offset else base
        return None if base is None else base + offset

    def evaluate(self, line: str) -> int | str | None:
        opcode, rest = line.rstrip(";").split(None, 1)
        operands = rest.split(",")[1:]
        if opcode.startswith(("mov.", "cvta", "cvt.u32.u64", "cvt.u64.u32")):
            return self(operands[0])
        if opcode == "ld.shared.b32" and "__wg_" in operands[0]:
            return self.TENSOR
        values = [self(operand) for operand in operands]
        a, b = values if len(values) == 2 else (None, None)
        if isinstance(a, str) and isinstance(b, int) and opcode.startswith("add."):
            return self.add(a, b)
        if not isinstance(a, int) or not isinstance(b, int):
            return None
        operations = {
            "add": a + b,
            "or": a | b,
            "and": a & b,
            "shr": a >> min(b, 64) if b >= 0 else 0,
            "shl": a << min(b, 64) if b >= 0 else 0,
        }
        return operations.get(opcode.split(".")[0])


def operands_of(line: str) -> list[str]:
    """The operands of an instruction, of which lists in braces are one."""
    text = line.rstrip(";").split(None, 1)[1]
    return [part.strip() for part in re.findall(r"\[[^\]]*\]|\{[^}]*\}|[^,\s]+", text)]


def find_product(kernels: dict[str, Kernel]) -> Kernel:
    products = [kernel for kernel in kernels.values() if kernel.find("tcgen05.")]
    expect(
        "kernels with tcgen05 instructions", [k.name for k in products], ["forward_scaled_matmul"]
    )
    return products[0]


def check_loads(kernel: Kernel, values: Values, expected: Expected) -> int:
    """Each part is loaded once in a K tile. Returns how many copies of the K tile the compiler made."""
    loads = []
    for line in kernel.find("cp.async.bulk.tensor."):
        match = re.match(r"cp\.async\.bulk\.tensor\.(\dd)\.", line)
        assert match
        destination, source, barrier = operands_of(line)
        tensor_map = values(source.split(",", 1)[0])
        loads.append((values(destination), match.group(1), tensor_map, values(barrier)))
    copies = len(loads) // 4
    if copies == 0:
        raise Failure("there are no tile loads")
    parts = [
        (address, dimensions)
        for address, (dimensions, _) in zip(expected.addresses(), expected.parts, strict=True)
    ]
    found = sorted(((address, dimensions) for address, dimensions, *_ in loads), key=str)
    expect("tile loads", found, sorted(parts * copies, key=str))
    maps = {(address, tensor_map) for address, _, tensor_map, _ in loads}
    if (
        len(maps) != 4
        or len({m for _, m in maps}) != 4
        or not all("_param_" in str(m) for _, m in maps)
    ):
        raise Failure(f"tile loads do not have a tensor map each: {maps}")
    expect("barriers of tile loads", {barrier for *_, barrier in loads}, {"__mbarrier"})
    bytes_expected = [
        values(operands_of(line)[-1]) for line in kernel.find("mbarrier.arrive.expect_tx")
    ]
    expect("bytes that the barrier expects", bytes_expected, [expected.loaded] * copies)
    return copies


def check_products(kernel: Kernel, values: Values, expected: Expected, copies: int) -> None:
    tile = sorted(expected.copies())
    copied = []
    for line in kernel.find("tcgen05.cp."):
        if not line.startswith("tcgen05.cp.cta_group::1.32x128b.warpx4"):
            raise Failure(f"not the copy of scales: {line}")
        to, source = (values(operand) for operand in operands_of(line))
        copied.append((to, source))
    expect("copies of scales", sorted(copied, key=str), sorted(tile * copies, key=str))
    products, predicates = [], []
    for line in kernel.find("tcgen05.mma."):
        if not line.startswith(f"tcgen05.mma.cta_group::1.{expected.layer.kind}."):
            raise Failure(f"not {expected.layer.kind}: {line}")
        *operands, predicate = operands_of(line)
        products.append(tuple(values(operand) for operand in operands))
        predicates.append(values(predicate))
    expect("products", products, expected.products() * copies)
    # Only the first one of all may overwrite the accumulator.
    k_tiles = math.ceil(expected.layer.k / CODES)
    for i, accumulate in enumerate(predicates):
        if i % 4 != 0:
            expect(f"accumulate of product {i}", accumulate, -1)
    if k_tiles == 1:
        expect("accumulate of product 0", predicates[0], 0)
    if predicates[0] == -1:
        raise Failure("product 0 adds to what the accumulator held before")
    commits = kernel.find("tcgen05.commit.cta_group::1")
    barriers = [values(operands_of(line)[0]) for line in commits]
    expect("barriers of commits", barriers, ["__mbarrier+8"] * copies)


def check_allocation(kernel: Kernel, values: Values, expected: Expected) -> None:
    for name in ("alloc", "dealloc"):
        found = kernel.find(f"tcgen05.{name}.cta_group::1")
        sizes = [values(operands_of(line)[1]) for line in found]
        expect(f"columns of tcgen05.{name}", sizes, [expected.allocated])
    expect("tcgen05.relinquish", len(kernel.find("tcgen05.relinquish_alloc_permit")), 1)


def check_ptx(ptx: str, layer: Layer) -> None:
    expect("target", re.findall(r"^\.target (\w+)", ptx, re.MULTILINE), [layer.chip])
    kernel, expected = find_product(read_kernels(ptx)), Expected(layer)
    values = Values(kernel)
    copies = check_loads(kernel, values, expected)
    check_products(kernel, values, expected, copies)
    check_allocation(kernel, values, expected)


def read_dynamic_shared(module: str) -> dict[str, int]:
    """What the launches in `module` give to each kernel."""
    constants = dict(re.findall(r"(%\S+) = arith\.constant (\d+) : i32", module))
    result = {}
    for name, rest in re.findall(r"gpu\.launch_func\s+@kernels::@(\w+)(.*)", module):
        size = re.search(r"dynamic_shared_memory_size (%\S+)", rest)
        result[name] = int(constants[size.group(1)]) if size else 0
    return result


# ---- tools ------------------------------------------------------------------------------------------


@dataclass
class Tools:
    bin: Path
    work: Path
    seconds: float = 1.0
    slowest: float = 0.0

    def call(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(word) for word in command],
            check=False,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        if done.returncode:
            raise Failure(f"{Path(command[0]).name} exits with {done.returncode}:\n{done.stderr}")
        return done

    @staticmethod
    def busy() -> float:
        """The processor time of all processes that have been run."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def make_ptx(self, source: Path, chip: str | None, output: Path) -> str:
        """Writes PTX to `output`; returns what was said about it."""
        option = [f"--chip={chip}"] if chip else []
        return self.call(
            self.bin / "fp4-translate", "--fp4-to-ptx", *option, source, "-o", output
        ).stderr

    def make_kernels(self, source: Path, chip: str, output: Path) -> None:
        pipeline = f"--fp4-lower-to-kernels=chip={chip}"
        self.call(self.bin / "fp4-opt", pipeline, source, "-o", output)

    def time_ptx(self, source: Path, chip: str, output: Path) -> None:
        """The best of three counts. Nothing in a compiler waits: where the clock shows more than the
        processors were busy, something else ran at the same time."""
        best = math.inf
        for _ in range(3):
            start, busy = time.monotonic(), self.busy()
            warnings = self.make_ptx(source, chip, output)
            best = min(best, time.monotonic() - start, self.busy() - busy)
            if warnings:
                raise Failure(f"unexpected: {warnings}")
            if best <= self.seconds:
                break
        self.slowest = max(self.slowest, best)
        if best > self.seconds:
            raise Failure(f"PTX takes {best:.2f} s, more than {self.seconds} s")


def read_vectors(tools: Tools, folder: Path, chips: tuple[str, ...]) -> Iterator[Layer]:
    for vector in sorted(folder.iterdir()):
        source = tools.work / f"{vector.name}.mlir"
        tools.call(
            tools.bin / "fp4-translate",
            "--import-safetensors",
            vector / "layer.safetensors",
            "-o",
            source,
        )
        module = source.read_text()
        scales = re.search(r"%scale_quant: tensor<(\d+)x(\d+)x(\w+)>", module)
        assert scales
        n, groups, scale = int(scales.group(1)), int(scales.group(2)), scales.group(3)
        scale_format = next(name for name, element in SCALE.items() if element == scale)
        for chip in chips:
            name = f"{chip}-{vector.name}"
            yield Layer(name, chip, scale_format, n, groups * GROUP[scale_format], module)


def read_layers(tools: Tools, arguments: argparse.Namespace) -> Iterator[Layer]:
    if arguments.vectors:
        yield from read_vectors(tools, arguments.vectors, CHIPS)
    for values in cover(arguments.strength):
        yield generate(values)


# ---- parts ------------------------------------------------------------------------------------------


def run_ptx(tools: Tools, layer: Layer) -> None:
    source = tools.work / f"{layer.name}.mlir"
    source.write_text(layer.module)
    first, again, steps = (tools.work / f"{layer.name}.{i}.ptx" for i in range(3))
    tools.time_ptx(source, layer.chip, first)
    check_ptx(first.read_text(), layer)
    tools.make_ptx(source, layer.chip, again)
    if first.read_bytes() != again.read_bytes():
        raise Failure(f"PTX differs from run to run: diff {first} {again}")
    kernels = tools.work / f"{layer.name}.kernels.mlir"
    tools.make_kernels(source, layer.chip, kernels)
    tools.make_ptx(kernels, None, steps)
    if first.read_bytes() != steps.read_bytes():
        raise Failure(f"PTX made in two steps differs: diff {first} {steps}")
    dynamic = read_dynamic_shared(kernels.read_text())
    expect("dynamic shared memory", dynamic["forward_scaled_matmul"], Expected(layer).shared)


@dataclass
class Usage:
    """What ptxas says about a kernel."""

    registers: int = 0
    stack: int = 0
    spills: int = 0
    shared: int = 0


def assemble(tools: Tools, ptx: Path, chip: str) -> dict[str, Usage]:
    said = tools.call("ptxas", f"-arch={chip}", "-v", ptx, "-o", "/dev/null").stderr
    usages: dict[str, Usage] = {}
    for line in said.splitlines():
        if match := re.search(r"Compiling entry function '(\w+)'", line):
            usage = usages.setdefault(match.group(1), Usage())
        elif match := re.search(r"(\d+) bytes stack frame, (\d+) .* stores, (\d+) .* loads", line):
            usage.stack, stores, loads = map(int, match.groups())
            usage.spills = stores + loads
        elif match := re.search(r"Used (\d+) registers", line):
            usage.registers = int(match.group(1))
            shared = re.search(r"(\d+) bytes smem", line)
            usage.shared = int(shared.group(1)) if shared else 0
        elif not re.search(r"gmem|Function properties|Compile time", line):
            raise Failure(f"ptxas says: {line}")
    expect("kernels that ptxas names", sorted(usages), sorted(read_kernels(ptx.read_text())))
    return usages


def check_usage(usages: dict[str, Usage], dynamic: dict[str, int], table: str) -> None:
    """Prints the table's rows, then raises for what is too much."""
    wrong = []
    for name, usage in sorted(usages.items()):
        shared = usage.shared + dynamic[name]
        print(
            f"{table:60} {name:44} {usage.registers:4} {usage.spills:6} {usage.stack:5} {shared:7}"
        )
        if usage.spills or usage.stack:
            wrong.append(f"@{name} spills {usage.spills} bytes and has a stack of {usage.stack}")
        if shared > SHARED_LIMIT:
            wrong.append(f"@{name} has {shared} bytes of shared memory, more than {SHARED_LIMIT}")
    if wrong:
        raise Failure("; ".join(wrong))


def run_assemble(tools: Tools, layer: Layer) -> None:
    source, kernels, ptx = (
        tools.work / f"{layer.name}.{suffix}" for suffix in ("mlir", "kernels.mlir", "ptx")
    )
    source.write_text(layer.module)
    tools.make_kernels(source, layer.chip, kernels)
    tools.make_ptx(kernels, None, ptx)
    usages = assemble(tools, ptx, layer.chip)
    check_usage(usages, read_dynamic_shared(kernels.read_text()), layer.name)


def read_passes(tools: Tools, source: Path, chip: str) -> list[str]:
    """The pipeline's passes, each as a pipeline of its own."""
    dump = tools.call(
        tools.bin / "fp4-opt",
        f"--fp4-lower-to-kernels=chip={chip}",
        "--dump-pass-pipeline",
        source,
        "-o",
        "/dev/null",
    ).stderr
    anchors: list[str] = []
    passes = []
    for line in (line.strip().rstrip(",") for line in dump.splitlines()[1:]):
        if line.endswith("("):
            anchors.append(line)
        elif line == ")":
            anchors.pop()
        elif line:
            passes.append("".join(anchors) + line + ")" * len(anchors))
    return passes


def run_passes(tools: Tools, layer: Layer) -> None:
    source = tools.work / f"{layer.name}.mlir"
    source.write_text(layer.module)
    passes = read_passes(tools, source, layer.chip)
    if len(passes) < 40:
        raise Failure(f"only {len(passes)} passes are in the pipeline: {passes}")
    current = source
    for i, text in enumerate(passes):
        output = tools.work / f"{layer.name}.{i}.mlir"
        tools.call(tools.bin / "fp4-opt", f"--pass-pipeline={text}", current, "-o", output)
        current = output
    whole, steps = (tools.work / f"{layer.name}.{i}.ptx" for i in ("whole", "passes"))
    tools.make_ptx(source, layer.chip, whole)
    tools.make_ptx(current, None, steps)
    if whole.read_bytes() != steps.read_bytes():
        raise Failure(f"PTX made pass by pass differs: diff {whole} {steps}")
    print(f"{layer.name}: {len(passes)} passes")


def run_fallback(tools: Tools, layer: Layer, ptxas: bool) -> None:
    source, kernels, ptx = (
        tools.work / f"{layer.name}.{suffix}" for suffix in ("mlir", "kernels.mlir", "ptx")
    )
    source.write_text(layer.module)
    said = tools.make_ptx(source, layer.chip, ptx)
    warning = (
        f"warning: fp4.quant_linear: matmul_strategy 'tcgen05' cannot be taken: chip {layer.chip} has "
        "no tensor memory (tcgen05); taking 'simt'"
    )
    expect("warnings", re.findall(r"warning: .*", said), [warning])
    text = ptx.read_text()
    expect("target", re.findall(r"^\.target (\w+)", text, re.MULTILINE), [layer.chip])
    if "tcgen05" in text or "forward_scaled_matmul" not in read_kernels(text):
        raise Failure("the product is not a kernel of plain code")
    if ptxas:
        tools.make_kernels(source, layer.chip, kernels)
        usages = assemble(tools, ptx, layer.chip)
        check_usage(usages, read_dynamic_shared(kernels.read_text()), layer.name)


# ---- the checks can fail ----------------------------------------------------------------------------


def change(text: str, pattern: str, replacement: str, which: int = 0) -> str:
    """`text` with one match replaced, or the one before the last and so on."""
    matches = list(re.finditer(pattern, text))
    if not matches:
        raise Failure(f"the self-test finds no '{pattern}'")
    match = matches[which]
    return text[: match.start()] + match.expand(replacement) + text[match.end() :]


def run_self_test(tools: Tools, layer: Layer) -> None:
    source, ptx = (tools.work / f"{layer.name}.{suffix}" for suffix in ("mlir", "ptx"))
    source.write_text(layer.module)
    tools.make_ptx(source, layer.chip, ptx)
    text = ptx.read_text()
    check_ptx(text, layer)
    expected = Expected(layer)
    load = r"(cp\.async\.bulk\.tensor\.2d\S+ *\t?)\[%rd\d+\]"
    instruction = str(expected.products()[0][3])
    wrong = {
        "kind": change(text, r"\.block_scale", ".block_scaled"),
        "instruction descriptor": change(
            text, rf"\b{instruction};", f"{int(instruction) + (1 << 17)};"
        ),
        "matrix descriptor": change(text, str(CODES_DESCRIPTOR), str(CODES_DESCRIPTOR + 1)),
        "a product less": change(text, r"\ttcgen05\.mma.*\n", "", -1),
        "a copy less": change(text, r"\ttcgen05\.cp\..*\n", "", -1),
        "a commit less": change(text, r"\ttcgen05\.commit.*\n", ""),
        "columns": change(text, rf"(mov\.b32 \t%r\d+, ){expected.allocated};", r"\g<1>32;"),
        "no dealloc": change(text, r"\ttcgen05\.dealloc.*\n", ""),
        "place of a load": change(text, load, r"\g<1>[%rd1]"),
        "a load less": change(text, r"\tcp\.async\.bulk\.tensor.*\n", "", -1),
        "bytes": change(text, rf", {expected.loaded};", f", {expected.loaded + 16};"),
        "overwrites too late": change(text, r"mov\.pred (\s*%p\d+), 0", r"mov.pred \1, -1"),
        "barrier of a commit": change(text, r"(tcgen05\.commit.*\[)[^\]]*\]", r"\g<1>__mbarrier]"),
        "does not accumulate": change(text, r"mov\.pred (\s*%p\d+), -1", r"mov.pred \1, 0"),
    }
    for name, bad in wrong.items():
        try:
            check_ptx(bad, layer)
        except Failure:
            continue
        raise Failure(f"PTX that is wrong ({name}) is accepted")
    usage = {"k": Usage(registers=8, spills=4)}
    for bad_usage, dynamic in ((usage, {"k": 0}), ({"k": Usage()}, {"k": SHARED_LIMIT + 1})):
        try:
            check_usage(bad_usage, dynamic, "self-test")
        except Failure:
            continue
        raise Failure(f"{bad_usage} is accepted")
    print(f"{layer.name}: {len(wrong)} wrong ones are refused")


# ---- everything -------------------------------------------------------------------------------------


@dataclass
class Report:
    layers: int = 0
    failures: list[str] = field(default_factory=list)


def select_layers(tools: Tools, arguments: argparse.Namespace) -> Iterator[Layer]:
    if arguments.part in ("ptx", "assemble"):
        yield from read_layers(tools, arguments)
        return
    one_each = ("mx_oddk", "mx_perblock", "nv_none", "nv_shared")
    chips = {"passes": CHIPS[:1], "self-test": CHIPS[:1], "fallback": OTHER_CHIPS}[arguments.part]
    wanted = one_each[1:3] if arguments.part == "passes" else one_each
    for layer in read_vectors(tools, arguments.vectors, chips):
        if layer.name.split("-")[1] in wanted:
            yield layer


def run(tools: Tools, arguments: argparse.Namespace) -> Report:
    report = Report()
    for layer in select_layers(tools, arguments):
        report.layers += 1
        try:
            match arguments.part:
                case "ptx":
                    run_ptx(tools, layer)
                case "assemble":
                    run_assemble(tools, layer)
                case "passes":
                    run_passes(tools, layer)
                case "fallback":
                    run_fallback(tools, layer, arguments.ptxas)
                case _:
                    run_self_test(tools, layer)
        except Failure as failure:
            report.failures.append(f"{layer.name} ({layer.chip}): {failure}")
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["ptx", "assemble", "passes", "fallback", "self-test"])
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--strength", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--ptxas", action="store_true")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    tools = Tools(arguments.bin, arguments.work, arguments.seconds)
    if arguments.part == "assemble" or arguments.ptxas:
        head = ("layer", "kernel", "regs", "spills", "stack", "shared")
        print("{:60} {:44} {:>4} {:>6} {:>5} {:>7}".format(*head))
    report = run(tools, arguments)
    print(f"{report.layers} layers, {len(report.failures)} of them wrong", end="")
    print(f"; the slowest took {tools.slowest:.2f} s" if tools.slowest else "")
    print(*report.failures, sep="\n", end="", file=sys.stderr)
    return 1 if report.failures or not report.layers else 0


if __name__ == "__main__":
    sys.exit(main())
