# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays of numpy on the device of a CUDA driver."""

import ctypes

import numpy as np
from cuda_driver import Driver


class DeviceArray:
    """What a kernel takes as a pointer: it has data_ptr() and a dtype."""

    def __init__(self, driver: Driver, array: np.ndarray) -> None:
        self.driver, self.dtype, self.shape = driver, array.dtype, array.shape
        self.bytes = array.nbytes
        self.address = ctypes.c_uint64()
        driver.call("cuMemAlloc_v2", ctypes.byref(self.address), ctypes.c_size_t(self.bytes))
        host = np.ascontiguousarray(array)
        driver.call(
            "cuMemcpyHtoD_v2",
            self.address,
            ctypes.c_void_p(host.ctypes.data),
            ctypes.c_size_t(self.bytes),
        )

    def data_ptr(self) -> int:
        return self.address.value

    def numpy(self) -> np.ndarray:
        host = np.empty(self.shape, self.dtype)
        self.driver.call(
            "cuMemcpyDtoH_v2",
            ctypes.c_void_p(host.ctypes.data),
            self.address,
            ctypes.c_size_t(self.bytes),
        )
        return host
