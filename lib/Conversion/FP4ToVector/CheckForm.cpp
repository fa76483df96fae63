//===- CheckForm.cpp - What can become vectors ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emit.h"

using namespace mlir;
using namespace mlir::fp4;

static LogicalResult checkOperand(OpOperand &operand) {
  Operation *op = operand.getOwner();
  auto shaped = dyn_cast<ShapedType>(operand.get().getType());
  if (!shaped)
    return success();
  auto memref = dyn_cast<MemRefType>(shaped);
  if (!memref)
    return op->emitOpError("is on tensors; bufferize first");
  if (!memref.isLastDimUnitStride())
    return op->emitOpError("operand #")
           << operand.getOperandNumber()
           << " of strategy vector expects elements of the last dimension side "
              "by side, but got "
           << memref;
  return success();
}

/// Ops on activations: rows of a length that is known.
static LogicalResult checkRows(Operation *op) {
  auto input = cast<MemRefType>(op->getOperand(0).getType());
  if (input.getRank() != 2 || input.isDynamicDim(1) || input.getDimSize(1) == 0)
    return op->emitOpError("of strategy vector expects an input of rank 2 with "
                           "a static second dimension that is not 0, but got ")
           << input;
  return success();
}

static LogicalResult checkQuantize(QuantizePackOp op) {
  if (op.getGroupSize() < 8)
    return op.emitOpError("of strategy vector expects groups of at least 8, "
                          "but got ")
           << op.getGroupSize();
  auto scales = cast<MemRefType>(op.getScales().getType());
  if (scales.getRank() != 2)
    return op.emitOpError("of strategy vector expects row-major scales, but "
                          "got ")
           << scales;
  return success();
}

/// The attributes of the data-tiled ops say what they were laid out for.
template <typename OpTy>
static LogicalResult checkLayout(OpTy op, Value scales, const cpu::CPU &cpu) {
  // With the offset, all values have to be bytes that dot products take.
  constexpr int64_t kLargestOffset = 100;
  int64_t offset = op.getOffset();
  if (offset < cpu.getColumnOffset() || offset > kLargestOffset)
    return op.emitOpError("has offset ")
           << offset << ", but dot products of CPU " << cpu.getName()
           << " want one from " << cpu.getColumnOffset() << " to "
           << kLargestOffset;
  if (op.getRowPairs() && !cpu.hasRowPairs())
    return op.emitOpError("has row_pairs, but CPU ")
           << cpu.getName() << " has no products of two rows";
  if (op.getRowPairs() && op.getTileRows() != cpu.getTile().prefillRows)
    return op.emitOpError("has row_pairs in tiles of ")
           << op.getTileRows() << " rows, but CPU " << cpu.getName()
           << " has them in tiles of " << cpu.getTile().prefillRows;
  if (!op.getScaleIndices())
    return success();
  if (!cpu.hasLookup32())
    return op.emitOpError("has scale_indices, but CPU ")
           << cpu.getName() << " has no lookups of 16 lanes";
  auto type = cast<MemRefType>(scales.getType());
  if (!isa<Float8E4M3FNType>(type.getElementType()))
    return op.emitOpError("has scale_indices, which go with f8E4M3FN, but its "
                          "scales are ")
           << type;
  return success();
}

static LogicalResult checkMatmul(PackedMatmulOp op, const cpu::CPU &cpu) {
  cpu::Tile tile = cpu.getTile();
  int64_t columns = cast<MemRefType>(op.getRhsScales().getType()).getDimSize(2);
  if (columns % tile.lanes != 0)
    return op.emitOpError("has panels of ")
           << columns << " rows, but vectors of CPU " << cpu.getName()
           << " have " << tile.lanes << " lanes";
  int64_t rows = op.getTileRows();
  if (rows != tile.prefillRows && rows != tile.batchRows &&
      rows > tile.decodeRows) {
    InFlightDiagnostic error = op.emitOpError("has tiles of ");
    error << rows << " rows; those for CPU " << cpu.getName() << " have "
          << tile.prefillRows << ", ";
    if (tile.batchRows != tile.prefillRows)
      error << tile.batchRows << ", ";
    return error << "or at most " << tile.decodeRows;
  }
  return success();
}

LogicalResult fp4::checkVectorForm(Operation *op, const cpu::CPU &cpu) {
  for (OpOperand &operand : op->getOpOperands())
    if (failed(checkOperand(operand)))
      return failure();
  if (auto pack = dyn_cast<PackLhsOp>(op))
    return checkLayout(pack, pack.getScales(), cpu);
  if (auto matmul = dyn_cast<PackedMatmulOp>(op))
    return failure(failed(checkLayout(matmul, matmul.getLhsScales(), cpu)) ||
                   failed(checkMatmul(matmul, cpu)));
  if (failed(checkRows(op)))
    return failure();
  if (auto quantize = dyn_cast<QuantizePackOp>(op))
    return checkQuantize(quantize);
  return success();
}
