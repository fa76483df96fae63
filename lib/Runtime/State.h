//===- State.h - The runtime of this process and its error ------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNTIME_STATE_H
#define FP4_LIB_RUNTIME_STATE_H

#include "Device.h"
#include "fp4/Runtime/Runtime.h"

namespace mlir::fp4::runtime {

/// Whether an error is pending.
bool hasFailed();

/// Makes `error`, if it is one, the pending error unless there is one already.
/// Returns whether there is an error.
bool keep(llvm::Error error);

/// Runs `body` on the open device, with its context current, and keeps what it
/// returns. Does nothing while an error is pending; it is one if no device is
/// open. Returns whether all went well.
bool runOnDevice(llvm::function_ref<llvm::Error(Device &)> body);

/// Like runOnDevice, for what must happen in spite of a pending error. Does
/// nothing if no device is open, as what would be given back went with it.
void giveBack(llvm::function_ref<llvm::Error(Device &)> body);

} // namespace mlir::fp4::runtime

#endif // FP4_LIB_RUNTIME_STATE_H
