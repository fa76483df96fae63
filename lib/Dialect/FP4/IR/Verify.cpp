//===- Verify.cpp - What the verifiers of the ops share -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verify.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;

LogicalResult fp4::verifyGroupSize(Operation *op, int64_t groupSize) {
  if (groupSize < 2 || groupSize > 128 || !llvm::isPowerOf2_64(groupSize))
    return op->emitOpError("expects 'group_size' to be a power of two between "
                           "2 and 128, but got ")
           << groupSize;
  return success();
}

LogicalResult fp4::verifyOneForm(Operation *op) {
  std::optional<unsigned> tensor, memref;
  for (OpOperand &operand : op->getOpOperands()) {
    auto ranked = dyn_cast<RankedTensorType>(operand.get().getType());
    // Bufferization would drop it without a word.
    if (ranked && ranked.getEncoding())
      return op->emitOpError(
                 "expects tensors without an encoding, but operand #")
             << operand.getOperandNumber() << " is " << ranked;
    if (ranked)
      tensor = operand.getOperandNumber();
    else if (isa<MemRefType>(operand.get().getType()))
      memref = operand.getOperandNumber();
  }
  if (tensor && memref)
    return op->emitOpError(
               "expects only tensors or only memrefs, but operand #")
           << *tensor << " is a tensor and operand #" << *memref
           << " is a memref";
  return success();
}

LogicalResult fp4::verifyRank(Operation *op, Named value, int64_t expected) {
  if (value.rank() != expected)
    return op->emitOpError("expects '")
           << value.name << "' to have rank " << expected << ", but got rank "
           << value.rank();
  return success();
}

LogicalResult fp4::verifySameRank(Operation *op, Named value, Named other) {
  if (value.rank() != other.rank())
    return op->emitOpError("expects '")
           << value.name << "' to have the rank of '" << other.name << "', "
           << other.rank() << ", but got rank " << value.rank();
  return success();
}

LogicalResult fp4::verifyNotScalar(Operation *op, Named value) {
  if (value.rank() == 0)
    return op->emitOpError("expects '")
           << value.name << "' to have rank 1 or more, but got rank 0";
  return success();
}

LogicalResult fp4::verifySameElementType(Operation *op, Named value,
                                         Named other) {
  if (value.type().getElementType() != other.type().getElementType())
    return op->emitOpError("expects '")
           << value.name << "' to have the element type of '" << other.name
           << "', " << other.type().getElementType() << ", but got "
           << value.type().getElementType();
  return success();
}

LogicalResult fp4::verifyBlockedTile(Operation *op, Named scales) {
  if (scales.type().getShape().take_back(3) != ArrayRef(kScaleTileShape))
    return op->emitOpError("expects the last dimensions of blocked '")
           << scales.name << "' to be 32x4x4, but got "
           << scales.value.getType();
  return success();
}

LogicalResult fp4::verifyScales(Operation *op, Named scales, Named of) {
  if (isBlockedScales(scales.type(), of.rank()))
    return verifyBlockedTile(op, scales);
  return verifySameRank(op, scales, of);
}

void fp4::addScales(ShapeConstraints &constraints, Named scales, Named of,
                    int64_t elements, int64_t groupSize) {
  constraints.addMultiple(of.last(), elements, groupSize, "group_size");
  if (isBlockedScales(scales.type(), of.rank())) {
    constraints.addEqual(scales.dim(0), of.dim(0), 1, kScaleTileRows);
    constraints.addEqual(scales.dim(1), of.dim(1), elements,
                         groupSize * kScaleTileColumns);
    return;
  }
  constraints.addEqualLeading(scales.dim(0), of.dim(0));
  constraints.addEqual(scales.last(), of.last(), elements, groupSize);
}

void fp4::addCodes(ShapeConstraints &constraints, Named codes, Named of) {
  constraints.addEqualLeading(codes.dim(0), of.dim(0));
  constraints.addEqual(codes.last(), of.last(), 1,
                       getCodesPerElement(codes.type()));
}
