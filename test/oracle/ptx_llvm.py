"""Functions that LLVM has compiled for a GPU and for the host give the same on the simulator and on the host.

    ptx_llvm.py FP4-SIM LLVM-TOOLS FUNCTIONS.LL CHIP

Each function takes two numbers of one type. Contraction is off, since the two targets differ in it; a NaN
is any NaN.
"""

from __future__ import annotations

import ctypes
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from ptx_harness import edges, near_one

COUNT: Final = 512
KERNEL: Final = """
define ptx_kernel void @kernel_{name}(ptr addrspace(1) %a, ptr addrspace(1) %b, ptr addrspace(1) %d) {{
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %pa = getelementptr {type}, ptr addrspace(1) %a, i32 %t
  %pb = getelementptr {type}, ptr addrspace(1) %b, i32 %t
  %pd = getelementptr {type}, ptr addrspace(1) %d, i32 %t
  %x = load {type}, ptr addrspace(1) %pa
  %y = load {type}, ptr addrspace(1) %pb
  %z = call {type} @{name}({type} %x, {type} %y)
  store {type} %z, ptr addrspace(1) %pd
  ret void
}}
"""


def operands(type_name: str, rng: random.Random) -> list[int]:
    if type_name == "i64":
        values = edges("u64") + [rng.getrandbits(64) >> rng.randrange(64) for _ in range(COUNT)]
    else:
        values = edges("f32") + [near_one("f32", rng) for _ in range(COUNT // 2)]
        values += [rng.getrandbits(32) for _ in range(COUNT)]
    return [rng.choice(values) for _ in range(COUNT)]


def main() -> None:
    simulator, tools, source, chip = sys.argv[1:]
    text = Path(source).read_text()
    functions = re.findall(
        r"^define (?:range\(.*\) )?(\w+) @(\w+)\(\1 %a, \1 %b\)", text, re.MULTILINE
    )
    rng = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        device = text + "declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n"
        device += "".join(KERNEL.format(type=t, name=n) for t, n in functions)
        (path / "device.ll").write_text(device)
        subprocess.run(
            [f"{tools}/llc", "-mtriple=nvptx64-nvidia-cuda", f"-mcpu={chip}", "-fp-contract=off",
             "-nvptx-fma-level=0", "-o", path / "k.ptx", path / "device.ll"],
            check=True,
        )  # fmt: skip
        subprocess.run(
            [f"{tools}/clang", "-x", "ir", "-O1", "-w", "-shared", "-fPIC", "-ffp-contract=off", "-lm",
             "-o", path / "host.so", source],
            check=True,
        )  # fmt: skip
        host = ctypes.CDLL(str(path / "host.so"))
        for type_name, name in functions:
            is_float = type_name == "float"
            dtype: Any = np.uint32 if is_float else np.uint64
            inputs = [np.array(operands(type_name, rng), dtype=dtype) for _ in range(2)]
            for file, values in zip("ab", inputs, strict=True):
                values.tofile(path / file)
            subprocess.run(
                [simulator, path / "k.ptx", f"--chip={chip}", f"--kernel=kernel_{name}", f"--block={COUNT}",
                 f"--arg=in:{path}/a", f"--arg=in:{path}/b", f"--arg=out:{path}/d:{inputs[0].nbytes}"],
                check=True,
            )  # fmt: skip
            got = np.fromfile(path / "d", dtype=dtype)
            function = getattr(host, name)
            kind = ctypes.c_float if is_float else ctypes.c_uint64
            function.argtypes, function.restype = [kind, kind], kind
            views = [v.view(np.float32) if is_float else v for v in inputs]
            with np.errstate(all="ignore"):
                results = [function(x.item(), y.item()) for x, y in zip(*views, strict=True)]
            expected = np.array(results, dtype=np.float32 if is_float else np.uint64)
            same = got == expected.view(dtype)
            if is_float:
                same |= np.isnan(got.view(np.float32)) & np.isnan(expected)
            if not same.all():
                i = int(np.flatnonzero(~same)[0])
                sys.exit(
                    f"{name}: of {int(inputs[0][i]):#x} and {int(inputs[1][i]):#x} got {int(got[i]):#x}, "
                    f"but the host {int(expected.view(dtype)[i]):#x}"
                )
    print(f"{len(functions)} functions agree")


if __name__ == "__main__":
    main()
