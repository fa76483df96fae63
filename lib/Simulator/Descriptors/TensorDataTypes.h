//===- TensorDataTypes.h - What tensor maps know of a type ------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_DESCRIPTORS_TENSORDATATYPES_H
#define FP4_LIB_SIMULATOR_DESCRIPTORS_TENSORDATATYPES_H

#include "fp4/Simulator/Descriptors/TensorMap.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::fp4::sim {

/// A row of the table of types. Elements are copied by units of whole bytes.
struct TensorDataTypeInfo {
  llvm::StringLiteral name; ///< the driver's
  uint8_t unitElements;
  uint8_t globalUnitBytes;
  /// With padding: the packed types are spread to 16 bytes in shared memory.
  uint8_t sharedUnitBytes;
  bool isFloat;
  /// Loads round elements [CUTLASS, sm90_mma_tma_gmma_ss_warpspecialized.hpp],
  /// to nearest [CuTe DSL names the types TF32_RN and TF32_FTZ_RN], or flush
  /// them to zero.
  bool isConverted = false;

  bool isPadded() const { return globalUnitBytes != sharedUnitBytes; }
};

/// Null for numbers that are no type.
const TensorDataTypeInfo *getInfo(TensorDataType type);

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_DESCRIPTORS_TENSORDATATYPES_H
