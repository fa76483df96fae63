# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adds vectors of 1000 elements by a kernel of PTX: vector_add.py LIBRARY
[COUNT], the count that the kernel is told."""

import ctypes
import sys

import numpy as np
from cuda_driver import DeviceArray, Driver

PTX = """
.version 8.0
.target sm_80
.address_size 64
.visible .entry add(.param .u64 x, .param .u64 y, .param .u64 z, .param .u32 n)
{
  .reg .pred %p; .reg .b32 %i<5>; .reg .f32 %f<4>; .reg .b64 %a<5>;
  mov.u32 %i1, %ctaid.x; mov.u32 %i2, %ntid.x; mov.u32 %i3, %tid.x;
  mad.lo.u32 %i1, %i1, %i2, %i3;
  ld.param.u32 %i4, [n];
  setp.ge.u32 %p, %i1, %i4;
  @%p ret;
  ld.param.u64 %a1, [x]; ld.param.u64 %a2, [y]; ld.param.u64 %a3, [z];
  mul.wide.u32 %a4, %i1, 4;
  add.u64 %a1, %a1, %a4; add.u64 %a2, %a2, %a4; add.u64 %a3, %a3, %a4;
  ld.global.f32 %f1, [%a1]; ld.global.f32 %f2, [%a2];
  add.f32 %f3, %f1, %f2;
  st.global.f32 [%a3], %f3;
  ret;
}
"""


def main(library: str, count: str = "1000") -> None:
    driver = Driver(library)
    name = ctypes.create_string_buffer(64)
    major, minor = ctypes.c_int(), ctypes.c_int()
    driver.call("cuDeviceGetName", name, 64, 0)
    driver.call("cuDeviceComputeCapability", ctypes.byref(major), ctypes.byref(minor), 0)
    print(name.value.decode(), f"{major.value}.{minor.value}", flush=True)
    function = driver.load(PTX, "add")
    random = np.random.default_rng(3)
    x, y = (random.standard_normal(1000, dtype=np.float32) for _ in range(2))
    arrays = [DeviceArray(driver, a) for a in (x, y, np.zeros_like(x))]
    blocks = (int(count) + 127) // 128
    driver.launch(
        function,
        (blocks, 1, 1),
        (128, 1, 1),
        *(a.address for a in arrays),
        ctypes.c_uint32(int(count)),
    )
    np.testing.assert_array_equal(arrays[2].numpy(), x + y)
    print(len(x), "sums")


main(*sys.argv[1:])
