//===- TileToBlocks.cpp - Matrix products to blocks of threads ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4TILETOBLOCKSPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// The columns of a tile of the result; 0 for all of them.
static int64_t getTileColumns(int64_t columns) {
  if (columns <= 128)
    return 0;
  return columns < 4096 ? 128 : 256;
}

static LogicalResult tileToBlocks(ScaledMatmulOp op, RewriterBase &rewriter) {
  auto output = dyn_cast<MemRefType>(op.getOutput().getType());
  if (!output)
    return op.emitOpError("is on tensors; bufferize before tiling to blocks");
  if (output.getRank() != 2 || output.isDynamicDim(1))
    return op.emitOpError("with strategy 'tcgen05' expects a result of rank 2 "
                          "with a static number of columns, but got ")
           << output;
  rewriter.setInsertionPoint(op);
  scf::SCFTilingOptions options;
  options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  int64_t columns = getTileColumns(output.getDimSize(1));
  options.setTileSizes(
      {rewriter.getIndexAttr(tcgen05::kRows), rewriter.getIndexAttr(columns)});
  SmallVector<Attribute> mapping = {gpu::GPUBlockMappingAttr::get(
      rewriter.getContext(), gpu::MappingId::DimX)};
  if (columns != 0)
    mapping.push_back(gpu::GPUBlockMappingAttr::get(rewriter.getContext(),
                                                    gpu::MappingId::DimY));
  options.setMapping(mapping);
  FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
      rewriter, cast<TilingInterface>(op.getOperation()), options);
  if (failed(tiled))
    return failure();
  rewriter.eraseOp(op);
  return success();
}

namespace {
struct FP4TileToBlocksPass
    : fp4::impl::FP4TileToBlocksPassBase<FP4TileToBlocksPass> {
  void runOnOperation() override {
    SmallVector<ScaledMatmulOp> products;
    getOperation()->walk([&](ScaledMatmulOp op) {
      if (nvvm::hasStrategy(op, "tcgen05") &&
          !op->getParentOfType<gpu::LaunchOp>() &&
          !op->getParentOfType<scf::ForallOp>())
        products.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (ScaledMatmulOp op : products)
      if (failed(tileToBlocks(op, rewriter)))
        return signalPassFailure();
  }
};
} // namespace
