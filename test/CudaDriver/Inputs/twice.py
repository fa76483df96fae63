# Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs twice.cu from images: twice.py LIBRARY IMAGE..."""

import pathlib
import sys

import numpy as np
from cuda_driver import Driver
from device_array import DeviceArray

driver = Driver(sys.argv[1])
for path in sys.argv[2:]:
    try:
        function = driver.load(pathlib.Path(path).read_bytes(), "twice")
        x = np.arange(-16, 16, dtype=np.int32)
        array = DeviceArray(driver, x)
        driver.launch(function, (1, 1, 1), (32, 1, 1), array.address)
        np.testing.assert_array_equal(array.numpy(), 2 * x)
        outcome = "doubled"
    except RuntimeError as error:
        outcome = str(error)
    sys.stderr.flush()
    print(f"{pathlib.Path(path).name}: {outcome}", flush=True)
