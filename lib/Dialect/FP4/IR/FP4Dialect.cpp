//===- FP4Dialect.cpp - The fp4 dialect -----------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::fp4;

#include "fp4/Dialect/FP4/IR/FP4Dialect.cpp.inc"
#include "fp4/Dialect/FP4/IR/FP4Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "fp4/Dialect/FP4/IR/FP4Attrs.cpp.inc"

namespace {
/// No op of the dialect minds where it stands.
struct FP4InlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void FP4Dialect::initialize() {
  addInterfaces<FP4InlinerInterface>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "fp4/Dialect/FP4/IR/FP4Attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "fp4/Dialect/FP4/IR/FP4Ops.cpp.inc"
      >();
}

Operation *FP4Dialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

/// Holds an `fp4.param` or `fp4.name` to be a string that is not empty.
static LogicalResult verifyBindingName(Operation *op, NamedAttribute attr) {
  auto name = dyn_cast<StringAttr>(attr.getValue());
  if (!name || name.empty())
    return op->emitOpError()
           << "expects '" << attr.getName().getValue()
           << "' to be a string that is not empty, but got " << attr.getValue();
  return success();
}

LogicalResult FP4Dialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                   unsigned argIndex,
                                                   NamedAttribute attr) {
  StringRef key = attr.getName().getValue();
  if (key == kPreparedAttrName) {
    auto index = dyn_cast<IntegerAttr>(attr.getValue());
    if (index && index.getType().isInteger(64) &&
        !index.getValue().isNegative())
      return success();
    return op->emitOpError() << "expects 'fp4.prepared' to be the number of a "
                                "result, an i64, but got "
                             << attr.getValue();
  }
  if (key != kParamAttrName && key != kNameAttrName)
    return op->emitOpError()
           << "has an unknown attribute '" << key << "' on argument #"
           << argIndex << "; expects 'fp4.param', 'fp4.name' or 'fp4.prepared'";
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (function && key == kNameAttrName &&
      function.getArgAttr(argIndex, kParamAttrName))
    return op->emitOpError() << "argument #" << argIndex
                             << " has both 'fp4.param' and 'fp4.name'";
  return verifyBindingName(op, attr);
}

LogicalResult FP4Dialect::verifyRegionResultAttribute(Operation *op, unsigned,
                                                      unsigned resultIndex,
                                                      NamedAttribute attr) {
  if (attr.getName() != kNameAttrName)
    return op->emitOpError()
           << "has an unknown attribute '" << attr.getName().getValue()
           << "' on result #" << resultIndex << "; expects 'fp4.name'";
  return verifyBindingName(op, attr);
}

LogicalResult FP4Dialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attr) {
  return op->emitOpError()
         << "has an unknown attribute '" << attr.getName().getValue()
         << "'; 'fp4.param' and 'fp4.name' belong on function "
            "arguments and results";
}
