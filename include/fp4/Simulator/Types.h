//===- Types.h - Types of PTX --------------------------------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The fundamental types of PTX [PTX 5.2], those that only instructions have,
// and the state spaces [PTX 5.1].
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_TYPES_H
#define FP4_SIMULATOR_TYPES_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace mlir::fp4::sim {

enum class Type : uint8_t {
  Pred,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  TF32,
  F32,
  F32x2,
  F64,
  U16x2,
  S16x2,
};

/// The type of that name, without its dot.
std::optional<Type> parseType(llvm::StringRef name);

llvm::StringRef stringify(Type type);

/// The number of bytes that a value of the type occupies; a predicate has one.
unsigned sizeInBytes(Type type);

bool isSigned(Type type);
bool isFloat(Type type);

enum class StateSpace : uint8_t {
  Generic,
  Reg,
  Const,
  Global,
  Local,
  Param,
  Shared,        ///< Of the thread's CTA.
  SharedCluster, ///< Of any CTA of the cluster.
};

llvm::StringRef stringify(StateSpace space);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_TYPES_H
