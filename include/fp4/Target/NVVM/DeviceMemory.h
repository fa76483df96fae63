//===- DeviceMemory.h - Conventions of the NVVM lowering --------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_DEVICEMEMORY_H
#define FP4_TARGET_NVVM_DEVICEMEMORY_H

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace mlir::fp4::nvvm {

/// The memory space of buffers in device memory: NVVM's global space, as an
/// integer, so that host and kernel lower it with no further ado.
inline constexpr int64_t kDeviceMemorySpace = 1;

inline Attribute getDeviceMemorySpace(MLIRContext *context) {
  return IntegerAttr::get(IntegerType::get(context, 64), kDeviceMemorySpace);
}

inline bool isInDeviceMemory(BaseMemRefType type) {
  auto space = dyn_cast_or_null<IntegerAttr>(type.getMemorySpace());
  return space && space.getInt() == kDeviceMemorySpace;
}

/// What buffers in device memory are aligned to, in bytes: what tile loads and
/// 128-bit accesses need. Callers of entries promise it.
inline constexpr int64_t kDeviceAlignment = 16;

/// Whether --fp4-choose-strategies gave `op` this strategy. Attributes of that
/// name on ops of other dialects mean something else.
inline bool hasStrategy(Operation *op, StringRef name) {
  return isa_and_nonnull<FP4Dialect>(op->getDialect()) &&
         fp4::getStrategy(op) == name;
}

/// Whether the strategy of `op` executes it on the device.
inline bool isOnDevice(Operation *op) {
  return hasStrategy(op, "simt") || hasStrategy(op, "tcgen05");
}

} // namespace mlir::fp4::nvvm

#endif // FP4_TARGET_NVVM_DEVICEMEMORY_H
