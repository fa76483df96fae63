"""Assembles every kernel in the output of gpu-module-to-binary{format=isa}, from stdin, with ptxas.

    assemble.py CHIP COUNT

Fails unless there are COUNT kernels that ptxas takes, in PTX where no f32 or f64 is flushed, fused or
approximated.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile

INEXACT = r"\.ftz|\bfma\.|\.approx|\bdiv\.full|\b(?:add|sub|mul)\.f(?:32|64)"


def main() -> int:
    chip, count = sys.argv[1], int(sys.argv[2])
    modules = re.findall(r'assembly = "((?:[^"\\]|\\.)*)"', sys.stdin.read())
    if len(modules) != count:
        print(f"{len(modules)} kernels, expected {count}", file=sys.stderr)
        return 1
    for module in modules:
        escape = re.compile(r"\\([0-9A-F]{2}|\\)")
        text = escape.sub(lambda m: "\\" if m[1] == "\\" else chr(int(m[1], 16)), module)
        if inexact := re.search(INEXACT, text):
            print(f"'{inexact[0]}' in\n{text}", file=sys.stderr)
            return 1
        with tempfile.NamedTemporaryFile("w", suffix=".ptx") as file:
            file.write(text.rstrip("\0"))
            file.flush()
            command = ["ptxas", f"-arch={chip}", file.name, "-o", "/dev/null"]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"{done.stderr}\n{text}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
