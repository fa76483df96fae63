//===- DataTile.cpp - Operands of products in tiles -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Panels.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/CPU/CPU.h"
#include "fp4/Target/CPU/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4DATATILEPASS
#include "fp4/Target/CPU/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// The product, and its weight in panels.
struct Product {
  ScaledMatmulOp op;
  const cpu::CPU &cpu;
  Value rhsCodes, rhsScales;
  int64_t groups;
};
} // namespace

/// The product by tiles of `rows` rows.
static Value multiply(ImplicitLocOpBuilder &b, const Product &product,
                      int64_t rows) {
  ScaledMatmulOp op = product.op;
  int64_t group = op.getGroupSize(), offset = product.cpu.getColumnOffset();
  bool hasIndices =
      product.cpu.hasLookup32() &&
      isa<Float8E4M3FNType>(getElementTypeOrSelf(op.getRhsScales()));
  bool hasPairs =
      product.cpu.hasRowPairs() && rows == product.cpu.getTile().prefillRows;
  int64_t together = hasPairs ? 2 : 1;
  AffineExpr d0 = b.getAffineDimExpr(0);
  OpFoldResult tiles = affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), d0.ceilDiv(rows),
      {tensor::getMixedSize(b, b.getLoc(), op.getLhsCodes(), 0)});
  auto empty = [&](ArrayRef<int64_t> sizes, Type element) -> Value {
    SmallVector<OpFoldResult> shape = {tiles};
    for (int64_t size : sizes)
      shape.push_back(b.getIndexAttr(size));
    return tensor::EmptyOp::create(b, shape, element);
  };
  SmallVector<Value> packed = {
      empty({product.groups, rows / together, group * together}, b.getI8Type()),
      empty({product.groups, 2, rows}, b.getI32Type()),
      empty({rows}, b.getF64Type()), empty({}, b.getI8Type())};
  auto lhs = PackLhsOp::create(
      b, TypeRange(packed), op.getLhsCodes(), op.getLhsScales(), packed[0],
      packed[1], packed[2], packed[3], group, offset, hasIndices, hasPairs);
  return PackedMatmulOp::create(
             b, op->getResultTypes(), lhs.getResult(0), lhs.getResult(1),
             lhs.getResult(2), lhs.getResult(3), op.getLhsScales(),
             product.rhsCodes, product.rhsScales, op.getAlpha(), op.getOutput(),
             group, offset, hasIndices, hasPairs)
      .getResult(0);
}

/// The product by tiles of the first of `kinds` that has so many rows, or of
/// those for many.
static Value choose(ImplicitLocOpBuilder &b, const Product &product,
                    OpFoldResult size,
                    ArrayRef<std::pair<int64_t, int64_t>> kinds) {
  if (kinds.empty())
    return multiply(b, product, product.cpu.getTile().prefillRows);
  auto [limit, rows] = kinds.front();
  if (std::optional<int64_t> known = getConstantIntValue(size))
    return *known <= limit ? multiply(b, product, rows)
                           : choose(b, product, size, kinds.drop_front());
  Value isSmall =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ule, cast<Value>(size),
                            arith::ConstantIndexOp::create(b, limit));
  ScaledMatmulOp op = product.op;
  auto branch = scf::IfOp::create(b, op->getResultTypes(), isSmall,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(branch.thenBlock());
  scf::YieldOp::create(b, multiply(b, product, rows));
  b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(b, choose(b, product, size, kinds.drop_front()));
  return branch.getResult(0);
}

static void dataTile(ScaledMatmulOp op, const cpu::CPU &cpu) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  cpu::Tile tile = cpu.getTile();
  auto scalesType = cast<RankedTensorType>(op.getRhsScales().getType());
  // Rows of a panel side by side, as vectors load them.
  Value codes = tensor::CollapseShapeOp::create(
      b, getPanels(b, op.getRhsCodes(), getCodesTile(cpu)),
      ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}});
  Product product{op, cpu, codes,
                  getPanels(b, op.getRhsScales(), getScalesTile(cpu)),
                  scalesType.getDimSize(1)};
  remark::passed(op.getLoc(),
                 remark::RemarkOpts::name("cpu-tile").category("fp4-data-tile"))
      << "products of bytes by "
      << cpu::stringifyDotProduct(cpu.getDotProduct()) << " for CPU "
      << cpu.getName() << ", tiles of "
      << remark::metric("prefill-rows", tile.prefillRows) << ", "
      << remark::metric("batch-rows", tile.batchRows) << " or "
      << remark::metric("decode-rows", tile.decodeRows) << " rows by "
      << remark::metric("columns", tile.columns()) << " columns";

  auto output = cast<RankedTensorType>(op.getOutput().getType());
  int64_t rows = output.getDimSize(0);
  OpFoldResult size = b.getIndexAttr(rows);
  if (ShapedType::isDynamic(rows))
    size =
        OpFoldResult(tensor::DimOp::create(b, op.getOutput(), 0).getResult());
  // The most rows of each kind, and the rows of its tiles.
  SmallVector<std::pair<int64_t, int64_t>> kinds = {
      {1, 1}, {tile.decodeRows, tile.decodeRows}};
  if (tile.batchRows != tile.prefillRows)
    kinds.push_back({cpu::Tile::kBatch, tile.batchRows});
  Value result = choose(b, product, size, kinds);
  op.getResult(0).replaceAllUsesWith(result);
  op.erase();
}

namespace {
struct FP4DataTilePass : fp4::impl::FP4DataTilePassBase<FP4DataTilePass> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<cpu::CPU> cpu =
        cpu::CPU::create(getOperation(), triple, this->cpu, features);
    if (failed(cpu))
      return signalPassFailure();
    SmallVector<ScaledMatmulOp> products;
    getOperation().walk([&](ScaledMatmulOp op) {
      if (getStrategy(op) == "vector")
        products.push_back(op);
    });
    for (ScaledMatmulOp op : products)
      dataTile(op, *cpu);
  }
};
} // namespace
