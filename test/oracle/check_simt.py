"""Runs the kernels of --convert-fp4-to-simt on the host and holds them to the reference bit for bit.

    check_simt.py --bin=BIN --work=DIR mx|nv

Each kernel is lowered by the pass under test, its launch becomes loops (--test-launch-to-loops), and
a function of tensors around it makes it something that fp4-runner can bind. Expected are the oracle's
results, and for what sums in an order of its own (block_transform and scaled_matmul) those of the
reference lowering of the same op. Exits with 1 and a message on any violation, and when a tool fails.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, field

import check_layer
import fp4_oracle as o
import ml_dtypes
import numpy as np
from check_ops import MLIR_TYPES, SCALE_DTYPES, Runner, blocked_form, expect, main

GUARD = 0xA5  # the byte that destinations hold before, and the gaps between their rows still after
GAP, OFFSET = 7, 3  # the columns that a strided buffer has besides its own, and before them
ACTIVATIONS = tuple(np.dtype(t) for t in (np.float32, ml_dtypes.bfloat16, np.float16))


def guarded(shape: tuple[int, ...], dtype: o.DType) -> o.Array:
    """A buffer that nothing has written yet."""
    width = np.dtype(dtype).itemsize
    data = np.full((*shape[:-1], shape[-1] * width), GUARD, np.uint8)
    return data.view(dtype).reshape(shape)


@dataclass
class Buffer:
    """An operand of a kernel: an array that is read, or one that is expected to be written."""

    array: o.Array
    is_output: bool = False
    is_transform: bool = False

    def element(self) -> str:
        return MLIR_TYPES[self.array.dtype]

    def padded_shape(self, strided: bool) -> tuple[int, ...]:
        shape = self.array.shape
        return (*shape[:-1], shape[-1] + GAP) if strided else shape

    def memref(self, strided: bool, space: str) -> str:
        """The type in the kernel: of static shape if contiguous, else of dynamic shape and strides."""
        shape = self.array.shape
        if not strided:
            return f"memref<{'x'.join([*map(str, shape), self.element()])}{space}>"
        # The dimensions of a tile, and those of a transform, have to be static.
        static = 2 if self.is_transform else 3 if shape[-3:] == (32, 4, 4) else 0
        free = len(shape) - static
        dims = ["?"] * free + [str(d) for d in shape[free:]]
        strides = ", ".join(["?"] * (len(shape) - 1) + ["1"])
        layout = f"strided<[{strides}], offset: ?>"
        return f"memref<{'x'.join([*dims, self.element()])}, {layout}{space}>"

    def padded(self, strided: bool) -> o.Array:
        """What the buffer holds before the kernel."""
        start = self.array if not self.is_output else guarded(self.array.shape, self.array.dtype)
        if not strided:
            return np.ascontiguousarray(start)
        whole = guarded(self.padded_shape(True), self.array.dtype)
        whole[..., OFFSET : OFFSET + start.shape[-1]] = start
        return whole


@dataclass
class Kernel:
    """One op; `{v[i]}` and `{t[i]}` in its text are the operands' names and types."""

    case: str
    text: str
    operands: list[Buffer | np.float32]

    def body(self, name: str, strided: bool, space: str) -> str:
        types = [
            x.memref(strided, space) if isinstance(x, Buffer) else "f32" for x in self.operands
        ]
        names = [f"%a{i}" for i in range(len(types))]
        arguments = ", ".join(f"{n}: {t}" for n, t in zip(names, types, strict=True))
        op = self.text.format(v=names, t=types)
        if space and op.startswith("fp4."):
            op += ' {strategy = "simt"}'
        return f"func.func private @{name}({arguments}) {{\n  {op}\n  return\n}}\n"


@dataclass
class Batch:
    """Kernels that are compiled and run together."""

    strided: bool
    kernels: list[Kernel] = field(default_factory=list)

    def add(self, case: str, text: str, *operands: Buffer | np.float32) -> None:
        self.kernels.append(Kernel(case, text, list(operands)))

    def run(self, runner: Runner, passes: list[str], space: str) -> list[o.Array]:
        """The outputs of all kernels in turn, whole buffers."""
        source = runner.work / f"kernels{runner.count}.mlir"
        bodies = [k.body(f"k{i}", self.strided, space) for i, k in enumerate(self.kernels)]
        source.write_text("".join(bodies))
        lowered = runner.call(str(runner.bin / "fp4-opt"), str(source), *passes)
        if "fp4." in lowered or "gpu." in lowered:
            raise check_layer.Mismatch(f"not all was lowered:\n{lowered[:2000]}")
        entry, inputs, count = self.entry()
        at = lowered.index("func.func private @k0")
        out = runner.run(lowered[:at] + entry + lowered[at:], inputs)
        return [out[f"result{i}"] for i in range(count)]

    def entry(self) -> tuple[str, dict[str, o.Array], int]:
        """@f, of tensors, which calls all kernels; its inputs; how many results it has."""
        inputs: dict[str, o.Array] = {}
        arguments, lines, results, types = [], [], [], []
        for k, kernel in enumerate(self.kernels):
            names, kinds = [], []
            for i, x in enumerate(kernel.operands):
                arg, name = f"%arg{len(inputs)}", f"%k{k}_{i}"
                if not isinstance(x, Buffer):
                    inputs[arg[1:]] = np.asarray(x)
                    arguments.append(f"{arg}: f32")
                    names.append(arg)
                    kinds.append("f32")
                    continue
                data = x.padded(self.strided)
                inputs[arg[1:]] = data
                shape = "x".join([*map(str, data.shape), x.element()])
                arguments.append(f"{arg}: tensor<{shape}>")
                whole, kind = f"{name}_whole", x.memref(self.strided, "")
                lines.append(
                    f"{whole}_in = bufferization.to_buffer {arg} read_only : tensor<{shape}> to memref<{shape}>"
                )
                if x.is_output:
                    lines.append(f"{whole} = memref.alloc() : memref<{shape}>")
                    lines.append(
                        f"linalg.copy ins({whole}_in : memref<{shape}>) outs({whole} : memref<{shape}>)"
                    )
                    results.append(whole)
                    types.append(shape)
                source = whole if x.is_output else f"{whole}_in"
                if self.strided:
                    lines += self.view(x, name, source, data.shape, kind)
                names.append(name if self.strided else source)
                kinds.append(kind)
            lines.append(f"call @k{k}({', '.join(names)}) : ({', '.join(kinds)}) -> ()")
        for i, (whole, shape) in enumerate(zip(results, types, strict=True)):
            lines.append(
                f"%r{i} = bufferization.to_tensor {whole} restrict : memref<{shape}> to tensor<{shape}>"
            )
        tensors = ", ".join(f"tensor<{t}>" for t in types)
        values = ", ".join(f"%r{i}" for i in range(len(results)))
        head = f"func.func @f({', '.join(arguments)}) -> ({tensors}) {{\n  "
        end = f"\n  return {values} : {tensors}\n}}\n"
        return head + "\n  ".join(lines) + end, inputs, len(results)

    @staticmethod
    def view(x: Buffer, name: str, source: str, whole: tuple[int, ...], kind: str) -> list[str]:
        """The buffer's own columns of its padded ones, as the kernel's type."""
        rank, shape = len(whole), x.array.shape
        strides = [1] * rank
        for i in range(rank - 2, -1, -1):
            strides[i] = strides[i + 1] * whole[i + 1]
        static = (
            f"memref<{'x'.join([*map(str, shape), x.element()])}, "
            f"strided<[{', '.join(map(str, strides))}], offset: {OFFSET}>>"
        )
        # Not a subview, which is refused where there are no rows.
        place = f"offset: [{OFFSET}], sizes: {list(shape)}, strides: {strides}"
        of = f"memref<{'x'.join([*map(str, whole), x.element()])}>"
        return [
            f"{name}_view = memref.reinterpret_cast {source} to {place} : {of} to {static}",
            f"{name} = memref.cast {name}_view : {static} to {kind}",
        ]

    def check(self, runner: Runner) -> None:
        """Lowers with the pass under test; bits and gaps are as expected."""
        passes = ["--convert-fp4-to-simt", "--canonicalize", "--cse", "--test-launch-to-loops"]
        outputs = iter(self.run(runner, passes, ", 1"))
        for kernel in self.kernels:
            for x in kernel.operands:
                if not isinstance(x, Buffer) or not x.is_output:
                    continue
                case, actual = f"{kernel.case} {x.array.shape}", next(outputs)
                if not self.strided:
                    expect(case, actual, x.array)
                    continue
                own = slice(OFFSET, OFFSET + x.array.shape[-1])
                expect(case, np.ascontiguousarray(actual[..., own]), x.array)
                gaps = np.delete(actual, own, axis=-1)
                expect(f"{case}, gaps between rows", gaps, guarded(gaps.shape, gaps.dtype))

    def reference(self, runner: Runner) -> list[o.Array]:
        return self.run(runner, ["--convert-fp4-to-linalg", "--canonicalize", "--cse"], "")


def sample(rng: np.random.Generator, shape: tuple[int, ...], group: int, dtype: o.DType) -> o.Array:
    """Values of many magnitudes, and groups with NaN, infinities, zeros and subnormals."""
    k = shape[-1]
    spread = np.exp2(rng.integers(-12, 12, (*shape[:-1], k // group))).repeat(group, -1)
    x = (rng.standard_normal(shape) * spread).astype(np.float32)
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -6e-8, 3e38], np.float32)
    x[rng.random(shape) < 0.004] = rng.choice(special)
    zeros = (rng.random((*shape[:-1], k // group)) < 0.05).repeat(group, -1)
    x[zeros] = 0
    with np.errstate(over="ignore"):
        return x.astype(dtype)


def scales_of(rng: np.random.Generator, shape: tuple[int, ...], dtype: o.DType) -> o.Array:
    """Every byte is a scale, NaN and negative ones included."""
    return rng.integers(0, 256, shape, dtype=np.uint8).view(dtype)


def layouts(scales: o.Array) -> dict[str, o.Array]:
    forms = {"row-major": scales}
    if scales.ndim == 2:
        forms["blocked"] = blocked_form(scales)
    return forms


def add_quantization(
    batch: Batch,
    rng: np.random.Generator,
    rows: tuple[int, ...],
    k: int,
    group: int,
    dtype: o.DType,
) -> None:
    gs, ss = np.float32(0.3), np.float32(5)
    given = scales_of(rng, (*rows, k // group), dtype)
    packed = rng.integers(0, 256, (*rows, k // 2), dtype=np.uint8)
    for i, rounding in enumerate(("even", "zero", "down", "up")):
        x = sample(rng, (*rows, k), group, ACTIVATIONS[i % 3])
        codes, scales = o.quantize_pack(x, gs, ss, group, dtype, rounding)
        for name, form in layouts(scales).items():
            batch.add(
                f"quantize_pack {rounding} {name}",
                f"fp4.quantize_pack group_size({group}) rounding({rounding}) ins({{v[0]}} : {{t[0]}})"
                " global_scale({v[1]}) scale_scale({v[2]}) outs({v[3]}, {v[4]} : {t[3]}, {t[4]})",
                Buffer(x), gs, ss, Buffer(codes, True), Buffer(form, True),
            )  # fmt: skip
        # Multiples of a quarter of the divisor: every tie.
        ties = (rng.integers(-28, 29, (*rows, k)) / 4).astype(np.float32)
        with np.errstate(all="ignore"):
            ties *= np.repeat((o.decode_scale(given) * gs).astype(np.float32), group, -1)
        expected = o.pack(o.quantize_with_scales(ties, given, gs, rounding))
        for name, form in layouts(given).items():
            batch.add(
                f"quantize_with_scales {rounding} {name}",
                f"fp4.quantize_with_scales group_size({group}) rounding({rounding})"
                " ins({v[0]}, {v[1]} : {t[0]}, {t[1]}) global_scale({v[2]}) outs({v[3]} : {t[3]})",
                Buffer(ties), Buffer(form), gs, Buffer(expected, True),
            )  # fmt: skip
    for result in ACTIVATIONS:
        expected = o.dequantize(packed, given, gs, result)
        for name, form in layouts(given).items():
            batch.add(
                f"dequantize {name}",
                f"fp4.dequantize group_size({group}) ins({{v[0]}}, {{v[1]}} : {{t[0]}}, {{t[1]}})"
                " global_scale({v[2]}) outs({v[3]} : {t[3]})",
                Buffer(packed), Buffer(form), gs, Buffer(expected, True),
            )  # fmt: skip
    if dtype == ml_dtypes.float8_e4m3fn:
        positive = [Buffer(x, True) for x in o.absorb_scale_signs(packed, given)]
        absorb = f"fp4.absorb_scale_signs group_size({group}) "
        batch.add(
            "absorb_scale_signs",
            absorb + "ins({v[0]}, {v[1]} : {t[0]}, {t[1]}) outs({v[2]}, {v[3]} : {t[2]}, {t[3]})",
            Buffer(packed), Buffer(given), *positive,
        )  # fmt: skip
        if batch.strided:  # a contiguous copy gets no kernel
            batch.add(
                "absorb_scale_signs in place",
                "memref.copy {v[0]}, {v[2]} : {t[0]} to {t[2]}\n"
                "memref.copy {v[1]}, {v[3]} : {t[1]} to {t[3]}\n" + absorb +
                "ins({v[2]}, {v[3]} : {t[2]}, {t[3]}) outs({v[2]}, {v[3]} : {t[2]}, {t[3]})"
                ' {{strategy = "simt"}}',
                Buffer(packed), Buffer(given), *positive,
            )  # fmt: skip
    if given.ndim == 2:
        convert = "fp4.convert_scale_layout ins({v[0]} : {t[0]}) outs({v[1]} : {t[1]})"
        form = blocked_form(given)
        batch.add("to blocked", convert, Buffer(given), Buffer(form, True))
        batch.add("to row-major", convert, Buffer(form), Buffer(given, True))
    if batch.strided:  # a contiguous copy gets no kernel
        copy = "memref.copy {v[0]}, {v[1]} : {t[0]} to {t[1]}"
        batch.add("copy", copy, Buffer(packed), Buffer(packed, True))
        batch.add("copy", copy, Buffer(given), Buffer(given, True))


def add_sums(
    runner: Runner,
    batch: Batch,
    rng: np.random.Generator,
    rows: tuple[int, ...],
    k: int,
    group: int,
    dtype: o.DType,
) -> None:
    """What sums: expected is what the reference lowering of the same op gives."""
    reference = Batch(strided=False)
    blocks = [8, group]
    for i, size in enumerate(blocks):
        shape = (k // size, size, size) if i else (size, size)
        kind = ACTIVATIONS[(i + len(rows)) % 3]
        x = sample(rng, (*rows, k), group, kind)
        transform = Buffer(rng.standard_normal(shape).astype(ACTIVATIONS[i]), is_transform=True)
        reference.add(
            f"block_transform {shape}",
            "fp4.block_transform ins({v[0]} : {t[0]}) transform({v[1]} : {t[1]}) outs({v[2]} : {t[2]})",
            Buffer(x), transform, Buffer(guarded(x.shape, kind), True),
        )  # fmt: skip
    n, alpha = 11, np.float32(0.0371)
    product = (
        f"fp4.scaled_matmul group_size({group}) lhs({{v[0]}}, {{v[1]}} : {{t[0]}}, {{t[1]}})"
        " rhs({v[2]}, {v[3]} : {t[2]}, {t[3]}) alpha({v[4]}) outs({v[5]} : {t[5]})"
    )
    a, b = (rng.integers(0, 256, (*r, k // 2), dtype=np.uint8) for r in (rows, (n,)))
    x = sample(rng, (*rows, k), group, np.dtype(np.float32))
    _, sa = o.quantize_pack(x, np.float32(0.3), np.float32(5), group, dtype)
    sb = o.encode_scale(np.exp2(rng.integers(-6, 6, (n, k // group))).astype(np.float32), dtype)
    for result in ACTIVATIONS:
        reference.add(
            f"scaled_matmul {MLIR_TYPES[result]}", product,
            Buffer(a), Buffer(sa), Buffer(b), Buffer(sb), alpha,
            Buffer(guarded((*rows, n), result), True),
        )  # fmt: skip
    for kernel, expected in zip(reference.kernels, reference.reference(runner), strict=True):
        operands: list[Buffer | np.float32] = [*kernel.operands[:-1], Buffer(expected, True)]
        if len(operands) == 3:
            batch.add(kernel.case, kernel.text, *operands)
            continue
        for name_a, form_a in layouts(sa).items():
            for name_b, form_b in layouts(sb).items():
                operands[1], operands[3] = Buffer(form_a), Buffer(form_b)
                batch.add(f"{kernel.case} {name_a} x {name_b}", product, *operands)


# Leading dimensions, groups in K (or -K), whether buffers are strided and of dynamic shape.
SHAPES: tuple[tuple[tuple[int, ...], int, bool], ...] = (
    ((0,), 3, True),
    ((1,), 1, True),
    ((1,), 1, False),
    ((5,), -2080, True),
    ((130,), 5, False),
    ((257,), 9, True),
    ((2, 3), 5, True),
    ((), 3, True),
)


def check(runner: Runner, name: str) -> None:
    dtype, group = SCALE_DTYPES[name], {"mx": 32, "nv": 16}[name]
    for i, (rows, groups, strided) in enumerate(SHAPES):
        rng = np.random.default_rng(i)
        k = groups * group if groups > 0 else -groups
        batch = Batch(strided)
        add_quantization(batch, rng, rows, k, group, dtype)
        add_sums(runner, batch, rng, rows, k, group, dtype)
        try:
            batch.check(runner)
        except check_layer.Mismatch as mismatch:
            raise check_layer.Mismatch(
                f"{rows}, K = {k}, {'strided' if strided else 'contiguous'}: {mismatch}"
            ) from None


if __name__ == "__main__":
    sys.exit(main(__doc__, {name: functools.partial(check, name=name) for name in SCALE_DTYPES}))
