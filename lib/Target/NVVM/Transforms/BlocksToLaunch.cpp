//===- BlocksToLaunch.cpp - Loops over blocks to kernel launches ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4BLOCKSTOLAUNCHPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// The dimension of the grid that each loop is mapped to; nothing if some loop
/// is mapped to something else, or two to one.
static std::optional<SmallVector<unsigned>> getGridDims(scf::ForallOp forall) {
  std::optional<ArrayAttr> mappings = forall.getMapping();
  if (!mappings || forall.getNumResults() != 0)
    return std::nullopt;
  SmallVector<unsigned> dims;
  for (Attribute attr : mappings->getValue()) {
    auto mapping = dyn_cast<gpu::GPUBlockMappingAttr>(attr);
    if (!mapping || mapping.isLinearMapping())
      return std::nullopt;
    unsigned dim = mapping.getMappingId();
    if (dim > 2 || llvm::is_contained(dims, dim))
      return std::nullopt;
    dims.push_back(dim);
  }
  return dims;
}

static void convert(scf::ForallOp forall, ArrayRef<unsigned> dims,
                    int64_t threads, RewriterBase &rewriter) {
  rewriter.setInsertionPoint(forall);
  ImplicitLocOpBuilder b(forall.getLoc(), rewriter);
  Value one = arith::ConstantIndexOp::create(b, 1);
  SmallVector<Value> grid(3, one);
  AffineExpr start, end, step;
  bindDims(b.getContext(), start, end, step);
  for (auto [dim, lower, upper, by] :
       llvm::zip_equal(dims, forall.getMixedLowerBound(),
                       forall.getMixedUpperBound(), forall.getMixedStep()))
    grid[dim] = getValueOrCreateConstantIndexOp(
        b, b.getLoc(),
        affine::makeComposedFoldedAffineApply(
            b, b.getLoc(), (end - start).ceilDiv(step), {lower, upper, by}));
  Value block = arith::ConstantIndexOp::create(b, threads);
  auto launch =
      gpu::LaunchOp::create(b, grid[0], grid[1], grid[2], block, one, one);
  // What the kernel does, for its name.
  forall.walk([&](Operation *op) {
    if (isa_and_nonnull<FP4Dialect>(op->getDialect()))
      launch.setFunctionAttr(FlatSymbolRefAttr::get(
          rewriter.getContext(), op->getName().stripDialect()));
  });
  rewriter.setInsertionPointToEnd(&launch.getBody().front());
  gpu::KernelDim3 ids = launch.getBlockIds();
  Value place[] = {ids.x, ids.y, ids.z};
  SmallVector<Value> variables;
  for (auto [dim, lower, by] : llvm::zip_equal(
           dims, forall.getMixedLowerBound(), forall.getMixedStep()))
    variables.push_back(getValueOrCreateConstantIndexOp(
        rewriter, forall.getLoc(),
        affine::makeComposedFoldedAffineApply(rewriter, forall.getLoc(),
                                              start + end * step,
                                              {lower, place[dim], by})));
  rewriter.eraseOp(forall.getTerminator());
  rewriter.mergeBlocks(forall.getBody(), &launch.getBody().front(), variables);
  rewriter.setInsertionPointToEnd(&launch.getBody().front());
  gpu::TerminatorOp::create(rewriter, forall.getLoc());
  rewriter.eraseOp(forall);
}

namespace {
struct FP4BlocksToLaunchPass
    : fp4::impl::FP4BlocksToLaunchPassBase<FP4BlocksToLaunchPass> {
  using FP4BlocksToLaunchPassBase::FP4BlocksToLaunchPassBase;

  void runOnOperation() override {
    if (threads < 1 || threads > 1024) {
      emitError(getOperation().getLoc(),
                "a block has 1 to 1024 threads, but the option 'threads' is ")
          << threads.getValue();
      return signalPassFailure();
    }
    SmallVector<scf::ForallOp> loops;
    getOperation()->walk([&](scf::ForallOp op) { loops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (scf::ForallOp forall : loops)
      if (std::optional<SmallVector<unsigned>> dims = getGridDims(forall))
        convert(forall, *dims, threads, rewriter);
  }
};
} // namespace
