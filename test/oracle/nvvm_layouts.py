"""What the NVVM lowering does to tensors, as a module that the reference executes.

Tensor cores ignore the signs of scales, so every product that they would compute gets scales without
signs: what was moved elsewhere counts, and what was forgotten is missing.
"""

from __future__ import annotations

import itertools
import re

from check_layer import require

# buildLowerLayersToNVVMPipeline, but for the verification of sizes and @prepare.
PIPELINE = (
    "builtin.module(inline,symbol-dce,fp4-choose-strategies{target=nvvm chip=sm_100a},"
    "fp4-decompose-quant-linear,fp4-materialize-scale-layouts,canonicalize,cse,fp4-pack-codes,"
    "func.func(fp4-flatten-rows),canonicalize,cse,"
    "func.func(fp4-lay-out-for-tensor-cores,loop-invariant-code-motion),cse)"
)

_PRODUCT = re.compile(
    r"^(?P<head>.*fp4\.scaled_matmul .*?)"
    r"lhs\((?P<a>%\S+), (?P<sa>%\S+) : (?P<ta>\S+), (?P<tsa>\S+)\) "
    r"rhs\((?P<b>%\S+), (?P<sb>%\S+) : (?P<tb>\S+), (?P<tsb>\S+)\)"
    r'(?P<tail>.*strategy = "tcgen05".*)$'
)


def _row_bytes(lines: list[str], value: str, kind: str) -> int:
    """How far the rows of codes are from one another where `value` is stored."""
    name = value.split("#")[0]
    for line in lines:
        if not re.match(rf"\s*{re.escape(name)}(?::\d+)? = ", line):
            continue
        if found := re.search(r"tensor\.extract_slice .* : (\S+) to ", line):
            return _row_bytes([], "", found[1])
        if found := re.search(r"outs\((%\S+), %\S+ : (\S+), \S+\)", line):
            return _row_bytes(lines, found[1], found[2])
    found = re.fullmatch(r"tensor<.*?(\d+)xi8>", kind)
    require(found is not None, f"codes of {kind}")
    assert found
    return int(found[1])


def check(module: str, products: int, absorbed: int) -> None:
    """Products have what tensor cores want; signs are absorbed `absorbed` times and not once more."""
    count = 0
    for function in module.split("func.func ")[1:]:
        lines = function.splitlines()
        for line in lines:
            product = _PRODUCT.match(line)
            if not product:
                continue
            count += 1
            for scales in (product["tsa"], product["tsb"]):
                require(scales.count("x32x4x4xf8") == 1, f"scales of {scales} are not blocked")
            for codes, kind in ((product["a"], product["ta"]), (product["b"], product["tb"])):
                pitch = _row_bytes(lines, codes, kind)
                require(pitch % 16 == 0, f"rows of codes are {pitch} bytes apart: {line.strip()}")
    require(count == products, f"{count} products on tensor cores, expected {products}:\n{module}")
    count = module.count("fp4.absorb_scale_signs")
    require(count == absorbed, f"signs are absorbed {count} times, expected {absorbed}:\n{module}")


def _without_signs(name: str, scales: str, kind: str) -> list[str]:
    identity = "affine_map<(a, b, c, d, e) -> (a, b, c, d, e)>"
    parallel = ", ".join(['"parallel"'] * 5)
    return [
        f"{name} = linalg.generic {{indexing_maps = [{identity}, {identity}],",
        f"    iterator_types = [{parallel}]}} ins({scales} : {kind}) outs({scales} : {kind}) {{",
        "^bb0(%scale: f8E4M3FN, %old: f8E4M3FN):",
        "  %byte = arith.bitcast %scale : f8E4M3FN to i8",
        "  %mask = arith.constant 127 : i8",
        "  %magnitude = arith.andi %byte, %mask : i8",
        "  %unsigned = arith.bitcast %magnitude : i8 to f8E4M3FN",
        "  linalg.yield %unsigned : f8E4M3FN",
        f"}} -> {kind}",
    ]


def to_reference(module: str) -> str:
    """All strategies are the reference's, and products see no signs of scales."""
    lines = []
    names = (f"%unsigned_scales{i}" for i in itertools.count())
    for line in module.splitlines():
        product = _PRODUCT.match(line)
        if not product or "f8E4M3FN" not in product["tsa"]:
            lines.append(line)
            continue
        sa, sb = next(names), next(names)
        lines += _without_signs(sa, product["sa"], product["tsa"])
        lines += _without_signs(sb, product["sb"], product["tsb"])
        lines.append(
            f"{product['head']}lhs({product['a']}, {sa} : {product['ta']}, {product['tsa']}) "
            f"rhs({product['b']}, {sb} : {product['tb']}, {product['tsb']}){product['tail']}"
        )
    return re.sub(r'strategy = "\w+"', 'strategy = "reference"', "\n".join(lines)) + "\n"
