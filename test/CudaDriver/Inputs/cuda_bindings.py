# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A kernel by the package cuda-bindings."""

import numpy as np
from cuda.bindings import driver

PTX = b"""
.version 8.0
.target sm_80
.address_size 64
.visible .entry twice(.param .u64 x)
{
  .reg .b32 %i<3>; .reg .b64 %a<3>;
  mov.u32 %i1, %tid.x;
  ld.param.u64 %a1, [x];
  mul.wide.u32 %a2, %i1, 4;
  add.u64 %a1, %a1, %a2;
  ld.global.u32 %i2, [%a1];
  add.u32 %i2, %i2, %i2;
  st.global.u32 [%a1], %i2;
  ret;
}
\0"""


def call(result):
    status, *values = result
    if status != driver.CUresult.CUDA_SUCCESS:
        raise RuntimeError(status)
    return values[0] if values else None


call(driver.cuInit(0))
device = call(driver.cuDeviceGet(0))
name = call(driver.cuDeviceGetName(64, device)).split(b"\0")[0].decode()
print(call(driver.cuDriverGetVersion()), name)
call(driver.cuCtxSetCurrent(call(driver.cuDevicePrimaryCtxRetain(device))))
function = call(driver.cuModuleGetFunction(call(driver.cuModuleLoadData(PTX)), b"twice"))
host = np.arange(64, dtype=np.uint32)
address = call(driver.cuMemAlloc(host.nbytes))
call(driver.cuMemcpyHtoD(address, host.ctypes.data, host.nbytes))
argument = np.array([int(address)], dtype=np.uint64)
pointers = np.array([argument.ctypes.data], dtype=np.uint64)
call(driver.cuLaunchKernel(function, 1, 1, 1, 64, 1, 1, 0, 0, pointers.ctypes.data, 0))
result = np.zeros_like(host)
call(driver.cuMemcpyDtoH(result.ctypes.data, address, host.nbytes))
np.testing.assert_array_equal(result, 2 * host)
print(len(host), "doubled")
print(driver.cuGraphCreate(0)[0].name)
