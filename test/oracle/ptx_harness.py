"""Runs PTX instructions on the simulator and compares each result with a function in Python.

All cases of a table become one kernel: thread t of it loads the t-th operands of every case, executes the
instruction and stores what it gives. Operands and results are bit patterns, as Python integers.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

THREADS: Final = 256
WIDTHS: Final = {"pred": 1, "b8": 8, "b16": 16, "b32": 32, "b64": 64}


def register_of(type_name: str) -> str:
    """The register that holds a type: pred, b16, b32 or b64."""
    if type_name == "pred":
        return "pred"
    bits = width(type_name)
    return {8: "b16", 16: "b16", 32: "b32", 64: "b64"}[bits]


def width(type_name: str) -> int:
    if type_name == "pred":
        return 1
    digits = type_name.lstrip("abcdefghijklmnopqrstuvwxyz")
    if digits.endswith("x2"):
        return 2 * int(digits[:-2])
    return int(digits)


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def unsigned(value: int, bits: int) -> int:
    return value & ((1 << bits) - 1)


@dataclass
class Case:
    """One instruction: `{d}`, `{a}`, `{b}`, `{c}`, `{e}` in its text are registers."""

    text: str
    result: str  # type of d
    sources: Sequence[str]  # types of a, b, c, e
    expected: Callable[..., int] = lambda *v: 0  # of the operands' bits
    # Values for an operand instead of those of its type.
    values: dict[int, Sequence[int]] = field(default_factory=dict)
    # Whether a result is right, if there is more than one; it gets the result and then the operands.
    accepts: Callable[..., bool] | None = None
    # Instead of `expected`, of the operands of a warp's threads: a result for each, or None for any.
    collective: Callable[[list[tuple[int, ...]]], Sequence[int | None]] | None = None


def edges(type_name: str) -> list[int]:
    """Bit patterns of a type at which instructions err."""
    bits = width(type_name)
    if type_name == "pred":
        return [0, 1]
    if type_name in ("f16x2", "bf16x2", "f32x2"):
        half = edges(type_name[:-2])
        return [x | y << (bits // 2) for x, y in zip(half, reversed(half), strict=True)]
    if type_name.startswith(("f", "bf")):
        mantissa = {"f16": 10, "bf16": 7, "f32": 23, "f64": 52}[type_name]
        exponent = bits - 1 - mantissa
        bias = (1 << (exponent - 1)) - 1
        infinity = ((1 << exponent) - 1) << mantissa
        one = bias << mantissa
        magnitudes = [
            0, 1, 2, (1 << mantissa) - 1, 1 << mantissa, (1 << mantissa) + 1,
            one, one + 1, one - 1, one | 1 << (mantissa - 1), one + (1 << mantissa),
            (bias + 1 << mantissa) | 1 << (mantissa - 2), (bias - 1) << mantissa,
            infinity - 1, infinity, infinity | 1 << (mantissa - 1), infinity | 1,
        ]  # fmt: skip
        return magnitudes + [m | 1 << (bits - 1) for m in magnitudes]
    top = 1 << (bits - 1)
    values = [
        0,
        1,
        2,
        3,
        7,
        8,
        15,
        16,
        31,
        32,
        33,
        63,
        64,
        top - 1,
        top,
        top + 1,
        2 * top - 1,
        2 * top - 2,
    ]
    return [unsigned(v, bits) for v in values + [0x55 * (2 * top - 1) // 255, 0xFF, 0x80, 0x7F]]


def operands(case: Case, rng: random.Random) -> list[tuple[int, ...]]:
    """Tuples of operands: edges with edges, then edges with anything, then anything."""
    chosen: list[tuple[int, ...]] = []
    pools = [list(case.values.get(i, edges(t))) for i, t in enumerate(case.sources)]
    if len(pools) == 1:
        chosen += [(v,) for v in pools[0]]
    elif len(pools) == 2:
        pairs = [(x, y) for x in pools[0] for y in pools[1]]
        rng.shuffle(pairs)
        chosen += pairs[: THREADS // 2]
    while len(chosen) < THREADS:
        one = []
        for i, t in enumerate(case.sources):
            if i in case.values or rng.random() < 0.4:
                one.append(rng.choice(pools[i]))
            elif t.startswith(("f", "bf")) and rng.random() < 0.7:
                one.append(near_one(t, rng))
            else:
                one.append(rng.getrandbits(width(t)))
        chosen.append(tuple(one))
    return chosen[:THREADS]


def near_one(type_name: str, rng: random.Random) -> int:
    """A float whose exponent is near that of 1, so that sums round."""
    if type_name.endswith("x2"):
        half = type_name[:-2]
        return near_one(half, rng) | near_one(half, rng) << width(half)
    bits = width(type_name)
    mantissa = {"f16": 10, "bf16": 7, "f32": 23, "f64": 52}[type_name]
    bias = (1 << (bits - 2 - mantissa)) - 1
    exponent = bias + rng.randint(-min(mantissa, bias - 1), min(mantissa, bias - 1))
    return rng.getrandbits(1) << (bits - 1) | exponent << mantissa | rng.getrandbits(mantissa)


def load(lines: list[str], name: str, type_name: str, offset: int) -> None:
    """Puts the operand at that offset into the register of that name."""
    kind = register_of(type_name)
    if kind == "pred":
        lines.append(f"ld.global.b32 %w, [%in+{offset}]; setp.ne.u32 {name}, %w, 0;")
    else:
        lines.append(f"ld.global.{kind} {name}, [%in+{offset}];")


def store(lines: list[str], name: str, type_name: str, offset: int) -> None:
    kind = register_of(type_name)
    if kind == "pred":
        lines.append(f"selp.b32 %w, 1, 0, {name}; mov.b32 {{%h, %h2}}, %w;")
        lines.append(f"st.global.b32 [%out+{offset}], %w;")
    else:
        lines.append(f"st.global.{kind} [%out+{offset}], {name};")


def kernel(cases: Sequence[Case], target: str, variables: str) -> str:
    slots = 4
    lines = [
        ".version 9.0", f".target {target}", ".address_size 64",
        variables,
        ".entry k(.param .u64 pin, .param .u64 pout) {",
        ".reg .b64 %in, %out, %t64; .reg .b32 %w, %t; .reg .b16 %h, %h2;",
        "ld.param.u64 %in, [pin]; ld.param.u64 %out, [pout];",
        "mov.u32 %t, %tid.x;",
        f"mul.wide.u32 %t64, %t, {8 * slots * len(cases)}; add.s64 %in, %in, %t64;",
        f"mul.wide.u32 %t64, %t, {8 * len(cases)}; add.s64 %out, %out, %t64;",
    ]  # fmt: skip
    for i, case in enumerate(cases):
        lines.append("{")
        names = dict(zip("dabce", ["%d", "%a", "%b", "%c", "%e"], strict=True))
        lines.append(f".reg .{register_of(case.result)} %d;")
        for k, t in enumerate(case.sources):
            name = names["abce"[k]]
            lines.append(f".reg .{register_of(t)} {name};")
            load(lines, name, t, 8 * (slots * i + k))
        lines.append(case.text.format(**names))
        store(lines, "%d", case.result, 8 * i)
        lines.append("}")
    lines += ["ret;", "}"]
    return "\n".join(lines)


def check(
    simulator: str, cases: Sequence[Case], variables: str = "", chip: str = "sm_100a", seed: int = 1
) -> int:
    """Ends the test at the first difference; returns how many results agree."""
    rng = random.Random(seed)
    inputs = [operands(case, rng) for case in cases]
    data = np.zeros((THREADS, len(cases), 4), dtype=np.uint64)
    for i, tuples in enumerate(inputs):
        for t, values in enumerate(tuples):
            data[t, i, : len(values)] = values
    with tempfile.TemporaryDirectory() as folder:
        source, given, taken = (Path(folder) / n for n in ("k.ptx", "in", "out"))
        source.write_text(kernel(cases, chip, variables))
        data.tofile(given)
        size = THREADS * len(cases) * 8
        run = subprocess.run(
            [simulator, str(source), f"--chip={chip}", f"--block={THREADS}",
             f"--arg=in:{given}", f"--arg=out:{taken}:{size}"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if run.returncode:
            sys.exit(f"{run.stderr}\n{source.read_text()[:2000]}")
        results = np.fromfile(taken, dtype=np.uint64).reshape(THREADS, len(cases))
    for i, case in enumerate(cases):
        bits = max(8, width(case.result))
        together: list[int | None] = []
        if case.collective is not None:
            for first in range(0, THREADS, 32):
                together += case.collective(inputs[i][first : first + 32])
        for t, values in enumerate(inputs[i]):
            got = int(results[t, i]) & ((1 << bits) - 1)
            if case.collective is not None:
                expected = together[t]
                right, wanted = expected in (None, got), f"{expected}, in thread {t}"
            elif case.accepts is not None:
                right = case.accepts(got, *values)
                wanted = "what the bound allows"
            else:
                value = case.expected(*values)
                right, wanted = got == value, f"{value:#x}"
            if not right:
                given_text = ", ".join(f"{v:#x}" for v in values)
                sys.exit(f"{case.text}: of {given_text} got {got:#x}, expected {wanted}")
    return len(cases) * THREADS
