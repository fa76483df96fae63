# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adds vectors of 1000 elements by a kernel of PTX: vector_add.py LIBRARY
[COUNT], the count that the kernel is told."""

import ctypes
import sys

from cuda_driver import Driver

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
    size = 1000
    vector = ctypes.c_float * size
    # Their sums are exact.
    x, y = vector(*(i * 0.5 for i in range(size))), vector(*(i * i for i in range(size)))
    addresses = [ctypes.c_uint64() for _ in range(3)]
    for address in addresses:
        driver.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(4 * size))
    for address, host in zip(addresses, (x, y), strict=False):
        driver.call("cuMemcpyHtoD_v2", address, host, ctypes.c_size_t(4 * size))
    blocks = (int(count) + 127) // 128
    driver.launch(function, (blocks, 1, 1), (128, 1, 1), *addresses, ctypes.c_uint32(int(count)))
    z = vector()
    driver.call("cuMemcpyDtoH_v2", z, addresses[2], ctypes.c_size_t(4 * size))
    assert all(z[i] == i * 0.5 + i * i for i in range(size))
    print(size, "sums")


main(*sys.argv[1:])
