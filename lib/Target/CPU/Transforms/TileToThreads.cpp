//===- TileToThreads.cpp - fp4 ops to the work of threads -----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/CPU/CPU.h"
#include "fp4/Target/CPU/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4TILETOTHREADSPASS
#include "fp4/Target/CPU/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// Rows that a thread transforms and quantizes at a time: the transformed ones
/// stay in the second cache, and a matrix for a block serves several.
static constexpr int64_t kRows = 4;

static bool isForVectors(Operation *op) {
  return isa<PackLhsOp, PackedMatmulOp>(op) ||
         (isa<BlockTransformOp, QuantizePackOp>(op) &&
          getStrategy(op) == "vector");
}

/// Whether there is nothing to compute, as the types tell.
static bool isEmpty(Operation *op) {
  return llvm::all_of(op->getResultTypes(), [](Type type) {
    return llvm::is_contained(cast<ShapedType>(type).getShape(), 0);
  });
}

/// The transform whose only use is to be quantized by `op`.
static BlockTransformOp getOwnTransform(QuantizePackOp op) {
  auto transform = op.getInput().getDefiningOp<BlockTransformOp>();
  return transform && isForVectors(transform) && transform->hasOneUse() &&
                 transform->getBlock() == op->getBlock()
             ? transform
             : BlockTransformOp();
}

/// Blocks of tiles of about one size, none larger than cpu::Tile::kBlockTiles;
/// 0 for all of them at once.
static OpFoldResult getTilesInBlock(ImplicitLocOpBuilder &b,
                                    PackedMatmulOp op) {
  OpFoldResult tiles = tensor::getMixedSize(b, b.getLoc(), op.getValues(), 0);
  auto rows = cast<ShapedType>(op.getOutput().getType()).getDimSize(0);
  // Tiles of the decode strategy are few.
  if (op.getTileRows() == 1 ||
      (!ShapedType::isDynamic(rows) && rows <= cpu::Tile::kBlockTiles))
    return b.getIndexAttr(0);
  Value size = getValueOrCreateConstantIndexOp(b, b.getLoc(), tiles);
  Value limit = arith::ConstantIndexOp::create(b, cpu::Tile::kBlockTiles);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value blocks = arith::MaxUIOp::create(
      b, arith::CeilDivUIOp::create(b, size, limit), one);
  Value inBlock = arith::MaxUIOp::create(
      b, arith::CeilDivUIOp::create(b, size, blocks), one);
  return getAsOpFoldResult(inBlock);
}

static SmallVector<OpFoldResult> getTileSizes(ImplicitLocOpBuilder &b,
                                              Operation *op) {
  return llvm::TypeSwitch<Operation *, SmallVector<OpFoldResult>>(op)
      .Case([&](PackedMatmulOp op) -> SmallVector<OpFoldResult> {
        return {getTilesInBlock(b, op), b.getIndexAttr(1)};
      })
      .Case([&](PackLhsOp) -> SmallVector<OpFoldResult> {
        return {b.getIndexAttr(1)};
      })
      .Default([&](Operation *) -> SmallVector<OpFoldResult> {
        return {b.getIndexAttr(kRows), b.getIndexAttr(0)};
      });
}

static LogicalResult tileToThreads(RewriterBase &rewriter, Operation *op,
                                   BlockTransformOp transform) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  rewriter.setInsertionPoint(op);
  scf::SCFTileAndFuseOptions options;
  options.tilingOptions.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  options.tilingOptions.setTileSizes(getTileSizes(b, op));
  options.setFusionControlFn(
      [&](tensor::ExtractSliceOp, OpResult producer,
          bool) -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
        if (transform && producer.getOwner() == transform)
          return scf::SCFTileAndFuseOptions::ControlFnResult{};
        return std::nullopt;
      });
  FailureOr<scf::SCFTileAndFuseResult> tiled =
      scf::tileConsumerAndFuseProducersUsingSCF(
          rewriter, cast<TilingInterface>(op), options);
  if (failed(tiled))
    return op->emitOpError("cannot be tiled to threads");
  for (OpResult result : op->getResults())
    rewriter.replaceAllUsesWith(result, tiled->replacements[result]);
  rewriter.eraseOp(op);
  if (transform && transform->use_empty())
    rewriter.eraseOp(transform);
  return success();
}

namespace {
struct FP4TileToThreadsPass
    : fp4::impl::FP4TileToThreadsPassBase<FP4TileToThreadsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isForVectors(op) && !op->getParentOfType<scf::ForallOp>())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    DenseSet<Operation *> fused;
    // Consumers first: a transform that one takes with it is gone then.
    for (Operation *op : llvm::reverse(ops)) {
      if (fused.contains(op))
        continue;
      if (isEmpty(op)) {
        rewriter.replaceOp(op,
                           cast<DestinationStyleOpInterface>(op).getDpsInits());
        continue;
      }
      BlockTransformOp transform;
      if (auto quantize = dyn_cast<QuantizePackOp>(op))
        transform = getOwnTransform(quantize);
      if (transform)
        fused.insert(transform);
      if (failed(tileToThreads(rewriter, op, transform)))
        return signalPassFailure();
    }
    // A slice of an empty tensor is a smaller empty tensor.
    RewritePatternSet patterns(&getContext());
    tensor::populateFoldTensorEmptyPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
