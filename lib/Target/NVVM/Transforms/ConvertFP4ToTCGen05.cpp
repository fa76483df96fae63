//===- ConvertFP4ToTCGen05.cpp - A tile of a product to tensor memory -----===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TCGen05Kernel.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_CONVERTFP4TOTCGEN05PASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::tcgen05;

/// An upper bound of the columns of the tile, up to the next multiple of 8.
static FailureOr<int64_t> getColumns(ScaledMatmulOp op) {
  FailureOr<int64_t> bound = ValueBoundsConstraintSet::computeConstantBound(
      presburger::BoundType::UB,
      ValueBoundsConstraintSet::Variable(op.getOutput(), 1),
      /*stopCondition=*/nullptr, /*closedUB=*/true);
  if (failed(bound) || *bound < 1 || *bound > 256)
    return op.emitOpError("with strategy 'tcgen05' expects a tile of 1 to 256 "
                          "columns; run --fp4-tile-to-blocks first");
  return int64_t(llvm::alignTo(*bound, 8));
}

/// Holds the result to what a thread can store a row of.
static LogicalResult checkOutput(ScaledMatmulOp op) {
  auto type = cast<MemRefType>(op.getOutput().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!nvvm::isInDeviceMemory(type) ||
      failed(type.getStridesAndOffset(strides, offset)) || strides.back() != 1)
    return op.emitOpError("with strategy 'tcgen05' expects a result in device "
                          "memory (space ")
           << nvvm::kDeviceMemorySpace
           << ") whose rows are contiguous, but got " << type;
  return success();
}

/// Holds the block to what reads the accumulator: a thread for each row.
static LogicalResult checkLaunch(ScaledMatmulOp op, gpu::LaunchOp launch) {
  gpu::KernelDim3 size = launch.getBlockSizeOperandValues();
  if (getConstantIntValue(size.x) != kRows ||
      getConstantIntValue(size.y) != 1 || getConstantIntValue(size.z) != 1)
    return op.emitOpError("with strategy 'tcgen05' expects to be launched with "
                          "blocks of 128 threads in one dimension");
  FailureOr<int64_t> rows = ValueBoundsConstraintSet::computeConstantBound(
      presburger::BoundType::UB,
      ValueBoundsConstraintSet::Variable(op.getOutput(), 0),
      /*stopCondition=*/nullptr, /*closedUB=*/true);
  if (failed(rows) || *rows > kRows)
    return op.emitOpError("with strategy 'tcgen05' expects a tile of at most "
                          "128 rows; run --fp4-tile-to-blocks first");
  if (op->getParentOp() != launch)
    return op.emitOpError("with strategy 'tcgen05' expects to be executed by "
                          "all threads: at the top level of the kernel");
  // This one takes it from its start, and gives up the right to allocate tensor
  // memory.
  if (launch.getDynamicSharedMemorySize())
    return op.emitOpError(
        "with strategy 'tcgen05' expects a kernel of its "
        "own, but this one has dynamic shared memory already");
  return success();
}

static LogicalResult convert(ScaledMatmulOp op) {
  auto launch = op->getParentOfType<gpu::LaunchOp>();
  if (!launch)
    return op.emitOpError("with strategy 'tcgen05' is outside of a kernel; run "
                          "--fp4-tile-to-blocks --fp4-blocks-to-launch first");
  if (!op.hasPureBufferSemantics())
    return op.emitOpError("is on tensors; bufferize first");
  if (failed(checkLaunch(op, launch)) || failed(checkOutput(op)))
    return failure();
  FailureOr<nvvm::ProductOperand> lhs = nvvm::getOperand(
      op, launch, op.getLhsCodesMutable(), op.getLhsScalesMutable());
  if (failed(lhs))
    return failure();
  FailureOr<nvvm::ProductOperand> rhs = nvvm::getOperand(
      op, launch, op.getRhsCodesMutable(), op.getRhsScalesMutable());
  if (failed(rhs))
    return failure();
  FailureOr<int64_t> columns = getColumns(op);
  if (failed(columns))
    return failure();
  rhs->rows = *columns;

  int64_t bytes = cast<MemRefType>(op.getLhsCodes().getType()).getDimSize(1);
  nvvm::ProductShape shape;
  shape.columns = *columns;
  shape.kTiles = llvm::divideCeil(bytes, kTileBytes);
  shape.scaleType = getElementTypeOrSelf(op.getLhsScales());
  shape.scaleTiles =
      kTileCodes / getGroupSize(shape.scaleType) / fp4::kScaleTileColumns;
  nvvm::emitProduct(op, launch, shape, *lhs, *rhs);
  op.erase();
  return success();
}

namespace {
struct ConvertFP4ToTCGen05Pass
    : fp4::impl::ConvertFP4ToTCGen05PassBase<ConvertFP4ToTCGen05Pass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([](ScaledMatmulOp op) {
      if (!nvvm::hasStrategy(op, "tcgen05"))
        return WalkResult::advance();
      return failed(convert(op)) ? WalkResult::interrupt()
                                 : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
