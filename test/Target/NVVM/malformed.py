"""Odd modules through the NVVM lowering: each compiles, or is refused with a located error; nothing crashes. With
--ptxas, the assembler also takes the PTX of those that compile.

    malformed.py --bin=BIN --work=DIR [--ptxas] [CASE...]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WEIGHT, SCALES = "tensor<48x64xf4E2M1FN>", "tensor<48x2xf8E8M0FNU>"
INPUT, RESULT = "tensor<?x64xbf16>", "tensor<?x48xbf16>"
CRASHES = ("Stack dump", "LLVM ERROR", "runtime error:", "ERROR: AddressSanitizer")


def layer(
    x: str = INPUT, w: str = WEIGHT, s: str = SCALES, y: str = RESULT, group: int = 32
) -> str:
    return f"""
func.func @f(%x: {x}, %w: {w} {{fp4.param = "w"}}, %s: {s} {{fp4.param = "s"}}, %g: f32) -> {y} {{
  %y = fp4.quant_linear group_size({group}) ins(%x : {x}) weight(%w, %s : {w}, {s})
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> {y}
  return %y : {y}
}}
"""


SQUARE = "tensor<64x64xf4E2M1FN>", "tensor<64x2xf8E8M0FNU>"


def inside(head: str, tail: str, condition: str) -> str:
    """A layer in control flow of the input."""
    w, s = SQUARE
    return f"""
func.func @f(%x: {INPUT}, %w: {w} {{fp4.param = "w"}}, %s: {s} {{fp4.param = "s"}}, %g: f32, {condition}) -> {INPUT} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  {head}
    %y = fp4.quant_linear group_size(32) ins(%a : {INPUT}) weight(%w, %s : {w}, {s})
        weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> {INPUT}
    scf.yield %y : {INPUT}
  {tail}
  return %r : {INPUT}
}}
"""


def launch(body: str, threads: str = "%c1") -> str:
    return f"""
func.func private @k(%m: memref<4xf32, 1>, %v: f32) {{
  %c1 = arith.constant 1 : index
  %c2000 = arith.constant 2000 : index
  gpu.launch blocks(%a, %b, %c) in (%d = %c1, %e = %c1, %g = %c1)
      threads(%h, %i, %j) in (%k = {threads}, %l = %c1, %n = %c1) {{
    {body}
    gpu.terminator
  }}
  return
}}
func.func @f(%x: tensor<4xf32>, %v: f32) -> tensor<4xf32> {{
  %d = memref.alloc() : memref<4xf32, 1>
  call @k(%d, %v) : (memref<4xf32, 1>, f32) -> ()
  %t = bufferization.to_tensor %d restrict : memref<4xf32, 1> to tensor<4xf32>
  return %t : tensor<4xf32>
}}
"""


STORE = "memref.store %v, %m[%a] : memref<4xf32, 1>"
KERNEL = """
gpu.module @mine TARGET {
  gpu.func @k(%p: memref<4xf32, 1>, %v: f32) kernel {
    %c = arith.constant 0 : index
    memref.store %v, %p[%c] : memref<4xf32, 1>
    gpu.return
  }
}
"""


def product(strategy: str, space: str) -> str:
    """An op on buffers in the input, with its strategy."""
    codes, weight = f"memref<4x32xi8{space}>", f"memref<48x32xi8{space}>"
    scales, result = f"memref<1x1x32x4x4xf8E8M0FNU{space}>", f"memref<4x48xf32{space}>"
    return f"""
func.func @f(%a: {codes}, %s: {scales}, %w: {weight}, %t: {scales}, %g: f32, %y: {result}) {{
  fp4.scaled_matmul group_size(32) lhs(%a, %s : {codes}, {scales}) rhs(%w, %t : {weight}, {scales})
      alpha(%g) outs(%y : {result}) {{strategy = "{strategy}"}}
  return
}}
"""


def cases() -> Iterator[tuple[str, str, str | None]]:
    """Name, module, and what the error says; None if it compiles."""
    good = layer()
    yield "layer", good, None
    yield "rank-0", layer(x="tensor<bf16>", y="tensor<bf16>"), "to have rank 1 or more"
    yield "rank-1", layer(x="tensor<64xbf16>", y="tensor<48xbf16>"), None
    yield "rank-4", layer(x="tensor<2x?x?x64xbf16>", y="tensor<2x?x?x48xbf16>"), None
    yield "k-open", layer(x="tensor<?x?xbf16>"), None
    yield (
        "k-dynamic",
        layer("tensor<?x?xbf16>", "tensor<48x?xf4E2M1FN>", "tensor<48x?xf8E8M0FNU>"),
        None,
    )
    yield (
        "n-dynamic",
        layer(w="tensor<?x64xf4E2M1FN>", s="tensor<?x2xf8E8M0FNU>", y="tensor<?x?xbf16>"),
        None,
    )
    yield (
        "n-0",
        layer(w="tensor<0x64xf4E2M1FN>", s="tensor<0x2xf8E8M0FNU>", y="tensor<?x0xbf16>"),
        None,
    )
    yield (
        "n-1",
        layer(w="tensor<1x64xf4E2M1FN>", s="tensor<1x2xf8E8M0FNU>", y="tensor<?x1xbf16>"),
        None,
    )
    yield (
        "k-0",
        layer("tensor<?x0xbf16>", "tensor<48x0xf4E2M1FN>", "tensor<48x0xf8E8M0FNU>"),
        None,
    )
    yield "m-0", layer(x="tensor<0x64xbf16>", y="tensor<0x48xbf16>"), None
    yield (
        "k-odd",
        layer("tensor<?x33xbf16>", "tensor<48x33xf4E2M1FN>"),
        "to be a multiple of group_size 32, but got 33",
    )
    yield "no-parameters", re.sub(r' \{fp4.param = "."\}', "", good), None

    yield "name-strange", good.replace("@f(", '@"a b/c$%\\C3\\A9"('), None
    yield "name-digit", good.replace("@f(", '@"1x"('), None
    yield "name-kernels", good.replace("@f(", "@kernels("), None
    yield "entries-share-a-weight", good + good.replace("@f(", "@g("), None
    private = good.replace("func.func @f", "func.func private @f")
    signature = f"(%x: {INPUT}, %w: {WEIGHT}, %s: {SCALES}, %g: f32) -> {RESULT}"
    call = f"""
func.func @main{signature} {{
  %y = call @f(%x, %w, %s, %g) : ({INPUT}, {WEIGHT}, {SCALES}, f32) -> {RESULT}
  return %y : {RESULT}
}}
"""
    yield "private-called", private + call, None
    kept = private.replace(f"-> {RESULT} {{", f"-> {RESULT} attributes {{no_inline}} {{", 1)
    yield "private-kept", kept + call, None
    public = kept.replace("func private", "func")
    yield "entry-called", public + call, "cannot be called from the module"

    loop = f"%r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> {INPUT} {{"
    yield "for", inside(loop, "}", "%n: index"), None
    branch = f"%a = tensor.cast %x : {INPUT} to {INPUT}\n  %r = scf.if %p -> {INPUT} {{"
    yield "if", inside(branch, f"}} else {{ scf.yield %x : {INPUT} }}", "%p: i1"), None
    loop = f"""%r = scf.while (%q = %x) : ({INPUT}) -> {INPUT} {{
    scf.condition(%p) %q : {INPUT}
  }} do {{
  ^bb0(%a: {INPUT}):"""
    yield "while", inside(loop, "}", "%p: i1"), None

    yield "empty", "", None
    yield "no-entry", "func.func private @p() { return }", None
    yield "no-tensors", "func.func @f(%a: i32) { return }", None
    yield "scalar", "func.func @f(%a: f32) -> f32 { return %a : f32 }", None
    yield (
        "scalar-of-tensor",
        """
func.func @f(%a: tensor<4xf32>) -> f32 {
  %c = arith.constant 0 : index
  %0 = tensor.extract %a[%c] : tensor<4xf32>
  return %0 : f32
}
""",
        None,
    )
    identity = "func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> { return %a : tensor<4xf32> }"
    yield "identity", identity, None

    for name, target in {
        "none": "",
        "same": '[#nvvm.target<chip = "sm_100a">]',
        "other": '[#nvvm.target<chip = "sm_80">]',
        "rocdl": "[#rocdl.target]",
    }.items():
        yield f"module-{name}", good + KERNEL.replace("TARGET", target), None
    named = KERNEL.replace("TARGET", "").replace("@mine", "@kernels")
    yield "module-kernels", good + named, None
    yield "launch", launch(STORE), None
    yield "launch-threads", launch(STORE, "%c2000"), "launches blocks of more than 1024 threads"
    math = "%s = math.sin %v : f32\n" + STORE.replace("%v", "%s", 1)
    yield "launch-math", launch(math), "has no code on NVIDIA chips"
    yield "launch-print", launch('gpu.printf "%f", %v : f32'), None
    clusters = "%s = gpu.cluster_id x\nmemref.store %v, %m[%s] : memref<4xf32, 1>"
    yield "launch-cluster", launch(clusters), None

    refusals = {
        "nothing": "strategy 'nothing' is not known",
        "reference": "can be changed before bufferization only",
    }
    for strategy in ("tcgen05", "simt", "reference", "nothing"):
        for space in ("", ", 1", ", 3", ", #gpu.address_space<global>"):
            yield (
                f"buffers-{strategy}{space.replace(', ', '-')}",
                product(strategy, space),
                refusals.get(strategy, "must be a ranked tensor"),
            )
    yield "f4-buffer", "func.func @f(%a: memref<4x64xf4E2M1FN>) { return }", "cannot be packed"
    yield "f4-odd", identity.replace("4xf32", "4x33xf4E2M1FN"), "with an even last dimension"


def assemble(output: Path) -> tuple[int, str | None]:
    """How many images of PTX are in the lowered module, and what the assembler has against them."""
    images = re.findall(r'fp4rt\.image\.[^.(]*\("((?:[^"\\]|\\.)*)"', output.read_text())
    for i, image in enumerate(images):
        data = re.sub(rb"\\([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), image.encode())
        path = output.with_suffix(f".{i}.ptx")
        path.write_bytes(data.rstrip(b"\0"))
        chip = re.search(rb"\.target (\w+)", data)
        if not chip:
            return i, "an image names no chip"
        command = ["ptxas", f"-arch={chip[1].decode()}", "-o", "/dev/null", str(path)]
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        if result.returncode:
            return i, result.stderr
    return len(images), None


def check(tool: Path, folder: Path, name: str, module: str, message: str | None) -> str | None:
    source, output = folder / f"{name}.mlir", folder / f"{name}.out.mlir"
    source.write_text(module)
    for pipeline in ("fp4-lower-to-kernels", "fp4-lower-to-nvvm"):
        # One thread: which of several errors comes first is the same in each run.
        command = [str(tool), str(source), f"--{pipeline}=chip=sm_100a", "-o", str(output)]
        command.append("--mlir-disable-threading")
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        if result.returncode not in (0, 1) or any(crash in result.stderr for crash in CRASHES):
            return f"{pipeline} crashed:\n{result.stderr[-2000:]}"
        # What only the host's side knows, kernels compile without.
        if result.returncode == 0 and pipeline == "fp4-lower-to-kernels":
            continue
        if (result.returncode != 0) != (message is not None):
            return f"{pipeline}: exit code {result.returncode}, expected {message or 'success'}:\n{result.stderr[:600]}"
        if message is not None and message not in result.stderr:
            return f"{pipeline}: expected '{message}', but got:\n{result.stderr[:600]}"
        if message is not None and not re.search(r"\.mlir:\d+:\d+: error: ", result.stderr):
            return f"{pipeline}: the error has no place:\n{result.stderr[:600]}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--ptxas", action="store_true", help="it has to be on the path")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    count = failures = assembled = 0
    for name, module, message in cases():
        if options.names and name not in options.names:
            continue
        count += 1
        file = re.sub(r"[^\w-]", "_", name)
        problem = check(options.bin / "fp4-opt", options.work, file, module, message)
        if options.ptxas and not problem and message is None:
            images, problem = assemble(options.work / f"{file}.out.mlir")
            assembled += images
        if problem:
            failures += 1
            print(f"{name}: {problem}", file=sys.stderr)
    print(f"{count} odd modules, {failures} neither compiled nor refused as they must be")
    if options.ptxas:
        print(f"{assembled} of their images assembled")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
