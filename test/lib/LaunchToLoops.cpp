//===- LaunchToLoops.cpp - Kernels on the host ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// test-launch-to-loops: what a kernel computes, without a device. Each
// gpu.launch becomes loops over its blocks and threads, and device memory the
// host's.
//
//===----------------------------------------------------------------------===//

#include "TestPasses.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

/// Runs the threads one after the other, the last first: threads of a kernel
/// have no order, and one that needed the first to come first would fail.
static void replaceWithLoops(gpu::LaunchOp launch) {
  OpBuilder builder(launch);
  Location loc = launch.getLoc();
  gpu::KernelDim3 grid = launch.getGridSizeOperandValues(),
                  block = launch.getBlockSizeOperandValues();
  SmallVector<Value> sizes = {grid.x,  grid.y,  grid.z,
                              block.x, block.y, block.z};
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  scf::LoopNest nest =
      scf::buildLoopNest(builder, loc, SmallVector<Value>(6, zero), sizes,
                         SmallVector<Value>(6, one));
  scf::ForOp inner = nest.loops.back();
  builder.setInsertionPoint(inner.getBody()->getTerminator());

  gpu::KernelDim3 blockIds = launch.getBlockIds(),
                  threadIds = launch.getThreadIds(),
                  gridSize = launch.getGridSize(),
                  blockSize = launch.getBlockSize();
  Value ids[] = {blockIds.x,  blockIds.y,  blockIds.z,
                 threadIds.x, threadIds.y, threadIds.z};
  Value sizeArguments[] = {gridSize.x,  gridSize.y,  gridSize.z,
                           blockSize.x, blockSize.y, blockSize.z};
  IRMapping mapping;
  for (int i = 0; i < 6; ++i) {
    Value last = arith::SubIOp::create(builder, loc, sizes[i], one);
    Value id = arith::SubIOp::create(builder, loc, last,
                                     nest.loops[i].getInductionVar());
    mapping.map(ids[i], id);
    mapping.map(sizeArguments[i], sizes[i]);
  }
  for (Operation &op : launch.getBody().front().without_terminator())
    builder.clone(op, mapping);
  launch.erase();
}

namespace {
struct TestLaunchToLoopsPass
    : PassWrapper<TestLaunchToLoopsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestLaunchToLoopsPass)

  StringRef getArgument() const final { return "test-launch-to-loops"; }
  StringRef getDescription() const final {
    return "Run kernels on the host: launches to loops, device memory to host "
           "memory";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, scf::SCFDialect>();
  }

  void runOnOperation() override {
    SmallVector<gpu::LaunchOp> launches;
    getOperation()->walk([&](gpu::LaunchOp op) { launches.push_back(op); });
    for (gpu::LaunchOp launch : launches)
      replaceWithLoops(launch);

    AttrTypeReplacer replacer;
    replacer.addReplacement([](MemRefType type) -> std::optional<Type> {
      return MemRefType::Builder(type).setMemorySpace({});
    });
    replacer.recursivelyReplaceElementsIn(getOperation(), /*replaceAttrs=*/true,
                                          /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
  }
};
} // namespace

void fp4::registerTestLaunchToLoopsPass() {
  PassRegistration<TestLaunchToLoopsPass>();
}
