//===- TCGen05.cpp - The tcgen05 dialect ----------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::tcgen05;

#include "fp4/Dialect/TCGen05/IR/TCGen05Dialect.cpp.inc"
#include "fp4/Dialect/TCGen05/IR/TCGen05Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "fp4/Dialect/TCGen05/IR/TCGen05Attrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "fp4/Dialect/TCGen05/IR/TCGen05Types.cpp.inc"

#define GET_OP_CLASSES
#include "fp4/Dialect/TCGen05/IR/TCGen05Ops.cpp.inc"

void TCGen05Dialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "fp4/Dialect/TCGen05/IR/TCGen05Attrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "fp4/Dialect/TCGen05/IR/TCGen05Types.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "fp4/Dialect/TCGen05/IR/TCGen05Ops.cpp.inc"
      >();
}

int64_t tcgen05::getGroupSize(Type scaleType) {
  return isa<Float8E4M3FNType>(scaleType) ? 16 : 32;
}

FailureOr<int64_t> tcgen05::getAllocationSize(int64_t columns) {
  int64_t size = std::max<int64_t>(32, llvm::PowerOf2Ceil(columns));
  if (size > kMaxColumns)
    return failure();
  return size;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

static bool isAllocationSize(int64_t columns) {
  return columns >= 32 && columns <= kMaxColumns &&
         llvm::isPowerOf2_64(columns);
}

LogicalResult
AllocationType::verify(function_ref<InFlightDiagnostic()> emitError,
                       int64_t columns) {
  if (!isAllocationSize(columns))
    return emitError() << "expects 32, 64, 128, 256 or 512 columns, but got "
                       << columns;
  return success();
}

LogicalResult
AccumulatorType::verify(function_ref<InFlightDiagnostic()> emitError,
                        int64_t columns) {
  if (columns < 8 || columns > 256 || columns % 8 != 0)
    return emitError() << "expects a multiple of 8 from 8 to 256 columns, but "
                          "got "
                       << columns;
  return success();
}

LogicalResult ScalesType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t rowTiles, int64_t columnTiles,
                                 Type elementType) {
  if (!isa<Float8E4M3FNType, Float8E8M0FNUType>(elementType))
    return emitError() << "expects f8E4M3FN or f8E8M0FNU elements, but got "
                       << elementType;
  // The second bound keeps the product from overflowing.
  if (rowTiles < 1 || rowTiles > 2)
    return emitError() << "expects 1 or 2 tiles of 128 rows, but got "
                       << rowTiles;
  if (columnTiles < 1 || columnTiles > kMaxColumns / kScaleWordColumns)
    return emitError() << "expects 1 to " << kMaxColumns / kScaleWordColumns
                       << " tiles of 4 scales, but got " << columnTiles;
  int64_t columns = rowTiles * columnTiles * kScaleWordColumns;
  if (columns > kMaxColumns)
    return emitError() << rowTiles << " tiles of 128 rows by " << columnTiles
                       << " tiles of 4 scales take " << columns
                       << " columns, but there are " << kMaxColumns;
  return success();
}

Type ScalesType::parse(AsmParser &parser) {
  SmallVector<int64_t, 2> tiles;
  Type elementType;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(tiles, /*allowDynamic=*/false,
                                /*withTrailingX=*/true) ||
      parser.parseType(elementType) || parser.parseGreater())
    return {};
  if (tiles.size() != 2) {
    parser.emitError(loc, "expects row tiles x column tiles x element type");
    return {};
  }
  return parser.getChecked<ScalesType>(loc, parser.getContext(), tiles[0],
                                       tiles[1], elementType);
}

void ScalesType::print(AsmPrinter &printer) const {
  printer << '<' << getRowTiles() << 'x' << getColumnTiles() << 'x'
          << getElementType() << '>';
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

LogicalResult AllocOp::verify() {
  if (!isAllocationSize(getColumns()))
    return emitOpError("expects 32, 64, 128, 256 or 512 columns, but got ")
           << getColumns();
  return success();
}

LogicalResult ViewOp::verify() {
  int64_t columns =
      TypeSwitch<Type, int64_t>(getView().getType())
          .Case([](AccumulatorType type) { return type.getColumns(); })
          .Case([](ScalesType type) { return type.getNumColumns(); });
  int64_t allocated = getAllocation().getType().getColumns();
  APInt column;
  int64_t first = 0;
  if (matchPattern(getColumn(), m_ConstantInt(&column)))
    first = column.getSExtValue();
  if (first < 0 || first > allocated || columns > allocated - first)
    return emitOpError("takes ") << columns << " columns from column " << first
                                 << " on, but the allocation has " << allocated;
  if (isa<ScalesType>(getView().getType()) && first % kScaleWordColumns != 0)
    return emitOpError("expects scales to start at a multiple of ")
           << kScaleWordColumns << " columns, but got " << first;
  return success();
}

LogicalResult CopyScalesOp::verify() {
  MemRefType source = getSource().getType();
  ScalesType destination = getDestination().getType();
  SmallVector<int64_t> expected = {destination.getRowTiles(),
                                   destination.getColumnTiles(), 32, 4, 4};
  if (source.getShape() != ArrayRef<int64_t>(expected) ||
      source.getElementType() != destination.getElementType())
    return emitOpError("expects a source of ")
           << MemRefType::get(expected, destination.getElementType(),
                              MemRefLayoutAttrInterface(),
                              source.getMemorySpace())
           << ", but got " << source;
  return success();
}

/// Holds the scales of an operand of `rows` rows to its shape.
static LogicalResult verifyScales(BlockScaledMMAOp op, const char *name,
                                  ScalesType scales, int64_t rows) {
  int64_t rowTiles = llvm::divideCeil(rows, 128);
  int64_t columnTiles = kTileCodes / getGroupSize(scales.getElementType()) / 4;
  if (scales.getRowTiles() != rowTiles ||
      scales.getColumnTiles() != columnTiles)
    return op.emitOpError("expects ")
           << name << " of "
           << ScalesType::get(op.getContext(), rowTiles, columnTiles,
                              scales.getElementType())
           << ", but got " << scales;
  return success();
}

LogicalResult BlockScaledMMAOp::verify() {
  int64_t columns = getAccumulator().getType().getColumns();
  auto verifyCodes = [&](const char *name, MemRefType type,
                         int64_t rows) -> LogicalResult {
    if (type.getShape() == ArrayRef<int64_t>{rows, kTileBytes})
      return success();
    return emitOpError("expects ") << name << " of " << rows << " rows of "
                                   << kTileBytes << " bytes, but got " << type;
  };
  if (failed(verifyCodes("lhs", getLhs().getType(), kRows)) ||
      failed(verifyCodes("rhs", getRhs().getType(), columns)))
    return failure();
  ScalesType lhs = getLhsScales().getType(), rhs = getRhsScales().getType();
  if (lhs.getElementType() != rhs.getElementType())
    return emitOpError("expects scales of one format, but got ")
           << lhs << " and " << rhs;
  if (failed(verifyScales(*this, "lhs scales", lhs, kRows)))
    return failure();
  return verifyScales(*this, "rhs scales", rhs, columns);
}

LogicalResult CommitOp::verify() {
  nvgpu::MBarrierGroupType barriers = getBarriers().getType();
  if (!nvgpu::NVGPUDialect::isSharedMemoryAddressSpace(
          barriers.getMemorySpace()))
    return emitOpError("expects barriers in shared memory, but got ")
           << barriers;
  APInt index;
  if (matchPattern(getIndex(), m_ConstantInt(&index)) &&
      index.uge(barriers.getNumBarriers()))
    return emitOpError("arrives on barrier ")
           << index.getSExtValue() << ", but the group has "
           << barriers.getNumBarriers();
  return success();
}

LogicalResult LoadOp::verify() {
  int64_t size = getRow().getType().getNumElements();
  int64_t columns = getAccumulator().getType().getColumns();
  if (size < 2 || size > 128 || !llvm::isPowerOf2_64(size))
    return emitOpError("loads 2, 4, ... or 128 columns, but got ") << size;
  APInt column;
  int64_t first = 0;
  if (matchPattern(getColumn(), m_ConstantInt(&column)))
    first = column.getSExtValue();
  if (first < 0 || first > columns || size > columns - first)
    return emitOpError("loads ") << size << " columns from column " << first
                                 << " on, but the accumulator has " << columns;
  return success();
}
