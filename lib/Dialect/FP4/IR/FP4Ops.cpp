//===- FP4Ops.cpp - Operations of the fp4 dialect -------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers, shape constraints and tile dimensions of the ops, op by op.
//
//===----------------------------------------------------------------------===//

#include "Verify.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::fp4;

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

/// The results of an op in destination-passing style are not written: there is
/// one of the same type for each destination that is a tensor.
static ParseResult parseResultsOfInits(OpAsmParser &, Type init,
                                       SmallVectorImpl<Type> &results) {
  if (isa<RankedTensorType>(init))
    results.push_back(init);
  return success();
}
static ParseResult parseResultsOfInits(OpAsmParser &parser, Type init,
                                       Type otherInit,
                                       SmallVectorImpl<Type> &results) {
  return failure(parseResultsOfInits(parser, init, results) ||
                 parseResultsOfInits(parser, otherInit, results));
}
static ParseResult parseResultsOfInits(OpAsmParser &parser, Type a, Type b,
                                       Type c, Type d,
                                       SmallVectorImpl<Type> &results) {
  return failure(parseResultsOfInits(parser, a, b, results) ||
                 parseResultsOfInits(parser, c, d, results));
}
static void printResultsOfInits(OpAsmPrinter &, Operation *, Type, TypeRange) {}
static void printResultsOfInits(OpAsmPrinter &, Operation *, Type, Type,
                                TypeRange) {}
static void printResultsOfInits(OpAsmPrinter &, Operation *, Type, Type, Type,
                                Type, TypeRange) {}

/// `rounding(zero)`; nothing for the default.
static ParseResult parseTieRounding(OpAsmParser &parser,
                                    RoundingAttr &rounding) {
  if (failed(parser.parseOptionalKeyword("rounding")))
    return success();
  StringRef keyword;
  if (parser.parseLParen())
    return failure();
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<Rounding> parsed = symbolizeRounding(keyword);
  if (!parsed)
    return parser.emitError(loc, "expects rounding to be even, zero, down or "
                                 "up, but got '")
           << keyword << "'";
  rounding = RoundingAttr::get(parser.getContext(), *parsed);
  return parser.parseRParen();
}
static void printTieRounding(OpAsmPrinter &printer, Operation *,
                             RoundingAttr rounding) {
  if (rounding && rounding.getValue() != Rounding::Even)
    printer << " rounding(" << stringifyRounding(rounding.getValue()) << ")";
}

#define GET_OP_CLASSES
#include "fp4/Dialect/FP4/IR/FP4Ops.cpp.inc"

//===----------------------------------------------------------------------===//
// Transforms and tiles
//===----------------------------------------------------------------------===//

/// A transform is one square matrix or one for each block.
static LogicalResult verifyTransform(Operation *op, Named transform) {
  ArrayRef<int64_t> shape = transform.type().getShape();
  if (shape.size() != 2 && shape.size() != 3)
    return op->emitOpError("expects 'transform' to have rank 2 or 3, but got "
                           "rank ")
           << shape.size();
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  if (ShapedType::isDynamic(rows) || rows == 0 || rows != columns)
    return op->emitOpError("expects the last two dimensions of 'transform' to "
                           "be static, equal and not 0, but got ")
           << transform.value.getType();
  return success();
}

static void addTransform(ShapeConstraints &constraints, Named transform,
                         Named input) {
  int64_t block = transform.type().getShape().back();
  constraints.addMultiple(input.last(), 1, block,
                          "the block size of 'transform',");
  if (transform.rank() == 3)
    constraints.addEqual(transform.dim(0), input.last(), 1, block);
}

/// Tile dimensions of the ops that quantize and dequantize: the loops are the
/// leading dimensions and the groups.
static std::optional<SmallVector<TileDim>>
getGroupTileDims(int64_t rank, OpOperand &operand, OpOperand &codes,
                 OpOperand &scales, int64_t groupSize) {
  auto type = cast<ShapedType>(operand.get().getType());
  if (&operand == &scales) {
    if (isBlockedScales(type, rank))
      return std::nullopt;
    return getRowTileDims(rank, 1);
  }
  if (&operand == &codes)
    return getRowTileDims(rank, groupSize / getCodesPerElement(type));
  return getRowTileDims(rank, groupSize);
}

//===----------------------------------------------------------------------===//
// QuantLinearOp
//===----------------------------------------------------------------------===//

LogicalResult QuantLinearOp::verify() {
  Named input{"input", getInput()}, codes{"weight_codes", getWeightCodes()},
      scales{"weight_scales", getWeightScales()}, result{"result", getResult()};
  if (failed(verifyGroupSize(*this, getGroupSize())) ||
      failed(verifyOneForm(*this)) || failed(verifyNotScalar(*this, input)) ||
      failed(verifyRank(*this, codes, 2)) ||
      failed(verifyScales(*this, scales, codes)) ||
      failed(verifySameRank(*this, result, input)))
    return failure();
  if (getTransform() &&
      failed(verifyTransform(*this, {"transform", getTransform()})))
    return failure();
  return verifyShapes(*this);
}

void QuantLinearOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named input{"input", getInput()}, codes{"weight_codes", getWeightCodes()},
      scales{"weight_scales", getWeightScales()}, result{"result", getResult()};
  int64_t elements = getCodesPerElement(codes.type());
  addScales(constraints, scales, codes, elements, getGroupSize());
  constraints.addEqual(input.last(), codes.last(), elements);
  if (getTransform())
    addTransform(constraints, {"transform", getTransform()}, input);
  constraints.addEqualLeading(result.dim(0), input.dim(0));
  constraints.addEqual(result.last(), codes.dim(0));
}

LogicalResult
QuantLinearOp::reifyResultShapes(OpBuilder &builder,
                                 ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> shape =
      tensor::getMixedSizes(builder, getLoc(), getInput());
  shape.back() = tensor::getMixedSize(builder, getLoc(), getWeightCodes(), 0);
  // A dimension that is static in the result type must be reified as such.
  for (auto [size, dim] : llvm::zip_equal(getType().getShape(), shape))
    if (!ShapedType::isDynamic(size))
      dim = builder.getIndexAttr(size);
  shapes.push_back(std::move(shape));
  return success();
}

//===----------------------------------------------------------------------===//
// BlockTransformOp
//===----------------------------------------------------------------------===//

LogicalResult BlockTransformOp::verify() {
  Named input{"input", getInput()}, output{"output", getOutput()};
  if (failed(verifyOneForm(*this)) || failed(verifyNotScalar(*this, input)) ||
      failed(verifyTransform(*this, {"transform", getTransform()})) ||
      failed(verifySameRank(*this, output, input)) ||
      failed(verifySameElementType(*this, output, input)))
    return failure();
  return verifyShapes(*this);
}

void BlockTransformOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named input{"input", getInput()}, output{"output", getOutput()};
  addTransform(constraints, {"transform", getTransform()}, input);
  constraints.addEqualLeading(output.dim(0), input.dim(0), /*trailing=*/0);
}

int64_t BlockTransformOp::getNumTileLoops() {
  return cast<ShapedType>(getInput().getType()).getRank();
}

/// The loops are the leading dimensions and the blocks.
std::optional<SmallVector<TileDim>>
BlockTransformOp::getTileDims(OpOperand &operand) {
  auto transform = cast<ShapedType>(getTransform().getType());
  if (&operand != &getTransformMutable())
    return getRowTileDims(getNumTileLoops(), transform.getShape().back());
  SmallVector<TileDim> dims(transform.getRank(), {TileDim::kWhole});
  if (dims.size() == 3)
    dims.front() = {getNumTileLoops() - 1};
  return dims;
}

//===----------------------------------------------------------------------===//
// QuantizePackOp
//===----------------------------------------------------------------------===//

LogicalResult QuantizePackOp::verify() {
  Named input{"input", getInput()}, codes{"codes", getCodes()},
      scales{"scales", getScales()};
  if (failed(verifyGroupSize(*this, getGroupSize())) ||
      failed(verifyOneForm(*this)) || failed(verifyNotScalar(*this, input)) ||
      failed(verifySameRank(*this, codes, input)) ||
      failed(verifyScales(*this, scales, input)))
    return failure();
  return verifyShapes(*this);
}

void QuantizePackOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named input{"input", getInput()};
  addScales(constraints, {"scales", getScales()}, input, 1, getGroupSize());
  addCodes(constraints, {"codes", getCodes()}, input);
}

int64_t QuantizePackOp::getNumTileLoops() {
  return cast<ShapedType>(getInput().getType()).getRank();
}

std::optional<SmallVector<TileDim>>
QuantizePackOp::getTileDims(OpOperand &operand) {
  return getGroupTileDims(getNumTileLoops(), operand, getCodesMutable(),
                          getScalesMutable(), getGroupSize());
}

//===----------------------------------------------------------------------===//
// QuantizeWithScalesOp
//===----------------------------------------------------------------------===//

LogicalResult QuantizeWithScalesOp::verify() {
  Named input{"input", getInput()}, codes{"codes", getCodes()},
      scales{"scales", getScales()};
  if (failed(verifyGroupSize(*this, getGroupSize())) ||
      failed(verifyOneForm(*this)) || failed(verifyNotScalar(*this, input)) ||
      failed(verifyScales(*this, scales, input)) ||
      failed(verifySameRank(*this, codes, input)))
    return failure();
  return verifyShapes(*this);
}

void QuantizeWithScalesOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named input{"input", getInput()};
  addScales(constraints, {"scales", getScales()}, input, 1, getGroupSize());
  addCodes(constraints, {"codes", getCodes()}, input);
}

int64_t QuantizeWithScalesOp::getNumTileLoops() {
  return cast<ShapedType>(getInput().getType()).getRank();
}

std::optional<SmallVector<TileDim>>
QuantizeWithScalesOp::getTileDims(OpOperand &operand) {
  return getGroupTileDims(getNumTileLoops(), operand, getCodesMutable(),
                          getScalesMutable(), getGroupSize());
}

//===----------------------------------------------------------------------===//
// DequantizeOp
//===----------------------------------------------------------------------===//

LogicalResult DequantizeOp::verify() {
  Named codes{"codes", getCodes()}, scales{"scales", getScales()},
      output{"output", getOutput()};
  if (failed(verifyGroupSize(*this, getGroupSize())) ||
      failed(verifyOneForm(*this)) || failed(verifyNotScalar(*this, codes)) ||
      failed(verifyScales(*this, scales, codes)) ||
      failed(verifySameRank(*this, output, codes)))
    return failure();
  return verifyShapes(*this);
}

void DequantizeOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named codes{"codes", getCodes()}, output{"output", getOutput()};
  int64_t elements = getCodesPerElement(codes.type());
  addScales(constraints, {"scales", getScales()}, codes, elements,
            getGroupSize());
  constraints.addEqualLeading(output.dim(0), codes.dim(0));
  constraints.addEqual(output.last(), codes.last(), elements);
}

int64_t DequantizeOp::getNumTileLoops() {
  return cast<ShapedType>(getCodes().getType()).getRank();
}

std::optional<SmallVector<TileDim>>
DequantizeOp::getTileDims(OpOperand &operand) {
  return getGroupTileDims(getNumTileLoops(), operand, getCodesMutable(),
                          getScalesMutable(), getGroupSize());
}

//===----------------------------------------------------------------------===//
// ScaledMatmulOp
//===----------------------------------------------------------------------===//

LogicalResult ScaledMatmulOp::verify() {
  Named lhs{"lhs_codes", getLhsCodes()},
      lhsScales{"lhs_scales", getLhsScales()}, rhs{"rhs_codes", getRhsCodes()},
      rhsScales{"rhs_scales", getRhsScales()}, output{"output", getOutput()};
  if (failed(verifyGroupSize(*this, getGroupSize())) ||
      failed(verifyOneForm(*this)) || failed(verifyNotScalar(*this, lhs)) ||
      failed(verifyRank(*this, rhs, 2)) ||
      failed(verifySameElementType(*this, rhs, lhs)) ||
      failed(verifyScales(*this, lhsScales, lhs)) ||
      failed(verifyScales(*this, rhsScales, rhs)) ||
      failed(verifySameElementType(*this, rhsScales, lhsScales)) ||
      failed(verifySameRank(*this, output, lhs)))
    return failure();
  return verifyShapes(*this);
}

void ScaledMatmulOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named lhs{"lhs_codes", getLhsCodes()}, rhs{"rhs_codes", getRhsCodes()},
      output{"output", getOutput()};
  int64_t elements = getCodesPerElement(lhs.type());
  constraints.addEqual(rhs.last(), lhs.last());
  addScales(constraints, {"lhs_scales", getLhsScales()}, lhs, elements,
            getGroupSize());
  addScales(constraints, {"rhs_scales", getRhsScales()}, rhs, elements,
            getGroupSize());
  constraints.addEqualLeading(output.dim(0), lhs.dim(0));
  constraints.addEqual(output.last(), rhs.dim(0));
}

int64_t ScaledMatmulOp::getNumTileLoops() {
  return cast<ShapedType>(getOutput().getType()).getRank();
}

/// The loops are the leading dimensions and N; K is taken whole.
std::optional<SmallVector<TileDim>>
ScaledMatmulOp::getTileDims(OpOperand &operand) {
  int64_t rank = getNumTileLoops();
  int64_t operandRank = cast<ShapedType>(operand.get().getType()).getRank();
  if (&operand == &getOutputMutable())
    return getRowTileDims(rank, 1);
  bool isLhs =
      &operand == &getLhsCodesMutable() || &operand == &getLhsScalesMutable();
  int64_t codesRank = isLhs ? rank : 2;
  if (operandRank != codesRank) {
    // Blocked scales, whose tiles of rows follow the rows. Those of lhs come
    // with codes of rank 2 only.
    SmallVector<TileDim> dims(kBlockedScalesRank, {TileDim::kWhole});
    dims.front() = {isLhs ? 0 : rank - 1, /*width=*/1, /*partial=*/false,
                    /*divisor=*/kScaleTileRows};
    return dims;
  }
  if (!isLhs)
    return SmallVector<TileDim>{{rank - 1}, {TileDim::kWhole}};
  SmallVector<TileDim> dims = getRowTileDims(rank, 1);
  dims.back() = {TileDim::kWhole};
  return dims;
}

//===----------------------------------------------------------------------===//
// AbsorbScaleSignsOp
//===----------------------------------------------------------------------===//

LogicalResult AbsorbScaleSignsOp::verify() {
  Named codes{"codes", getCodes()}, scales{"scales", getScales()},
      codesOutput{"codes_output", getCodesOutput()},
      scalesOutput{"scales_output", getScalesOutput()};
  if (failed(verifyGroupSize(*this, getGroupSize())) ||
      failed(verifyOneForm(*this)) || failed(verifyNotScalar(*this, codes)) ||
      failed(verifySameRank(*this, scales, codes)) ||
      failed(verifySameRank(*this, codesOutput, codes)) ||
      failed(verifySameRank(*this, scalesOutput, codes)) ||
      failed(verifySameElementType(*this, codesOutput, codes)) ||
      failed(verifySameElementType(*this, scalesOutput, scales)))
    return failure();
  if (!isa<Float8E4M3FNType>(scales.type().getElementType()))
    return emitOpError("expects scales with a sign, of f8E4M3FN, but got ")
           << scales.type();
  return verifyShapes(*this);
}

void AbsorbScaleSignsOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named codes{"codes", getCodes()}, scales{"scales", getScales()},
      codesOutput{"codes_output", getCodesOutput()},
      scalesOutput{"scales_output", getScalesOutput()};
  addScales(constraints, scales, codes, getCodesPerElement(codes.type()),
            getGroupSize());
  constraints.addEqualLeading(codesOutput.dim(0), codes.dim(0), /*trailing=*/0);
  constraints.addEqualLeading(scalesOutput.dim(0), scales.dim(0),
                              /*trailing=*/0);
}

int64_t AbsorbScaleSignsOp::getNumTileLoops() {
  return cast<ShapedType>(getCodes().getType()).getRank();
}

std::optional<SmallVector<TileDim>>
AbsorbScaleSignsOp::getTileDims(OpOperand &operand) {
  auto type = cast<ShapedType>(operand.get().getType());
  bool isCodes =
      &operand == &getCodesMutable() || &operand == &getCodesOutputMutable();
  return getRowTileDims(getNumTileLoops(),
                        isCodes ? getGroupSize() / getCodesPerElement(type)
                                : 1);
}

//===----------------------------------------------------------------------===//
// ConvertScaleLayoutOp
//===----------------------------------------------------------------------===//

LogicalResult ConvertScaleLayoutOp::verify() {
  Named input{"input", getInput()}, output{"output", getOutput()};
  if (failed(verifyOneForm(*this)) ||
      failed(verifySameElementType(*this, output, input)))
    return failure();
  bool toBlocked = input.rank() == 2 && output.rank() == kBlockedScalesRank;
  bool toRowMajor = input.rank() == kBlockedScalesRank && output.rank() == 2;
  if (!toBlocked && !toRowMajor)
    return emitOpError("expects one of 'input' and 'output' to have rank 2 "
                       "(row-major) and the other rank 5 (blocked), but got "
                       "ranks ")
           << input.rank() << " and " << output.rank();
  if (failed(verifyBlockedTile(*this, toBlocked ? output : input)))
    return failure();
  return verifyShapes(*this);
}

void ConvertScaleLayoutOp::getShapeConstraints(ShapeConstraints &constraints) {
  Named blocked{"input", getInput()}, rowMajor{"output", getOutput()};
  if (blocked.rank() == 2)
    std::swap(blocked, rowMajor);
  constraints.addEqual(blocked.dim(0), rowMajor.dim(0), 1, kScaleTileRows);
  constraints.addEqual(blocked.dim(1), rowMajor.dim(1), 1, kScaleTileColumns);
}

int64_t ConvertScaleLayoutOp::getNumTileLoops() { return 2; }

/// The loops are the tiles of the blocked layout.
std::optional<SmallVector<TileDim>>
ConvertScaleLayoutOp::getTileDims(OpOperand &operand) {
  if (cast<ShapedType>(operand.get().getType()).getRank() == 2)
    return SmallVector<TileDim>{{0, kScaleTileRows, /*partial=*/true},
                                {1, kScaleTileColumns, /*partial=*/true}};
  SmallVector<TileDim> dims(kBlockedScalesRank, {TileDim::kWhole});
  dims[0] = {0};
  dims[1] = {1};
  return dims;
}
