//===- FP4TiledOps.cpp - Operations of the data-tiled level ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers, shape constraints and tile dimensions, as in FP4Ops.cpp.
//
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace mlir::fp4;

/// So many terms are there of a group.
static int64_t getTileRows(Value terms) {
  return cast<ShapedType>(terms.getType()).getShape().back();
}

int64_t PackLhsOp::getTileRows() { return ::getTileRows(getTerms()); }
int64_t PackedMatmulOp::getTileRows() { return ::getTileRows(getTerms()); }

/// The ranks of what fp4.pack_lhs gives and fp4.packed_matmul takes, and the
/// dimensions that tell the size of a tile.
static LogicalResult verifyPackedLhs(Operation *op, Named values, Named terms,
                                     Named factors, Named wide, Named scales,
                                     int64_t groupSize, int64_t together) {
  if (failed(verifyGroupSize(op, groupSize)) || failed(verifyOneForm(op)) ||
      failed(verifyRank(op, values, 4)) || failed(verifyRank(op, terms, 4)) ||
      failed(verifyRank(op, factors, 2)) || failed(verifyRank(op, wide, 1)) ||
      failed(verifyRank(op, scales, 2)))
    return failure();
  if (groupSize < 8)
    return op->emitOpError("expects 'group_size' to be at least 8, but got ")
           << groupSize;
  ArrayRef<int64_t> shape = values.type().getShape();
  if (ShapedType::isDynamic(shape[1]) || ShapedType::isDynamic(shape[2]) ||
      shape[2] == 0 || shape[3] != groupSize * together)
    return op->emitOpError("expects the dimensions of 'values' but the first "
                           "to be static, the third not 0 and the last ")
           << (together == 1 ? "the group size" : "twice the group size")
           << ", but got " << values.value.getType();
  int64_t rows = shape[2] * together;
  if (terms.type().getShape().take_back(2) != ArrayRef<int64_t>{2, rows})
    return op->emitOpError("expects the last dimensions of 'terms' to be 2 and "
                           "the rows of a tile, but got ")
           << terms.value.getType();
  return success();
}

static void addPackedLhs(ShapeConstraints &constraints, Named values,
                         Named terms, Named factors, Named wide, Named scales,
                         int64_t together) {
  int64_t rows = values.type().getDimSize(2) * together;
  constraints.addEqual(values.dim(0), scales.dim(0), 1, rows);
  constraints.addEqual(values.dim(1), scales.dim(1));
  for (Named other : {terms, factors, wide})
    constraints.addEqual(other.dim(0), values.dim(0));
  constraints.addEqual(terms.dim(1), values.dim(1));
  constraints.addEqual(factors.dim(1), values.dim(2), together);
}

/// Rows of a matrix that tiles of them are made of.
static SmallVector<TileDim> getRowsTileDims(int64_t rows) {
  return {{0, rows, /*partial=*/true}, {TileDim::kWhole}};
}

/// The first dimension follows a loop.
static SmallVector<TileDim> getFirstTileDims(OpOperand &operand, int64_t loop) {
  SmallVector<TileDim> dims(cast<ShapedType>(operand.get().getType()).getRank(),
                            {TileDim::kWhole});
  dims.front() = {loop};
  return dims;
}

//===----------------------------------------------------------------------===//
// PackLhsOp
//===----------------------------------------------------------------------===//

LogicalResult PackLhsOp::verify() {
  if (failed(verifyPackedLhs(*this, {"values", getValues()},
                             {"terms", getTerms()}, {"factors", getFactors()},
                             {"wide", getWide()}, {"scales", getScales()},
                             getGroupSize(), getRowsTogether())) ||
      failed(verifyRank(*this, {"codes", getCodes()}, 2)))
    return failure();
  return verifyShapes(*this);
}

void PackLhsOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named codes{"codes", getCodes()}, scales{"scales", getScales()};
  addScales(constraints, scales, codes, 2, getGroupSize());
  addPackedLhs(constraints, {"values", getValues()}, {"terms", getTerms()},
               {"factors", getFactors()}, {"wide", getWide()}, scales,
               getRowsTogether());
}

int64_t PackLhsOp::getNumTileLoops() { return 1; }

/// The loop is the tiles of rows.
std::optional<SmallVector<TileDim>> PackLhsOp::getTileDims(OpOperand &operand) {
  if (&operand == &getCodesMutable() || &operand == &getScalesMutable())
    return getRowsTileDims(getTileRows());
  return getFirstTileDims(operand, 0);
}

//===----------------------------------------------------------------------===//
// PackedMatmulOp
//===----------------------------------------------------------------------===//

LogicalResult PackedMatmulOp::verify() {
  Named lhsScales{"lhs_scales", getLhsScales()},
      rhs{"rhs_codes", getRhsCodes()}, rhsScales{"rhs_scales", getRhsScales()};
  if (failed(verifyPackedLhs(*this, {"values", getValues()},
                             {"terms", getTerms()}, {"factors", getFactors()},
                             {"wide", getWide()}, lhsScales, getGroupSize(),
                             getRowsTogether())) ||
      failed(verifyRank(*this, rhs, 3)) ||
      failed(verifyRank(*this, rhsScales, 3)) ||
      failed(verifySameElementType(*this, rhsScales, lhsScales)) ||
      failed(verifyRank(*this, {"output", getOutput()}, 2)))
    return failure();
  int64_t columns = rhsScales.type().getShape().back();
  if (ShapedType::isDynamic(columns) || columns == 0)
    return emitOpError("expects the last dimension of 'rhs_scales' to be "
                       "static and not 0, but got ")
           << rhsScales.value.getType();
  return verifyShapes(*this);
}

void PackedMatmulOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named values{"values", getValues()}, lhsScales{"lhs_scales", getLhsScales()},
      rhs{"rhs_codes", getRhsCodes()}, rhsScales{"rhs_scales", getRhsScales()},
      output{"output", getOutput()};
  addPackedLhs(constraints, values, {"terms", getTerms()},
               {"factors", getFactors()}, {"wide", getWide()}, lhsScales,
               getRowsTogether());
  constraints.addEqual(rhs.dim(1), values.dim(1), getGroupSize() / 8);
  constraints.addEqual(rhsScales.dim(0), rhs.dim(0));
  constraints.addEqual(rhsScales.dim(1), values.dim(1));
  constraints.addEqual(rhs.dim(2), rhsScales.dim(2), 4);
  constraints.addEqual(output.dim(0), lhsScales.dim(0));
  constraints.addEqual(rhs.dim(0), output.dim(1), 1,
                       rhsScales.type().getDimSize(2));
}

int64_t PackedMatmulOp::getNumTileLoops() { return 2; }

/// The loops are the tiles of rows and the panels.
std::optional<SmallVector<TileDim>>
PackedMatmulOp::getTileDims(OpOperand &operand) {
  int64_t rows = getTileRows();
  if (&operand == &getLhsScalesMutable())
    return getRowsTileDims(rows);
  int64_t columns = cast<ShapedType>(getRhsScales().getType()).getDimSize(2);
  if (&operand == &getOutputMutable())
    return SmallVector<TileDim>{{0, rows, /*partial=*/true},
                                {1, columns, /*partial=*/true}};
  bool isRhs =
      &operand == &getRhsCodesMutable() || &operand == &getRhsScalesMutable();
  return getFirstTileDims(operand, isRhs ? 1 : 0);
}
