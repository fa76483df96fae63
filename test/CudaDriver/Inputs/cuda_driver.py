# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays on the device of a CUDA driver, over ctypes."""

import ctypes
from typing import Any

import numpy as np


class Driver:
    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        self.call("cuInit", 0)
        self.context = ctypes.c_void_p()
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(self.context), 0)
        self.call("cuCtxSetCurrent", self.context)

    def call(self, name: str, *arguments: Any) -> None:
        result = getattr(self.library, name)(*arguments)
        if result:
            text = ctypes.c_char_p()
            self.library.cuGetErrorName(result, ctypes.byref(text))
            raise RuntimeError(f"{name}: {(text.value or b'?').decode()}")

    def load(self, image: str | bytes, name: str) -> ctypes.c_void_p:
        """A function of a module, of PTX or an image in bytes."""
        image = image.encode() if isinstance(image, str) else image
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("cuModuleLoadData", ctypes.byref(module), image)
        self.call("cuModuleGetFunction", ctypes.byref(function), module, name.encode())
        return function

    def launch(
        self,
        function: ctypes.c_void_p,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        *arguments: Any,
    ) -> None:
        """Launches with arguments that are objects of ctypes."""
        pointers = [ctypes.cast(ctypes.byref(a), ctypes.c_void_p) for a in arguments]
        array = (ctypes.c_void_p * len(pointers))(*pointers)
        self.call("cuLaunchKernel", function, *grid, *block, 0, ctypes.c_void_p(), array, None)
        self.call("cuCtxSynchronize")


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
