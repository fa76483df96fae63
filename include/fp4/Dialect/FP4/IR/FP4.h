//===- FP4.h - The fp4 dialect ----------------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The dialect and its ops. What the ops compute is in docs/numerics.md.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_FP4_H
#define FP4_DIALECT_FP4_IR_FP4_H

#include "fp4/Dialect/FP4/IR/Destination.h"
#include "fp4/Dialect/FP4/IR/ScaleLayout.h"
#include "fp4/Dialect/FP4/IR/ShapeConstraints.h"
#include "fp4/Dialect/FP4/IR/Tiling.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"

#include "fp4/Dialect/FP4/IR/FP4Dialect.h.inc"
#include "fp4/Dialect/FP4/IR/FP4Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "fp4/Dialect/FP4/IR/FP4Attrs.h.inc"

#define GET_OP_CLASSES
#include "fp4/Dialect/FP4/IR/FP4Ops.h.inc"

namespace mlir::fp4 {

/// The argument attribute that holds a parameter's key in a checkpoint.
inline constexpr llvm::StringLiteral kParamAttrName = "fp4.param";
/// The argument or result attribute that holds the name a caller binds.
inline constexpr llvm::StringLiteral kNameAttrName = "fp4.name";
/// The argument attribute of an entry that says which result of its
/// `<entry>.prepare` to pass.
inline constexpr llvm::StringLiteral kPreparedAttrName = "fp4.prepared";
/// The strategy of an op-level op, "reference" if it has none.
inline llvm::StringRef getStrategy(Operation *op) {
  auto strategy = op->getAttrOfType<StringAttr>("strategy");
  return strategy ? strategy.getValue() : llvm::StringRef("reference");
}

} // namespace mlir::fp4

#endif // FP4_DIALECT_FP4_IR_FP4_H
