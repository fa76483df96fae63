"""Runs single ops, each in a function written here, and holds the results to the oracle bit for bit.

    check_ops.py --bin=BIN --work=DIR dequantize|requantize|layout|signs|blocked|memrefs|tiled|layers|nvvm

Exits with 1 and a message on any violation, and when a tool fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import check_layer
import fp4_oracle as o
import ml_dtypes
import numpy as np
import nvvm_layouts

MLIR_TYPES = {
    np.dtype(np.uint8): "i8",
    np.dtype(np.float32): "f32",
    np.dtype(np.float16): "f16",
    np.dtype(ml_dtypes.bfloat16): "bf16",
    np.dtype(ml_dtypes.float8_e8m0fnu): "f8E8M0FNU",
    np.dtype(ml_dtypes.float8_e4m3fn): "f8E4M3FN",
}
SCALE_DTYPES = {"mx": ml_dtypes.float8_e8m0fnu, "nv": ml_dtypes.float8_e4m3fn}
FLOATS = (np.float32, np.float16, ml_dtypes.bfloat16)


class Runner:
    """Writes a module and its inputs, and runs it."""

    def __init__(self, bin_dir: Path, work: Path, target: str = "reference") -> None:
        self.bin = bin_dir
        self.work = work
        self.target = target
        self.count = 0

    def call(self, *command: str) -> str:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise check_layer.Mismatch(f"{' '.join(command)}\n{done.stderr.strip()}")
        return done.stdout

    def run(
        self,
        module: str,
        inputs: dict[str, o.Array],
        prepare: list[str] | None = None,
        params: dict[str, o.Array] | None = None,
    ) -> dict[str, o.Array]:
        """The results of @f in `module`, run through `fp4-opt <prepare>` first if there is any."""
        self.count += 1
        base = self.work / str(self.count)
        source, data, result = (base.with_suffix(s) for s in (".mlir", ".in", ".out"))
        source.write_text(module)
        o.save(data, inputs)
        if prepare:
            prepared = base.with_suffix(".prepared.mlir")
            self.call(str(self.bin / "fp4-opt"), str(source), *prepare, "-o", str(prepared))
            source = prepared
        runner = str(self.bin / "fp4-runner")
        command = [runner, str(source), "--entry=f", f"--input={data}", f"--output={result}"]
        command.append(f"--target={self.target}")
        if params:
            weights = base.with_suffix(".params")
            o.save(weights, params)
            command.append(f"--params={weights}")
        self.call(*command)
        return o.load(result)


def mlir_type(array: o.Array) -> str:
    return f"tensor<{'x'.join([*map(str, array.shape), MLIR_TYPES[array.dtype]])}>"


def expect(case: str, actual: o.Array, expected: o.Array) -> None:
    """Bit for bit, any NaN for a NaN of a float."""
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        raise check_layer.Mismatch(
            f"{case}: {actual.dtype} {actual.shape}, expected {expected.dtype} {expected.shape}"
        )
    bits = f"u{actual.dtype.itemsize}"
    differ = actual.view(bits) != expected.view(bits)
    if actual.dtype in FLOATS:
        differ &= ~(np.isnan(actual.astype(np.float64)) & np.isnan(expected.astype(np.float64)))
    if differ.any():
        place = tuple(int(i) for i in np.argwhere(differ)[0])
        raise check_layer.Mismatch(
            f"{case}: {int(differ.sum())} differ, first at {list(place)}: {actual[place]!r} "
            f"({actual.view(bits)[place]:#x}), expected {expected[place]!r} "
            f"({expected.view(bits)[place]:#x})"
        )


def dequantize(runner: Runner) -> None:
    """Every code under every scale byte, in each result type, with scales that round and overflow."""
    for name, dtype in SCALE_DTYPES.items():
        scales = np.arange(256, dtype=np.uint8).reshape(256, 1).view(dtype)
        codes = np.tile(o.pack(np.arange(16, dtype=np.uint8).reshape(1, 16)), (256, 1))
        for result in FLOATS:
            for gs in np.array([1.0, 1 / 3, -0.1, 2.0**-120, 3e5], np.float32):
                kind = MLIR_TYPES[np.dtype(result)]
                out = runner.run(
                    f"""
func.func @f(%c: {mlir_type(codes)}, %s: {mlir_type(scales)}, %g: f32) -> tensor<256x16x{kind}> {{
  %e = tensor.empty() : tensor<256x16x{kind}>
  %x = fp4.dequantize group_size(16) ins(%c, %s : {mlir_type(codes)}, {mlir_type(scales)})
      global_scale(%g) outs(%e : tensor<256x16x{kind}>)
  return %x : tensor<256x16x{kind}>
}}""",
                    {"arg0": codes, "arg1": scales, "arg2": np.asarray(gs)},
                )
                expect(
                    f"dequantize {name} {kind} gs={gs}",
                    out["result0"],
                    o.dequantize(codes, scales, gs, np.dtype(result)),
                )


def requantize(runner: Runner) -> None:
    """Values against every scale byte, in every rounding."""
    rng = np.random.default_rng(3)
    for name, dtype in SCALE_DTYPES.items():
        scales = np.arange(256, dtype=np.uint8).reshape(256, 1).view(dtype)
        gs = np.float32(0.7)
        ties = np.array([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, 7.0], np.float32)
        x = rng.choice(np.concatenate([ties, -ties]), (256, 32)).astype(np.float32)
        with np.errstate(all="ignore"):
            x *= (o.decode_scale(scales) * gs).astype(np.float32)
        x[:, 0] = rng.choice(np.array([np.inf, -np.inf, np.nan, 0.0, -0.0], np.float32), 256)
        for rounding in ("even", "zero", "down", "up"):
            out = runner.run(
                f"""
func.func @f(%x: {mlir_type(x)}, %s: {mlir_type(scales)}, %g: f32) -> tensor<256x32xf4E2M1FN> {{
  %e = tensor.empty() : tensor<256x32xf4E2M1FN>
  %c = fp4.quantize_with_scales group_size(32) rounding({rounding})
      ins(%x, %s : {mlir_type(x)}, {mlir_type(scales)})
      global_scale(%g) outs(%e : tensor<256x32xf4E2M1FN>)
  return %c : tensor<256x32xf4E2M1FN>
}}""",
                {"arg0": x, "arg1": scales, "arg2": np.asarray(gs)},
            )
            codes = o.quantize_with_scales(x, scales, gs, rounding)
            expect(f"quantize_with_scales {name} {rounding}", out["result0"], o.pack(codes))


def blocked_form(scales: o.Array) -> o.Array:
    tiles = (-(-scales.shape[0] // 128), -(-scales.shape[1] // 4))
    return o.to_blocked(scales).reshape(*tiles, 32, 4, 4)


def layout(runner: Runner) -> None:
    """To blocked and back, with and without padding, static and dynamic."""
    rng = np.random.default_rng(4)
    for rows, columns in ((1, 1), (128, 4), (129, 5), (200, 9), (384, 16)):
        for dtype in SCALE_DTYPES.values():
            scales = rng.integers(0, 256, (rows, columns), dtype=np.uint8).view(dtype)
            blocked = blocked_form(scales)
            s, t = mlir_type(scales), MLIR_TYPES[scales.dtype]
            dynamic, padded = f"tensor<?x{columns}x{t}>", mlir_type(blocked)
            out = runner.run(
                f"""
func.func @f(%s: {dynamic}, %b: {padded}) -> ({padded}, {s}) {{
  %e = tensor.empty() : {padded}
  %r = tensor.empty() : {s}
  %0 = fp4.convert_scale_layout ins(%s : {dynamic}) outs(%e : {padded})
  %1 = fp4.convert_scale_layout ins(%b : {padded}) outs(%r : {s})
  return %0, %1 : {padded}, {s}
}}""",
                {"arg0": scales, "arg1": blocked},
            )
            case = f"convert_scale_layout {rows}x{columns} {t}"
            expect(case + " to blocked", out["result0"], blocked)
            expect(case + " to row-major", out["result1"], scales)


def signed_groups() -> tuple[tuple[o.Array, o.Array], ...]:
    """Codes and e4m3 scales of ranks 1 to 3; the first are all codes under all scale bytes."""
    rng = np.random.default_rng(7)
    every = np.arange(256, dtype=np.uint8)
    cases = [(np.tile(o.pack(np.arange(16, dtype=np.uint8)), (256, 1)), every.reshape(256, 1))]
    for leading, groups, group in (((), 256, 16), ((7,), 3, 2), ((3, 5), 9, 16), ((0,), 3, 16)):
        codes = rng.integers(0, 256, (*leading, groups * group // 2), dtype=np.uint8)
        cases.append((codes, rng.integers(0, 256, (*leading, groups), dtype=np.uint8)))
    return tuple((codes, scales.view(ml_dtypes.float8_e4m3fn)) for codes, scales in cases)


def signs(runner: Runner) -> None:
    """Signs of scales move to codes, elsewhere and in place, and the values stay."""
    for codes, scales in signed_groups():
        c, s = mlir_type(codes), mlir_type(scales)
        mc, ms = c.replace("tensor", "memref"), s.replace("tensor", "memref")
        shape = (*codes.shape[:-1], 2 * codes.shape[-1])
        v = mlir_type(np.empty(shape, np.float32))
        group = shape[-1] // scales.shape[-1]
        absorb = f"fp4.absorb_scale_signs group_size({group})"
        values = f"fp4.dequantize group_size({group}) ins"
        out = runner.run(
            f"""
func.func private @in_place(%c: {mc}, %s: {ms}) {{
  {absorb} ins(%c, %s : {mc}, {ms}) outs(%c, %s : {mc}, {ms})
  return
}}
func.func @f(%c: {c}, %s: {s}, %g: f32) -> ({c}, {s}, {v}, {v}, {c}, {s}, {c}, {s}) {{
  %ec = tensor.empty() : {c}
  %es = tensor.empty() : {s}
  %ev = tensor.empty() : {v}
  %0:2 = {absorb} ins(%c, %s : {c}, {s}) outs(%ec, %es : {c}, {s})
  %1 = {values}(%c, %s : {c}, {s}) global_scale(%g) outs(%ev : {v})
  %2 = {values}(%0#0, %0#1 : {c}, {s}) global_scale(%g) outs(%ev : {v})
  %3:2 = {absorb} ins(%c, %s : {c}, {s}) outs(%c, %s : {c}, {s})
  %cr = bufferization.to_buffer %c read_only : {c} to {mc}
  %sr = bufferization.to_buffer %s read_only : {s} to {ms}
  %cb = memref.alloc() : {mc}
  %sb = memref.alloc() : {ms}
  linalg.copy ins(%cr : {mc}) outs(%cb : {mc})
  linalg.copy ins(%sr : {ms}) outs(%sb : {ms})
  func.call @in_place(%cb, %sb) : ({mc}, {ms}) -> ()
  %4 = bufferization.to_tensor %cb restrict : {mc} to {c}
  %5 = bufferization.to_tensor %sb restrict : {ms} to {s}
  return %0#0, %0#1, %1, %2, %3#0, %3#1, %4, %5 : {c}, {s}, {v}, {v}, {c}, {s}, {c}, {s}
}}""",
            {"arg0": codes, "arg1": scales, "arg2": np.asarray(np.float32(-0.3))},
            ["--convert-fp4-to-linalg"],
        )
        expected = o.absorb_scale_signs(codes, scales)
        case = f"absorb_scale_signs {c}"
        for first, how in ((0, ""), (4, ", tensors of its own"), (6, ", buffers of its own")):
            expect(f"{case}: codes{how}", out[f"result{first}"], expected[0])
            expect(f"{case}: scales{how}", out[f"result{first + 1}"], expected[1])
        expect(f"{case}: values", out["result3"], out["result2"])


class Product:
    """Operands of a product, quantized by the oracle, with ragged sizes."""

    def __init__(self, m: int, n: int, k: int, group: int, dtype: o.DType) -> None:
        rng = np.random.default_rng(5)
        self.group = group
        self.gs, self.ss = np.float32(0.3), np.float32(5)
        self.x = (rng.standard_normal((m, k)) * np.exp2(rng.integers(-6, 6, (m, 1)))).astype(
            np.float32
        )
        w = rng.standard_normal((n, k)).astype(np.float32)
        self.a, self.sa = o.quantize_pack(self.x, self.gs, self.ss, group, dtype)
        self.b, self.sb = o.quantize_pack(w, self.gs, self.ss, group, dtype)
        alpha = np.float32(self.gs * self.gs)
        product = o.scaled_matmul(self.a, self.sa, self.b, self.sb, alpha)
        self.y = product.value.astype(np.float32)  # one rounding of a sum that is exact to 2^-53


def blocked(runner: Runner) -> None:
    """All ops that take or give blocked scales: dequantize, quantize_pack and scaled_matmul."""
    for dtype, group in ((ml_dtypes.float8_e8m0fnu, 32), (ml_dtypes.float8_e4m3fn, 16)):
        p = Product(130, 7, group * 5, group, dtype)
        sa, sb = blocked_form(p.sa), blocked_form(p.sb)
        x, a, b, y = (mlir_type(v) for v in (p.x, p.a, p.b, p.y))
        ta, tb = mlir_type(sa), mlir_type(sb)
        out = runner.run(
            f"""
func.func @f(%x: {x}, %a: {a}, %sa: {ta}, %b: {b}, %sb: {tb}, %g: f32, %s: f32)
    -> ({y}, {x}, {a}, {ta}, {a}) {{
  %alpha = arith.mulf %g, %g : f32
  %ey = tensor.empty() : {y}
  %ex = tensor.empty() : {x}
  %ea = tensor.empty() : {a}
  %es = tensor.empty() : {ta}
  %y = fp4.scaled_matmul group_size({group}) lhs(%a, %sa : {a}, {ta}) rhs(%b, %sb : {b}, {tb})
      alpha(%alpha) outs(%ey : {y})
  %d = fp4.dequantize group_size({group}) ins(%a, %sa : {a}, {ta}) global_scale(%g) outs(%ex : {x})
  %c, %n = fp4.quantize_pack group_size({group}) ins(%x : {x}) global_scale(%g) scale_scale(%s)
      outs(%ea, %es : {a}, {ta})
  %w = fp4.quantize_with_scales group_size({group}) ins(%x, %sa : {x}, {ta}) global_scale(%g)
      outs(%ea : {a})
  return %y, %d, %c, %n, %w : {y}, {x}, {a}, {ta}, {a}
}}""",
            {
                "arg0": p.x, "arg1": p.a, "arg2": sa, "arg3": p.b, "arg4": sb,
                "arg5": np.asarray(p.gs), "arg6": np.asarray(p.ss),
            },
        )  # fmt: skip
        expect("scaled_matmul of blocked scales", out["result0"], p.y)
        expect(
            "dequantize of blocked scales",
            out["result1"],
            o.dequantize(p.a, p.sa, p.gs, np.dtype(np.float32)),
        )
        expect("codes of quantize_pack to blocked scales", out["result2"], p.a)
        expect("blocked scales of quantize_pack", out["result3"], sa)
        expect("quantize_with_scales of blocked scales", out["result4"], p.a)


def product_module(p: Product) -> str:
    """Quantizes x and multiplies: @f(x, b, sb, gs, ss) -> (codes, scales, y), M dynamic."""
    k, n, group = p.x.shape[1], p.b.shape[0], p.group
    t = MLIR_TYPES[p.sa.dtype]
    x, a, sa = f"tensor<?x{k}xf32>", f"tensor<?x{k // 2}xi8>", f"tensor<?x{k // group}x{t}>"
    b, sb, y = mlir_type(p.b), mlir_type(p.sb), f"tensor<?x{n}xf32>"
    return f"""
func.func @f(%x: {x}, %b: {b}, %sb: {sb}, %g: f32, %s: f32) -> ({a}, {sa}, {y}) {{
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : {x}
  %alpha = arith.mulf %g, %g : f32
  %ea = tensor.empty(%m) : {a}
  %es = tensor.empty(%m) : {sa}
  %ey = tensor.empty(%m) : {y}
  %a, %sa = fp4.quantize_pack group_size({group}) ins(%x : {x}) global_scale(%g) scale_scale(%s)
      outs(%ea, %es : {a}, {sa})
  %y = fp4.scaled_matmul group_size({group}) lhs(%a, %sa : {a}, {sa}) rhs(%b, %sb : {b}, {sb})
      alpha(%alpha) outs(%ey : {y})
  return %a, %sa, %y : {a}, {sa}, {y}
}}
"""


def check_product(runner: Runner, p: Product, case: str, module: str, prepare: list[str]) -> None:
    inputs = {
        "arg0": p.x, "arg1": p.b, "arg2": p.sb,
        "arg3": np.asarray(p.gs), "arg4": np.asarray(p.ss),
    }  # fmt: skip
    out = runner.run(module, inputs, prepare)
    expect(f"codes {case}", out["result0"], p.a)
    expect(f"scales {case}", out["result1"], p.sa)
    expect(f"y {case}", out["result2"], p.y)


def memrefs(runner: Runner) -> None:
    """Bufferized as fp4 ops and lowered on memrefs: what a backend that tiles memrefs sees."""
    bufferize = (
        "bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map"
    )
    pipeline = (
        "builtin.module(fp4-results-to-destinations,eliminate-empty-tensors,"
        f"one-shot-bufferize{{{bufferize}}},canonicalize,cse,convert-fp4-to-linalg)"
    )
    for dtype, group in ((ml_dtypes.float8_e8m0fnu, 32), (ml_dtypes.float8_e4m3fn, 16)):
        p = Product(9, 7, group * 5, group, dtype)
        module = product_module(p)
        source = runner.work / "memrefs.mlir"
        source.write_text(module)
        opt = str(runner.bin / "fp4-opt")
        lowered = runner.call(opt, str(source), f"--pass-pipeline={pipeline}")
        if "fp4." in lowered or "tensor<" in lowered:
            raise check_layer.Mismatch("the memref form was not lowered")
        # A function of tensors around the lowered one, so that the runner can bind it.
        check_product(runner, p, "on memrefs", wrap_memrefs(p, lowered), [])


def wrap_memrefs(p: Product, lowered: str) -> str:
    """The lowered @f, of memrefs, called from a function of tensors of the original signature."""
    k, n, group = p.x.shape[1], p.b.shape[0], p.group
    t = MLIR_TYPES[p.sa.dtype]
    shapes = [f"?x{k}xf32", f"{n}x{k // 2}xi8", f"{n}x{k // group}x{t}"]
    results = [f"?x{k // 2}xi8", f"?x{k // group}x{t}", f"?x{n}xf32"]
    start, end = lowered.index("func.func @f("), lowered.index("func.func @f.result_shapes")
    maps = lowered[: lowered.index("module {")]
    body = lowered[start:end].replace("func.func @f(", "func.func private @lowered(")
    tensors = ", ".join(f"%t{i}: tensor<{s}>" for i, s in enumerate(shapes))
    lines = [
        f"func.func @f({tensors}, %g: f32, %s: f32) -> ({', '.join(f'tensor<{r}>' for r in results)}) {{",
        "  %c0 = arith.constant 0 : index",
        f"  %m = tensor.dim %t0, %c0 : tensor<{shapes[0]}>",
    ]
    lines += [
        f"  %b{i} = bufferization.to_buffer %t{i} read_only : tensor<{s}> to memref<{s}>"
        for i, s in enumerate(shapes)
    ]
    lines += [f"  %r{i} = memref.alloc(%m) : memref<{r}>" for i, r in enumerate(results)]
    names = ["%b0", "%b1", "%b2", "%g", "%s", "%r0", "%r1", "%r2"]
    types = [f"memref<{s}>" for s in shapes] + ["f32", "f32"] + [f"memref<{r}>" for r in results]
    lines.append(f"  call @lowered({', '.join(names)}) : ({', '.join(types)}) -> ()")
    lines += [
        f"  %y{i} = bufferization.to_tensor %r{i} restrict : memref<{r}> to tensor<{r}>"
        for i, r in enumerate(results)
    ]
    lines.append(f"  return %y0, %y1, %y2 : {', '.join(f'tensor<{r}>' for r in results)}")
    return maps + "\n".join([*lines, "}", body])


TILING = """
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %matmul = transform.structured.match ops{["fp4.scaled_matmul"]} in %root
        : (!transform.any_op) -> !transform.any_op
    %quantize = transform.structured.match ops{["fp4.quantize_pack"]} in %root
        : (!transform.any_op) -> !transform.any_op
    %tiled_matmul, %loops:2 = transform.structured.tile_using_for %matmul tile_sizes [4, 3]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %tiled_quantize, %forall = transform.structured.tile_using_forall %quantize tile_sizes [2, 2]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
"""


def tiled(runner: Runner) -> None:
    """Tiled over M, N and the groups, none a multiple of its tile: the same bits."""
    for dtype, group in ((ml_dtypes.float8_e8m0fnu, 32), (ml_dtypes.float8_e4m3fn, 16)):
        p = Product(9, 7, group * 5, group, dtype)
        library = runner.work / "tiling.mlir"
        library.write_text(TILING)
        prepare = [f"--transform-preload-library=transform-library-paths={library}"]
        check_product(runner, p, "tiled", product_module(p), [*prepare, "--transform-interpreter"])


def layers(runner: Runner) -> None:
    """Two layers with a gelu between: each step against the oracle on what went into it."""
    rng = np.random.default_rng(6)
    m, k, h, n = 5, 96, 64, 11
    x = rng.standard_normal((m, k)).astype(ml_dtypes.bfloat16)
    gs, ss = np.float32(0.25), np.float32(4)
    w0, s0 = o.quantize_pack(
        rng.standard_normal((h, k)).astype(np.float32), gs, ss, 32, ml_dtypes.float8_e8m0fnu
    )
    w1, s1 = o.quantize_pack(
        rng.standard_normal((n, h)).astype(np.float32), gs, ss, 16, ml_dtypes.float8_e4m3fn
    )
    out = runner.run(
        (Path(__file__).parent.parent / "Integration/Reference/Inputs/two-layers.mlir").read_text(),
        {
            "x": x, "w0": w0, "s0": s0, "w1": w1, "s1": s1,
            "gs": np.asarray(gs), "ss": np.asarray(ss),
        },
    )  # fmt: skip

    def layer(inputs: o.Array, w: o.Array, s: o.Array, group: int) -> o.Array:
        codes, scales = o.quantize_pack(inputs, gs, ss, group, s.dtype)
        product = o.scaled_matmul(codes, scales, w, s, np.float32(gs * gs))
        return product.value.astype(ml_dtypes.bfloat16)

    def near(case: str, actual: o.Array, expected: o.Array, slack: o.Array | float = 0) -> None:
        a, e = actual.astype(np.float64), expected.astype(np.float64)
        outside = np.abs(a - e) > o.ulp(e, np.dtype(ml_dtypes.bfloat16)) + slack
        if outside.any():
            place = tuple(int(i) for i in np.argwhere(outside)[0])
            raise check_layer.Mismatch(f"{case} at {list(place)}: {a[place]}, expected {e[place]}")

    near("first layer", out["hidden"], layer(x, w0, s0, 32))
    v = out["hidden"].astype(np.float64)
    # gelu by tanh, as the graph computes it, but in f64.
    gelu = v * 0.5 * (1 + np.tanh(0.7978845608 * (v + 0.044715 * v**3)))
    # Where 1 + tanh cancels, f32 leaves an error of |v| times a few of its units.
    slack = np.abs(v) * 2.0**-22
    near("gelu", out["activation"], gelu.astype(ml_dtypes.bfloat16), slack)
    near("second layer", out["y"], layer(out["activation"], w1, s1, 16))


class SignedProducts:
    """Two activations and two weights of e4m3 scales with signs; K is no multiple of 32."""

    weights = frozenset({"b", "sb", "d", "sd"})

    def __init__(self) -> None:
        rng = np.random.default_rng(8)
        self.m, self.n, self.k = 5, 9, 48
        self.alpha = np.float32(0.37)
        self.inputs: dict[str, o.Array] = {}
        for name, rows in (("a", self.m), ("c", self.m), ("b", self.n), ("d", self.n)):
            codes = rng.integers(0, 256, (rows, self.k // 2), dtype=np.uint8)
            magnitudes = rng.integers(0x28, 0x50, (rows, self.k // 16))
            signs = rng.integers(0, 2, magnitudes.shape) * 0x80
            scales = (magnitudes + signs).astype(np.uint8).view(ml_dtypes.float8_e4m3fn)
            scales[0, 0], scales[0, 1] = np.float32("nan"), np.float32(-0.0)
            self.inputs[name], self.inputs["s" + name] = codes, scales

    def arguments(self, blocked: tuple[str, ...]) -> dict[str, o.Array]:
        given = {name: blocked_form(v) if name in blocked else v for name, v in self.inputs.items()}
        return given | {"g": np.asarray(self.alpha)}

    def y(self, lhs: str, rhs: str) -> o.Array:
        a, sa, b, sb = (self.inputs[name] for name in (lhs, "s" + lhs, rhs, "s" + rhs))
        return o.scaled_matmul(a, sa, b, sb, self.alpha).value.astype(np.float32)

    def module(self, pairs: list[tuple[str, str]], blocked: tuple[str, ...], branches: bool) -> str:
        """@f gives a product of each pair; with `branches`, each in one."""
        arguments = self.arguments(blocked)
        kinds = {name: mlir_type(v) if v.ndim else "f32" for name, v in arguments.items()}
        attributes = {n: "param" if n in self.weights else "name" for n in kinds}
        named = ", ".join(f'%{n}: {t} {{fp4.{attributes[n]} = "{n}"}}' for n, t in kinds.items())
        y = f"tensor<{self.m}x{self.n}xf32>"
        lines = [f"%e = tensor.empty() : {y}", "%true = arith.constant true"]
        for i, (a, b) in enumerate(pairs):
            product = (
                f"fp4.scaled_matmul group_size(16) lhs(%{a}, %s{a} : {kinds[a]}, {kinds['s' + a]})"
                f" rhs(%{b}, %s{b} : {kinds[b]}, {kinds['s' + b]}) alpha(%g) outs(%e : {y})"
            )
            if not branches:
                lines.append(f"%y{i} = {product}")
                continue
            lines += [
                f"%c{i} = arith.cmpf une, %g, %g : f32",
                f"%y{i} = scf.if %c{i} -> ({y}) {{",
                f"  scf.yield %e : {y}",
                "} else {",
                f"  %p = {product}",
                f"  scf.yield %p : {y}",
                "}",
            ]
        results = ", ".join(f'{y} {{fp4.name = "y{i}"}}' for i in range(len(pairs)))
        values = ", ".join(f"%y{i}" for i in range(len(pairs)))
        lines.append(f"return {values} : {', '.join([y] * len(pairs))}")
        return f"func.func @f({named}) -> ({results}) {{\n  " + "\n  ".join(lines) + "\n}\n"


def nvvm(runner: Runner) -> None:
    """Products as the NVVM lowering lays them out: scales as arguments, and what two products share."""
    p = SignedProducts()
    both = ("sa", "sb")
    for case, pairs, blocked, branches, absorbed in (
        ("scales as arguments", [("a", "b")], (), False, 2),
        ("blocked scales", [("a", "b")], both, False, 2),
        ("blocked scales of the weight", [("a", "b")], ("sb",), False, 2),
        ("a shared weight", [("a", "b"), ("c", "b")], (), False, 3),
        ("a shared weight, blocked", [("a", "b"), ("c", "b")], ("sb",), False, 3),
        ("a shared activation", [("a", "b"), ("a", "d")], (), False, 3),
        ("a shared activation, blocked", [("a", "b"), ("a", "d")], both, False, 3),
        ("in a branch", [("a", "b"), ("c", "b")], (), True, 3),
    ):
        module = p.module(pairs, blocked, branches)
        source = runner.work / "source.mlir"
        source.write_text(module)
        opt = str(runner.bin / "fp4-opt")
        text = runner.call(opt, str(source), f"--pass-pipeline={nvvm_layouts.PIPELINE}")
        try:
            nvvm_layouts.check(text, products=len(pairs), absorbed=absorbed)
        except check_layer.Mismatch as mismatch:
            raise check_layer.Mismatch(f"{case}: {mismatch}") from None
        arguments = p.arguments(blocked)
        weights = {name: v for name, v in arguments.items() if name in p.weights}
        inputs = {name: v for name, v in arguments.items() if name not in p.weights}
        for how, variant in (("as it is", module), ("laid out", nvvm_layouts.to_reference(text))):
            out = runner.run(variant, inputs, params=weights)
            for i, (a, b) in enumerate(pairs):
                expect(f"{case}, {how}: {a} x {b}", out[f"y{i}"], p.y(a, b))


CASES: dict[str, Callable[[Runner], None]] = {
    f.__name__: f
    for f in (dequantize, requantize, layout, signs, blocked, memrefs, tiled, layers, nvvm)
}


def main(description: str | None, cases: dict[str, Callable[[Runner], None]]) -> int:
    """Runs the case that the command line names."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--target", default="reference", help="what fp4-runner compiles for")
    parser.add_argument("case", choices=cases)
    arguments = parser.parse_args()
    work = arguments.work / arguments.case
    work.mkdir(parents=True, exist_ok=True)
    try:
        cases[arguments.case](Runner(arguments.bin, work, arguments.target))
    except check_layer.Mismatch as mismatch:
        print(f"{arguments.case}: {mismatch}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(__doc__, CASES))
