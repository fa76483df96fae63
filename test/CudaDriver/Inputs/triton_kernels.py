# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels of Triton, compiled and launched by Triton itself, compared with
numpy. Prints a line for each."""

import os
import sys

import numpy as np
import triton
import triton.language as tl
from cuda_driver import Driver
from device_array import DeviceArray
from triton.tools.tensor_descriptor import TensorDescriptor

random = np.random.default_rng(7)


@triton.jit
def add(x, y, z, n, block: tl.constexpr):
    i = tl.program_id(0) * block + tl.arange(0, block)
    mask = i < n
    tl.store(z + i, tl.load(x + i, mask=mask) + tl.load(y + i, mask=mask), mask=mask)


@triton.jit
def row_sums(x, y, columns, block: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, block)
    values = tl.load(x + row * columns + i, mask=i < columns, other=0.0)
    tl.store(y + row, tl.sum(values, axis=0))


@triton.jit
def softmax(x, y, columns, block: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, block)
    mask = i < columns
    values = tl.load(x + row * columns + i, mask=mask, other=-float("inf"))
    powers = tl.exp(values - tl.max(values, axis=0))
    tl.store(y + row * columns + i, powers / tl.sum(powers, axis=0), mask=mask)


@triton.jit
def product(a, b, c, K, m: tl.constexpr, n: tl.constexpr, k: tl.constexpr):
    rows, columns, inner = tl.arange(0, m), tl.arange(0, n), tl.arange(0, k)
    sums = tl.zeros((m, n), dtype=tl.float32)
    for i in range(0, K, k):
        left = tl.load(a + rows[:, None] * K + (i + inner)[None, :])
        right = tl.load(b + (i + inner)[:, None] * n + columns[None, :])
        sums = tl.dot(left, right, sums)
    tl.store(c + rows[:, None] * n + columns[None, :], sums)


@triton.jit
def transpose(x, y, m: tl.constexpr, n: tl.constexpr):
    row, column = tl.program_id(0) * m, tl.program_id(1) * n
    y.store([column, row], x.load([row, column]).T)


def test_add(device):
    n = 1000
    x, y = (random.standard_normal(n, dtype=np.float32) for _ in range(2))
    z = device(np.zeros(n, np.float32))
    add[(triton.cdiv(n, 256),)](device(x), device(y), z, n, block=256)
    np.testing.assert_array_equal(z.numpy(), x + y)


def test_row_sums(device):
    # Sums of small integers are exact in any order.
    x = random.integers(-50, 50, (7, 300)).astype(np.float32)
    y = device(np.zeros(7, np.float32))
    row_sums[(7,)](device(x), y, 300, block=512)
    np.testing.assert_array_equal(y.numpy(), x.sum(axis=1))


def test_softmax(device):
    x = random.standard_normal((5, 200), dtype=np.float32)
    y = device(np.zeros_like(x))
    softmax[(5,)](device(x), y, 200, block=256)
    powers = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5)


def test_product(device):
    m, n, k = 64, 32, 64
    a, b = (random.integers(-4, 5, shape).astype(np.float16) for shape in ((m, k), (k, n)))
    c = device(np.zeros((m, n), np.float32))
    product[(1,)](device(a), device(b), c, k, m=m, n=n, k=32)
    np.testing.assert_array_equal(c.numpy(), a.astype(np.float32) @ b.astype(np.float32))


def test_transpose(device):
    # Tensor maps that the launcher makes, of shapes that tiles do not divide.
    x = random.standard_normal((100, 40), dtype=np.float32)
    y = device(np.full((40, 100), np.nan, np.float32))
    inputs = TensorDescriptor(device(x), [100, 40], [40, 1], [32, 16])
    outputs = TensorDescriptor(y, [40, 100], [100, 1], [16, 32])
    transpose[(4, 3)](inputs, outputs, m=32, n=16)
    np.testing.assert_array_equal(y.numpy(), x.T)


def main(names):
    driver = Driver(os.path.join(os.environ["TRITON_LIBCUDA_PATH"], "libcuda.so.1"))
    for name in names:
        globals()["test_" + name](lambda array: DeviceArray(driver, array))
        print(name, "is as numpy has it")


main(sys.argv[1:])
