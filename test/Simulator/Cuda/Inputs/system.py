# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the kernels of system.cu should give."""

import subprocess

import numpy as np
from launch import Module, Out

module = Module("system.cu")
module.expect("prototype_", "vprintf", "__assertfail", r"\.local")
rng = np.random.default_rng(1)
t = np.arange(64)

numbers = [0, 1]
while len(numbers) < 12:
    numbers.append(numbers[-1] + numbers[-2])
module.run("recurse", [1], [64], [Out(np.array([numbers[i % 12] for i in t], np.int32))])

which = rng.integers(0, 3, 64).astype(np.int32)
value = np.choose(which, [t + 1, t * 2, t * t])
area = np.where(which & 1, t * 3, t * t)
module.run("pointers", [1], [64], [which, Out((value * 1000 + area).astype(np.int32))])

x = rng.integers(-500, 500, 64).astype(np.int32)
y = [np.sort(x[(i * 7 + np.arange(32)) % 64])[i % 32] for i in t]
module.run("locals", [1], [64], [x, Out(np.array(y, np.int32))])

x = rng.integers(0, 100, 64).astype(np.int32)
y = []
for i in t:
    v = int(i)
    for j in range(5):
        match int(x[i] + j) % 7:
            case 0:
                v += 3
            case 1:
                v *= 5
            case 2:
                v ^= 0x55
            case 3:
                v = -(v - 7)
            case 4:
                v = -v
            case 5:
                v <<= 1
            case _:
                # The remainder of C has the sign of what is divided.
                v = v * v % 1000
    y.append(v)
module.run("branches", [1], [64], [x, Out(np.array(y, np.int32))])

printed = module.run("prints", [1], [64], [1.25])
assert printed == "thread 3 of 64: 1.250 text 123456789ab %\n", printed

module.run("asserts", [1], [64], [64])
done = subprocess.run(
    module.command("asserts", [1], [64], [40]), capture_output=True, text=True, check=False
)
assert done.returncode == 2, done
assert "[assertion]" in done.stderr and "too many" in done.stderr, done.stderr
assert "thread (40, 0, 0)" in done.stderr, done.stderr
print("asserts: it does")
