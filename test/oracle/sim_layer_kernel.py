"""The project's own kernel of a product, executed: the simulator runs what fp4-translate makes.

    sim_layer_kernel.py FP4_TRANSLATE FP4_SIM

Codes and scales are drawn, the product is what sim_tcgen05.py says that tensor cores make of them,
times alpha, rounded to bf16.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ml_dtypes
import numpy as np
from sim_tcgen05 import ORDERS, Array, Case, draw, draw_scales, multiply, scale_atoms
from tensor_map import encode_tensor_map

LAYER: Final = """
func.func @forward(%x: tensor<?x{k}xbf16> {{fp4.name = "x"}},
    %w: tensor<{n}x{k}xf4E2M1FN> {{fp4.param = "e2m1"}},
    %s: tensor<{n}x{groups}x{scale}> {{fp4.param = "scale_quant"}},
    %wg: f32 {{fp4.param = "weight_global_scale"}},
    %ag: f32 {{fp4.param = "activation_global_scale"}},
    %as: f32 {{fp4.param = "activation_scale_scale"}})
    -> (tensor<?x{n}xbf16> {{fp4.name = "y"}}) {{
  %y = fp4.quant_linear group_size({group}) ins(%x : tensor<?x{k}xbf16>)
      weight(%w, %s : tensor<{n}x{k}xf4E2M1FN>, tensor<{n}x{groups}x{scale}>)
      weight_global_scale(%wg) activation_global_scale(%ag)
      activation_scale_scale(%as) -> tensor<?x{n}xbf16>
  return %y : tensor<?x{n}xbf16>
}}
"""

# It stores the addresses that the kernel's arguments have.
PROBE: Final = """
.version 8.8
.target sm_100a
.address_size 64
.visible .entry probe({parameters})
{{
  .reg .b64 %rd<2>;
  ld.param.u64 %rd0, [p{d}];
{stores}
  ret;
}}
"""

UINT8, SWIZZLE_128 = 0, (3, 0)
OPERANDS: Final = ("a", "sfa", "b", "sfb")


@dataclass(frozen=True)
class Layer:
    kind: str
    scale: str
    m: int
    n: int
    k: int
    columns: int  # of a tile

    @property
    def case(self) -> Case:
        return Case(self.kind, self.m, self.n, self.k, scale=self.scale, accumulate=False)


def parameters_of(layer: Layer) -> list[str]:
    """What each parameter of the kernel is; those without a name are not read.

    A memref is two pointers, an offset, and a size and a stride of each dimension. With e4m3 scales the
    operands are read by their maps only, so that the test has its buffers where D's numbers are. With
    e8m0 scales elements that tensor cores may lose are computed from the buffers.
    """

    def memref(name: str, rank: int) -> list[str]:
        return ["", name, *[""] * (1 + 2 * rank)]

    memrefs = ["", "d", *OPERANDS, ""]
    if layer.scale == "ue8m0":
        memrefs = [
            *memref("a", 2), *memref("sfa", 5), *memref("b", 2), *memref("sfb", 5), *memref("d", 2),
        ]  # fmt: skip
    return ["rows", *memrefs, *[f"map {name}" for name in OPERANDS], "alpha"]


def maps_of(layer: Layer, addresses: dict[str, int]) -> dict[str, bytes]:
    row, tile = layer.k // 2, 128
    groups = layer.k // layer.case.block // 4
    per_tile = 256 // layer.case.block // 4
    scale_strides = [256, 512, groups * 512]
    made = {}
    for name, rows, tile_rows in (("a", layer.m, tile), ("b", layer.n, layer.columns)):
        made[name] = encode_tensor_map(
            UINT8, addresses[name], [row, rows], [row], [128, tile_rows], swizzle=SWIZZLE_128
        )
        dims = [256, 2, groups, -(-rows // 128)]
        box = [256, 2, per_tile, tile_rows // 128]
        made["sf" + name] = encode_tensor_map(
            UINT8, addresses["sf" + name], dims, scale_strides, box
        )
    return made


def atoms_of(scales: Array) -> Array:
    """In global memory the groups of 4 scales are the faster ones, not the rows of 128."""
    return np.concatenate(
        [scale_atoms(scales[row : row + 128]) for row in range(0, len(scales), 128)]
    )


def run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)}:\n{result.stdout}{result.stderr}")


def find_addresses(layer: Layer, simulator: str, work: Path) -> dict[str, int]:
    """Where fp4-sim has the buffers of these arguments."""
    names = parameters_of(layer)
    parameters = [
        ".param .align 64 .b8 p{}[128]"
        if name.startswith("map")
        else ".param .f32 p{}"
        if name == "alpha"
        else ".param .u64 p{}"
        for name in names
    ]
    stores = [
        f"  ld.param.u64 %rd1, [p{names.index(name)}];\n  st.global.u64 [%rd0 + {8 * i}], %rd1;"
        for i, name in enumerate(OPERANDS)
    ]
    probe = work / "probe.ptx"
    declared = ", ".join(text.format(i) for i, text in enumerate(parameters))
    probe.write_text(
        PROBE.format(parameters=declared, d=names.index("d"), stores="\n".join(stores))
    )
    for name in OPERANDS:
        (work / f"map {name}").write_bytes(bytes(128))
    run([simulator, str(probe), *arguments(layer, work)])
    words = np.fromfile(work / "d", np.uint64)
    return {name: int(words[i]) for i, name in enumerate(OPERANDS)}


def arguments(layer: Layer, work: Path) -> list[str]:
    values = {
        "": "0",
        "rows": f"{layer.m}",
        "d": f"out:{work / 'd'}:{layer.m * layer.n * 2}",
        "alpha": f"{ALPHA}",
    }
    for name in OPERANDS:
        values[name] = f"in:{work / name}"
        values[f"map {name}"] = f"value:{work / f'map {name}'}"
    return ["--block=128", *[f"--arg={values[name]}" for name in parameters_of(layer)]]


ALPHA: Final = 0.0123


def check(layer: Layer, translate: str, simulator: str, work: Path) -> None:
    rng = np.random.default_rng(layer.n)
    case = layer.case
    a, b = draw(rng, "e2m1", (layer.m, layer.k)), draw(rng, "e2m1", (layer.n, layer.k))
    sa, sb = draw_scales(rng, case, layer.m), draw_scales(rng, case, layer.n)
    product = multiply(case, a, b, sa, sb, np.zeros((layer.m, layer.n), np.float32))
    want = (product.view(np.float32) * np.float32(ALPHA)).astype(ml_dtypes.bfloat16)
    for name, data in (
        ("a", (a[:, 0::2] | a[:, 1::2] << 4).astype(np.uint8)),
        ("b", (b[:, 0::2] | b[:, 1::2] << 4).astype(np.uint8)),
        ("sfa", atoms_of(sa)),
        ("sfb", atoms_of(sb)),
    ):
        data.tofile(work / name)

    source, kernel = work / "layer.mlir", work / "layer.ptx"
    source.write_text(
        LAYER.format(
            n=layer.n, k=layer.k, group=case.block, groups=layer.k // case.block,
            scale="f8E4M3FN" if layer.scale == "ue4m3" else "f8E8M0FNU",
        )
    )  # fmt: skip
    run([translate, "--fp4-to-ptx", "--chip=sm_100a", str(source), "-o", str(kernel)])
    for name, made in maps_of(layer, find_addresses(layer, simulator, work)).items():
        (work / f"map {name}").write_bytes(made)

    scales = 256 // case.block
    shared = (128 + layer.columns) * (128 + scales)
    if layer.scale == "ue8m0":
        shared += 4 * 128 + 8 * layer.columns  # spreads of rows, limits and spreads of columns
    for order in ORDERS:
        run([
            simulator, str(kernel), "--kernel=forward_scaled_matmul", "--pedantic",
            f"--grid={-(-layer.m // 128)},{layer.n // layer.columns}", f"--shared={shared}",
            f"--order={order}", *arguments(layer, work),
        ])  # fmt: skip
        got = np.fromfile(work / "d", np.uint16).reshape(want.shape)
        if not np.array_equal(got, want.view(np.uint16)):
            different = np.count_nonzero(got != want.view(np.uint16))
            sys.exit(f"{layer}, {order}: {different} of {got.size} elements differ")
    print(f"{layer.kind} {layer.m}x{layer.n}x{layer.k}: {want.size} elements agree")


LAYERS: Final = (
    Layer("nv16", "ue4m3", 200, 512, 1024, 128),
    Layer("mxf4", "ue8m0", 200, 512, 1024, 128),
    Layer("nv16", "ue4m3", 128, 4096, 256, 256),
)


def main() -> None:
    _, translate, simulator = sys.argv
    with tempfile.TemporaryDirectory() as directory:
        for layer in LAYERS:
            check(layer, translate, simulator, Path(directory))


if __name__ == "__main__":
    main()
