"""Malformed IR, files and command lines: each must be refused with its own message.

    malformed.py --bin=BIN --work=DIR [CASE...]

A case is refused when the tool exits with a code that is neither 0 nor a crash, says what is expected
of it on stderr, says nothing of a sanitizer, and leaves no output file behind.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ml_dtypes
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "oracle"))
import fp4_oracle as o

K, N, M, GROUP = 64, 6, 3, 32
E8M0 = ml_dtypes.float8_e8m0fnu

FORWARD = """
func.func @forward(
    %x: tensor<?x64xbf16> {fp4.name = "x"},
    %w: tensor<6x64xf4E2M1FN> {fp4.param = "e2m1"},
    %s: tensor<6x2xf8E8M0FNU> {fp4.param = "scale_quant"},
    %g: f32 {fp4.param = "weight_global_scale"}) -> (tensor<?x6xbf16> {fp4.name = "y"}) {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>)
      weight(%w, %s : tensor<6x64xf4E2M1FN>, tensor<6x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      -> tensor<?x6xbf16>
  return %y : tensor<?x6xbf16>
}
"""


def layer() -> dict[str, o.Array]:
    return {
        "e2m1": np.zeros((N, K // 2), np.uint8),
        "scale_quant": np.full((N, K // GROUP), 127, np.uint8).view(E8M0),
        "weight_global_scale": np.float32(1).reshape(()),
    }


def x() -> dict[str, o.Array]:
    return {"x": np.ones((M, K), ml_dtypes.bfloat16)}


def raw(header: object, data: bytes = b"") -> bytes:
    """A safetensors file with this header, JSON or not."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: str, shape: list[object], begin: object, end: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@dataclass
class Case:
    """One command and what it must say. Files are written to the case's folder, which is {dir}."""

    name: str
    message: str
    command: list[str]
    files: dict[str, bytes | str | dict[str, o.Array]]


def runner_case(name: str, message: str, *arguments: str, **files: object) -> Case:
    """fp4-runner on a good module, parameters and input, but for what is replaced."""
    parts: dict[str, object] = {"module": FORWARD, "params": layer(), "input": x()} | files
    command = ["fp4-runner", "{dir}/module.mlir"]
    for part in ("params", "input"):
        if parts[part] is not None:
            command.append(f"--{part}={{dir}}/{part}.safetensors")
    command += [f"--output={{dir}}/{OUTPUT}", *arguments]
    written = {"module.mlir": parts["module"]}
    written |= {f"{p}.safetensors": parts[p] for p in ("params", "input") if parts[p] is not None}
    return Case(name, message, command, written)  # type: ignore[arg-type]


def import_case(name: str, message: str, *arguments: str, file: object = None) -> Case:
    """fp4-translate on a layer."""
    command = ["fp4-translate", "--import-safetensors", "{dir}/layer.safetensors"]
    command += ["-o", f"{{dir}}/{OUTPUT}", *arguments]
    contents = layer() if file is None else file
    return Case(name, message, command, {"layer.safetensors": contents})  # type: ignore[dict-item]


def opt_case(name: str, message: str, module: str, *arguments: str) -> Case:
    command = ["fp4-opt", "{dir}/module.mlir", "-o", f"{{dir}}/{OUTPUT}"]
    return Case(
        name,
        message,
        [*command, *(arguments or ("--fp4-lower-to-reference",))],
        {"module.mlir": module},
    )


OUTPUT = "output"
CRASHES = ("Stack dump", "runtime error:", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer")


def one_op(op: str, arguments: str, result: str) -> str:
    return (
        f"func.func @forward({arguments}) -> {result} {{\n  %0 = {op}\n  return %0 : {result}\n}}\n"
    )


def ir_cases() -> Iterator[Case]:
    """Bad IR, through the runner."""
    yield runner_case("ir-empty", "no function @forward", module="")
    yield runner_case("ir-syntax", "expected", module="func.func @forward( {")
    yield runner_case("ir-binary", "error", module="\x00\x01\x02\xffML\xefR".encode("latin1"))
    yield runner_case("ir-truncated", "expected", module=FORWARD[:300])
    yield runner_case(
        "ir-unknown-op", "is unknown", module=FORWARD.replace("fp4.quant", "fp4.kant")
    )
    yield runner_case(
        "ir-group-24",
        "power of two between 2 and 128, but got 24",
        module=FORWARD.replace("(32)", "(24)"),
    )
    yield runner_case(
        "ir-group-huge", "integer", module=FORWARD.replace("(32)", "(99999999999999999999)")
    )
    yield runner_case(
        "ir-scales-columns",
        "dimension 1 of 'weight_scales'",
        module=FORWARD.replace("6x2xf8E8M0FNU", "6x3xf8E8M0FNU"),
    )
    yield runner_case(
        "ir-scale-type",
        "must be ranked tensor of f8E8M0FNU",
        module=FORWARD.replace("f8E8M0FNU", "f8E5M2"),
    )
    yield runner_case(
        "ir-integer-input",
        "must be ranked tensor of",
        module=FORWARD.replace("64xbf16", "64xi32"),
    )
    yield runner_case(
        "ir-k",
        "dimension 1 of 'input'",
        module=FORWARD.replace("x64xbf16", "x96xbf16"),
        input={"x": np.ones((M, 96), ml_dtypes.bfloat16)},
    )
    yield runner_case(
        "ir-rounding",
        "even, zero, down or up, but got 'nearest'",
        module=FORWARD.replace("group_size(32)", "group_size(32) rounding(nearest)"),
    )
    yield runner_case(
        "ir-param-not-string",
        "expects 'fp4.param' to be a string",
        module=FORWARD.replace('"e2m1"', "7 : i32"),
    )
    yield runner_case(
        "ir-unknown-argument-attribute",
        "unknown attribute 'fp4.parm'",
        module=FORWARD.replace('fp4.param = "e2m1"', 'fp4.parm = "e2m1"'),
    )
    slice_op = (
        "tensor.extract_slice %x[0, 0] [1, 64] [1, 1] : "
        "tensor<2x64xf4E2M1FN> to tensor<1x64xf4E2M1FN>"
    )
    yield opt_case(
        "ir-f4-slice",
        "cannot hold codes of type",
        one_op(slice_op, "%x: tensor<2x64xf4E2M1FN>", "tensor<1x64xf4E2M1FN>"),
    )
    yield opt_case(
        "ir-f4-arithmetic",
        "computes with",
        one_op(
            "arith.addf %x, %x : tensor<64xf4E2M1FN>",
            "%x: tensor<64xf4E2M1FN>",
            "tensor<64xf4E2M1FN>",
        ),
    )
    yield opt_case(
        "ir-f4-scalar",
        "computes with",
        one_op("arith.addf %x, %x : f4E2M1FN", "%x: f4E2M1FN", "f4E2M1FN"),
    )
    yield opt_case(
        "ir-f4-odd",
        "even last dimension",
        one_op("tensor.empty() : tensor<3x5xf4E2M1FN>", "", "tensor<3x5xf4E2M1FN>"),
    )
    yield opt_case(
        "ir-f4-rank-0",
        "cannot be packed",
        one_op("tensor.empty() : tensor<f4E2M1FN>", "", "tensor<f4E2M1FN>"),
    )
    yield opt_case(
        "ir-f4-memref",
        "cannot be packed",
        "func.func @forward(%x: memref<4x64xf4E2M1FN>) { return }",
    )
    yield opt_case(
        "ir-unranked",
        "must be a ranked tensor",
        one_op(
            "tensor.cast %x : tensor<4xf32> to tensor<*xf32>", "%x: tensor<4xf32>", "tensor<*xf32>"
        ),
    )
    yield opt_case(
        "ir-f8-arithmetic",
        "computes with",
        one_op(
            "arith.addf %x, %x : tensor<4xf8E4M3FN>", "%x: tensor<4xf8E4M3FN>", "tensor<4xf8E4M3FN>"
        ),
    )
    yield opt_case(
        "ir-recursion",
        "cannot be called from the module",
        one_op(
            "func.call @forward(%x) : (tensor<?xf32>) -> tensor<?xf32>",
            "%x: tensor<?xf32>",
            "tensor<?xf32>",
        ),
    )
    yield opt_case(
        "ir-huge-dimensions",
        "is too large",
        one_op(
            "fp4.dequantize group_size(2) ins(%c, %s : tensor<1x9223372036854775806xi8>, "
            "tensor<1x4xf8E8M0FNU>) global_scale(%g) outs(%o : tensor<1x8xf32>)",
            "%c: tensor<1x9223372036854775806xi8>, %s: tensor<1x4xf8E8M0FNU>, %g: f32, %o: tensor<1x8xf32>",
            "tensor<1x8xf32>",
        ),
    )
    encoded = FORWARD.replace("x64xbf16>", 'x64xbf16, "blocked">')
    yield opt_case("ir-encoding", "expects tensors without an encoding", encoded)
    taken = one_op("tensor.empty() : tensor<2xf32>", "", "tensor<2xf32>")
    yield opt_case(
        "ir-shapes-name-taken",
        "the module has it already",
        taken + taken.replace("@forward", "@forward.result_shapes"),
    )
    yield opt_case(
        "ir-library-name",
        "has the name of a library function",
        taken.replace("@forward", "@memset"),
    )
    layout = one_op(
        "arith.addf %x, %x : tensor<2x4xf32>",
        "%x: tensor<2x4xf32> {bufferization.buffer_layout = strided<[1, 2]>}",
        "tensor<2x4xf32>",
    )
    yield opt_case("ir-buffer-layout", "buffers of entries are contiguous", layout)
    softmax = one_op(
        "linalg.softmax dimension(1) ins(%x : tensor<2x4xf32>) outs(%x : tensor<2x4xf32>) "
        "-> tensor<2x4xf32>",
        "%x: tensor<2x4xf32>",
        "tensor<2x4xf32>",
    )
    yield opt_case("ir-not-lowered", "cannot be lowered to the LLVM dialect", softmax)
    permuted = "memref<4x64xf32, affine_map<(i, j) -> (j, i)>>"
    yield opt_case(
        "ir-memref-layout",
        "a memref whose layout is not strided",
        f"func.func @f(%x: {permuted}, %t: memref<16x16xf32>) {{\n"
        f"  fp4.block_transform ins(%x : {permuted}) transform(%t : memref<16x16xf32>) "
        f"outs(%x : {permuted})\n  return\n}}",
        "--convert-fp4-to-linalg",
    )
    yield opt_case(
        "ir-not-decomposed",
        "run --fp4-decompose-quant-linear first",
        FORWARD,
        "--convert-fp4-to-linalg",
    )
    yield opt_case(
        "ir-bad-pass", "Unknown command line argument", FORWARD, "--fp4-lower-to-nothing"
    )
    vector = one_op("arith.addf %x, %x : vector<4xf32>", "%x: vector<4xf32>", "vector<4xf32>")
    yield runner_case(
        "entry-vector", "only ranked tensors and scalars", module=vector, input=None, params=None
    )
    six = one_op("tensor.empty() : tensor<4xf6E3M2FN>", "", "tensor<4xf6E3M2FN>")
    yield runner_case("entry-f6", "has no form in files", module=six, input=None, params=None)
    odd = one_op("tensor.empty() : tensor<4xi7>", "", "tensor<4xi7>")
    yield runner_case("entry-i7", "has no form in files", module=odd, input=None, params=None)


def binding_cases() -> Iterator[Case]:
    """Names, dtypes and shapes that do not fit, and bad command lines of the runner."""
    yield runner_case(
        "no-entry",
        "no function @backward; the entries of the module are: @forward",
        "--entry=backward",
    )
    private = FORWARD.replace("func.func @forward", "func.func private @forward")
    yield runner_case("private-entry", "it is not public", module=private)
    yield runner_case("declared-entry", "it has no body", module="func.func private @forward(f32)")
    yield runner_case("unknown-target", "unknown --target=tpu", "--target=tpu")
    yield runner_case("repeat-0", "--repeat must be at least 1", "--repeat=0")
    yield runner_case("repeat-text", "invalid", "--repeat=often")
    yield runner_case("unknown-option", "Unknown command line argument", "--fast")
    yield runner_case("no-input", "argument 'x' needs a file of inputs", input=None)
    yield runner_case("no-params", "parameter 'e2m1' needs a file of parameters", params=None)
    yield runner_case(
        "missing-input-file", "absent.safetensors", "--input={dir}/absent.safetensors", input=None
    )
    yield runner_case("input-is-a-folder", "{dir}", "--input={dir}", input=None)
    yield runner_case(
        "unused-input",
        "'z' is no input of @forward; its inputs are: 'x'",
        input=x() | {"z": x()["x"]},
    )
    yield runner_case("missing-tensor", "no tensor 'x', which is an argument", input={})
    yield runner_case(
        "missing-parameter",
        "no tensor 'scale_quant'",
        params={k: v for k, v in layer().items() if k != "scale_quant"},
    )
    yield runner_case(
        "dtype", "expects BF16 (?, 64), but", input={"x": np.ones((M, K), np.float32)}
    )
    yield runner_case("rank", "holds BF16 (64)", input={"x": np.ones(K, ml_dtypes.bfloat16)})
    yield runner_case(
        "dimension", "holds BF16 (3, 32)", input={"x": np.ones((M, 32), ml_dtypes.bfloat16)}
    )
    yield runner_case(
        "scalar-shape",
        "expects F32 ()",
        params=layer() | {"weight_global_scale": np.ones(2, np.float32)},
    )
    yield runner_case(
        "scale-format",
        "expects F8_E8M0",
        params=layer() | {"scale_quant": np.zeros((N, 2), ml_dtypes.float8_e4m3fn)},
    )
    yield runner_case("parameter-twice", "is in both", "--params={dir}/params.safetensors")
    same = FORWARD.replace('fp4.param = "weight_global_scale"', 'fp4.name = "x"')
    yield runner_case("name-twice", "two arguments of @forward have the name 'x'", module=same)
    yield runner_case("output-folder-missing", "absent/y", "--output={dir}/absent/y")
    yield runner_case(
        "compare-missing", "no tensor 'y' to compare", "--compare={dir}/input.safetensors"
    )
    yield Case("module-missing", "cannot read", ["fp4-runner", "{dir}/absent.mlir"], {})
    yield Case("no-module", "Not enough positional", ["fp4-runner"], {})
    mismatch = """
func.func @forward(%a: tensor<?x32xi8> {fp4.name = "a"}, %s: tensor<?x2xf8E8M0FNU> {fp4.name = "s"},
                   %g: f32 {fp4.name = "g"}) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %a, %c0 : tensor<?x32xi8>
  %e = tensor.empty(%m) : tensor<?x64xf32>
  %0 = fp4.dequantize group_size(32) ins(%a, %s : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>)
      global_scale(%g) outs(%e : tensor<?x64xf32>)
  return %0 : tensor<?x64xf32>
}
"""
    inputs = {
        "a": np.zeros((4, 32), np.uint8),
        "s": np.zeros((3, 2), np.uint8).view(E8M0),
        "g": np.float32(1).reshape(()),
    }
    yield runner_case(
        "sizes-at-run-time",
        "expects dimension 0 of 'scales' to be dimension 0 of 'codes'",
        module=mismatch, input=inputs, params=None,
    )  # fmt: skip
    metadata = FORWARD.replace('fp4.name = "y"', 'fp4.name = "__metadata__"')
    yield runner_case("result-name", "has a name that no file can hold", module=metadata)
    yield runner_case(
        "bool-bytes",
        "neither 0 nor 1",
        module="func.func @forward(%arg0: tensor<2xi1>) -> tensor<2xi1> { return %arg0 : tensor<2xi1> }",
        input=raw({"arg0": entry("BOOL", [2], 0, 2)}, b"\x01\x02"),
        params=None,
    )
    add = one_op(
        "arith.addf %x, %z : tensor<?xf32>",
        '%x: tensor<?xf32> {fp4.name = "x"}, %z: tensor<?xf32> {fp4.name = "z"}',
        "tensor<?xf32>",
    )
    vectors = {"x": np.zeros(8, np.float32), "z": np.zeros(2, np.float32)}
    yield runner_case(
        "sizes-of-upstream-ops", "Runtime op verification", module=add, input=vectors, params=None
    )
    huge = "func.func @forward() -> tensor<1000000000x1000000000xf32> {\n" + (
        "  %0 = tensor.empty() : tensor<1000000000x1000000000xf32>\n"
        "  return %0 : tensor<1000000000x1000000000xf32>\n}"
    )
    yield runner_case(
        "result-too-large", "no memory for 'result0'", module=huge, input=None, params=None
    )


def file_cases() -> Iterator[Case]:
    """Hostile safetensors files, through both tools."""
    good = entry("F32", [1], 0, 4)
    files: dict[str, tuple[str, bytes]] = {
        "empty": ("8 bytes", b""),
        "short": ("8 bytes", b"\x10\x00\x00"),
        "header-too-long": ("header", struct.pack("<Q", 1000) + b"{}"),
        "header-2^63": ("header", struct.pack("<Q", 2**63 + 1) + b"{}"),
        "not-json": ("JSON", raw(b"{nonsense")),
        "not-an-object": ("{", raw(b"[1, 2]")),
        "not-utf-8": ("UTF-8", raw(b'{"\xff\xfe": 1}')),
        "deep": ("deep", raw(b"{" + b'"a":[' * 200000)),
        "duplicate-keys": ("'a'", raw(b'{"a":' + json.dumps(good).encode() + b',"\\u0061":' + json.dumps(good).encode() + b"}", b"1234")),
        "unknown-dtype": ("F99", raw({"a": entry("F99", [1], 0, 4)}, b"1234")),
        "entry-not-object": ("'a'", raw({"a": 3})),
        "negative-size": ("shape", raw({"a": entry("F32", [-1], 0, 4)}, b"1234")),
        "fractional-size": ("shape", raw({"a": entry("F32", [1.5], 0, 4)}, b"1234")),
        "overflowing-shape": ("overflow", raw({"a": entry("F32", [2**40, 2**40], 0, 4)}, b"1234")),
        "wrong-product": ("needs 8", raw({"a": entry("F32", [2], 0, 4)}, b"1234")),
        "offsets-reversed": ("data_offsets", raw({"a": entry("F32", [1], 4, 0)}, b"1234")),
        "offsets-outside": ("beyond", raw({"a": entry("F32", [2], 0, 8)}, b"1234")),
        "overlap": ("overlap", raw({"a": good, "b": entry("F32", [1], 2, 6)}, b"123456")),
        "hole": ("data_offsets", raw({"a": good, "b": entry("F32", [1], 8, 12)}, b"x" * 12)),
        "trailing": ("", raw({"a": good}, b"12345678")),
        "metadata": ("__metadata__", raw({"__metadata__": {"a": 1}, "a": good}, b"1234")),
    }  # fmt: skip
    for name, (message, data) in files.items():
        yield import_case(f"import-{name}", message, file=data)
        yield runner_case(f"params-{name}", message, params=data)
    whole = raw({"a": good}, b"1234")
    for length in (9, 20, len(whole) - 1):
        yield import_case(f"import-cut-at-{length}", "", file=whole[:length])


def layer_cases() -> Iterator[Case]:
    """Layers that are no layers."""

    def without(key: str) -> dict[str, o.Array]:
        return {k: v for k, v in layer().items() if k != key}

    for key in layer():
        yield import_case(f"layer-without-{key}", f"no tensor '{key}'", file=without(key))
    changes: dict[str, tuple[str, dict[str, o.Array]]] = {
        "codes-dtype": ("expects U8", {"e2m1": np.zeros((N, K // 2), np.int8)}),
        "codes-rank": ("expects U8 of shape (N, K/2)", {"e2m1": np.zeros(N, np.uint8)}),
        "codes-no-k": ("K/2", {"e2m1": np.zeros((N, 0), np.uint8)}),
        "scales-u8": ("expects F8_E8M0", {"scale_quant": np.zeros((N, 2), np.uint8)}),
        "scales-rows": ("expects 6 rows", {"scale_quant": np.zeros((N + 1, 2), np.uint8).view(E8M0)}),
        "scales-none": ("group", {"scale_quant": np.zeros((N, 0), np.uint8).view(E8M0)}),
        "scales-group-1": ("group", {"scale_quant": np.zeros((N, K), np.uint8).view(E8M0)}),
        "scales-group-no-power": ("group", {"scale_quant": np.zeros((N, 3), np.uint8).view(E8M0)}),
        "scalar-dtype": ("F32 of shape () or (1)", {"weight_global_scale": np.zeros((), np.float64)}),
        "scalar-shape": ("F32 of shape () or (1)", {"weight_global_scale": np.zeros((1, 1), np.float32)}),
        "transform-dtype": ("expects BF16, F16 or F32", {"transform": np.zeros((8, 8), np.int32)}),
        "transform-rank": ("expects shape (B, B)", {"transform": np.zeros(8, np.float32)}),
        "transform-not-square": ("expects shape (B, B)", {"transform": np.zeros((8, 4), np.float32)}),
        "transform-blocks": ("expects shape (B, B)", {"transform": np.zeros((3, 8, 8), np.float32)}),
        "transform-no-divisor": ("expects shape (B, B)", {"transform": np.zeros((48, 48), np.float32)}),
        "transform-empty": ("expects shape (B, B)", {"transform": np.zeros((0, 0), np.float32)}),
    }  # fmt: skip
    for name, (message, change) in changes.items():
        yield import_case(f"layer-{name}", message, file=layer() | change)
    yield import_case("layer-prefix", "no tensor 'model.e2m1'", "--prefix=model.")
    yield import_case("rank-0", "--rank must be between 1 and 16, but is 0", "--rank=0")
    yield import_case("rank-17", "--rank must be between 1 and 16, but is 17", "--rank=17")
    yield import_case("rank-negative", "rank", "--rank=-1")
    yield import_case("activation-type", "int8", "--activation-type=int8")
    yield import_case("result-type", "f64", "--result-type=f64")


def run(case: Case, bin_dir: Path, work: Path) -> str:
    """What is wrong with how the tool took the case; nothing if it was refused as it must be."""
    folder = work / case.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in case.files.items():
        path = folder / name
        if isinstance(contents, dict):
            o.save(path, contents)
        else:
            path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    output = folder / OUTPUT
    output.unlink(missing_ok=True)
    command = [part.replace("{dir}", str(folder)) for part in case.command]
    command[0] = str(bin_dir / command[0])
    environment = os.environ | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":exitcode=99"}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, errors="replace", env=environment
    )
    message = case.message.replace("{dir}", str(folder))
    if done.returncode not in (1, 2):
        return f"exit code {done.returncode}: {done.stderr[-2000:]}"
    if any(sign in done.stderr for sign in CRASHES):
        return f"crashed: {done.stderr[-2000:]}"
    if not done.stderr.strip() or message not in done.stderr:
        return f"expected '{message}' on stderr, got: {done.stderr[:2000]}"
    if output.exists():
        return "left an output file"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    cases = [*ir_cases(), *binding_cases(), *file_cases(), *layer_cases()]
    if len({case.name for case in cases}) != len(cases):
        sys.exit("two cases have one name")
    failures = 0
    ran = 0
    for case in cases:
        if arguments.cases and case.name not in arguments.cases:
            continue
        ran += 1
        if problem := run(case, arguments.bin, arguments.work):
            failures += 1
            print(f"{case.name}: {problem}", file=sys.stderr)
    print(f"{ran} malformed inputs, {failures} not refused as they must be")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
