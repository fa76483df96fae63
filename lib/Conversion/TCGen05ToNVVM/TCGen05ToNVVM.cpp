//===- TCGen05ToNVVM.cpp - Conversion from tcgen05 to NVVM ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Addresses and descriptors here; how NVVM spells an instruction is in
// Instructions.cpp.
//
//===----------------------------------------------------------------------===//

#include "fp4/Conversion/TCGen05ToNVVM.h"
#include "Instructions.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/NVVM/Descriptors.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::tcgen05;

static Value createI32(ImplicitLocOpBuilder &b, int64_t value) {
  return LLVM::ConstantOp::create(b, b.getI32IntegerAttr(value));
}

static Value createI64(ImplicitLocOpBuilder &b, uint64_t value) {
  return LLVM::ConstantOp::create(b, b.getI64IntegerAttr(int64_t(value)));
}

/// Adds columns to an address of tensor memory.
static Value addColumns(ImplicitLocOpBuilder &b, Value address,
                        int64_t columns) {
  if (columns == 0)
    return address;
  return LLVM::AddOp::create(b, address, createI32(b, columns));
}

/// An index, converted to an integer of the target's width, as i32.
static Value truncateToI32(ImplicitLocOpBuilder &b, Value index) {
  if (index.getType().isInteger(32))
    return index;
  return LLVM::TruncOp::create(b, b.getI32Type(), index);
}

/// The descriptor of shared memory at `pointer`: `base` describes the same
/// operand at address 0.
static Value createMatrixDescriptor(ImplicitLocOpBuilder &b, Value pointer,
                                    uint64_t base) {
  Value address = LLVM::PtrToIntOp::create(b, b.getI64Type(), pointer);
  Value start = LLVM::LShrOp::create(b, address, createI64(b, 4));
  start = LLVM::AndOp::create(b, start, createI64(b, 0x3FFF));
  return LLVM::OrOp::create(b, start, createI64(b, base));
}

/// A descriptor of an operand `bytes` further on. The start address is in units
/// of 16 bytes and shared memory ends far below the field's end: no carry.
static Value advance(ImplicitLocOpBuilder &b, Value descriptor, int64_t bytes) {
  if (bytes == 0)
    return descriptor;
  return LLVM::AddOp::create(b, descriptor, createI64(b, bytes / 16));
}

namespace {
//===----------------------------------------------------------------------===//
// Tensor memory
//===----------------------------------------------------------------------===//

struct LowerAlloc : ConvertOpToLLVMPattern<AllocOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(AllocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value slot =
        getStridedElementPtr(rewriter, op.getLoc(), op.getSlot().getType(),
                             adaptor.getSlot(), createI64(b, 0));
    emitAlloc(b, slot, createI32(b, op.getColumns()));
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerGetAllocation : ConvertOpToLLVMPattern<GetAllocationOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(GetAllocationOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value slot =
        getStridedElementPtr(rewriter, op.getLoc(), op.getSlot().getType(),
                             adaptor.getSlot(), createI64(b, 0));
    rewriter.replaceOpWithNewOp<LLVM::LoadOp>(op, b.getI32Type(), slot);
    return success();
  }
};

struct LowerRelinquish : ConvertOpToLLVMPattern<RelinquishOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(RelinquishOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    emitRelinquish(b);
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerDealloc : ConvertOpToLLVMPattern<DeallocOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(DeallocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    emitDealloc(b, adaptor.getAllocation(),
                createI32(b, op.getAllocation().getType().getColumns()));
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerView : ConvertOpToLLVMPattern<ViewOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(ViewOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOpWithNewOp<LLVM::AddOp>(
        op, adaptor.getAllocation(), truncateToI32(b, adaptor.getColumn()));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// One instruction for each tile of 128 rows by 4 scales.
struct LowerCopyScales : ConvertOpToLLVMPattern<CopyScalesOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(CopyScalesOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    ScalesType type = op.getDestination().getType();
    Value source = MemRefDescriptor(adaptor.getSource())
                       .bufferPtr(rewriter, op.getLoc(), *getTypeConverter(),
                                  op.getSource().getType());
    Value descriptor =
        createMatrixDescriptor(b, source, nvvm::getScaleCopyDescriptorBase());
    for (int64_t row = 0; row < type.getRowTiles(); ++row)
      for (int64_t column = 0; column < type.getColumnTiles(); ++column) {
        int64_t from = row * type.getColumnTiles() + column;
        int64_t to = column * type.getRowTiles() + row;
        emitCopyScales(
            b, addColumns(b, adaptor.getDestination(), to * kScaleWordColumns),
            advance(b, descriptor, from * kScaleTileBytes));
      }
    rewriter.eraseOp(op);
    return success();
  }
};

/// Four instructions of K = 64.
struct LowerBlockScaledMMA : ConvertOpToLLVMPattern<BlockScaledMMAOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(BlockScaledMMAOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto descriptor = [&](Value operand, MemRefType type) {
      Value pointer = MemRefDescriptor(operand).bufferPtr(
          rewriter, op.getLoc(), *getTypeConverter(), type);
      return createMatrixDescriptor(
          b, pointer,
          nvvm::getKMajorDescriptorBase(nvvm::SharedMemorySwizzle::B128));
    };
    Value lhs = descriptor(adaptor.getLhs(), op.getLhs().getType());
    Value rhs = descriptor(adaptor.getRhs(), op.getRhs().getType());

    bool isE4M3 =
        isa<Float8E4M3FNType>(op.getLhsScales().getType().getElementType());
    // A word of tensor memory holds the scales of four groups.
    int64_t instructionsPerWord = isE4M3 ? 1 : 2;
    for (int64_t i = 0; i < kTileCodes / kInstructionCodes; ++i) {
      nvvm::InstructionDescriptor instruction;
      instruction.scaleType =
          isE4M3 ? nvvm::ScaleType::UE4M3 : nvvm::ScaleType::UE8M0;
      instruction.m = kRows;
      instruction.n = op.getAccumulator().getType().getColumns();
      instruction.sfaId = instruction.sfbId = (i % instructionsPerWord) * 2;
      llvm::Expected<uint32_t> bits =
          nvvm::encodeBlockScaledInstructionDescriptor(instruction);
      if (!bits)
        return op.emitOpError() << llvm::toString(bits.takeError());
      auto scales = [&](Value base, ScalesType type) {
        int64_t word = i / instructionsPerWord;
        return addColumns(b, base,
                          word * type.getRowTiles() * kScaleWordColumns);
      };
      Value accumulate = i == 0
                             ? adaptor.getAccumulate()
                             : LLVM::ConstantOp::create(b, b.getBoolAttr(true));
      int64_t offset = i * kInstructionCodes / 2;
      emitBlockScaledMMA(
          b, isE4M3, adaptor.getAccumulator(), advance(b, lhs, offset),
          advance(b, rhs, offset), createI32(b, *bits), accumulate,
          scales(adaptor.getLhsScales(), op.getLhsScales().getType()),
          scales(adaptor.getRhsScales(), op.getRhsScales().getType()));
    }
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerCommit : ConvertOpToLLVMPattern<CommitOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(CommitOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    // The type converter makes a group of barriers a memref of them.
    MemRefType type = nvgpu::getMBarrierMemrefType(op.getContext(),
                                                   op.getBarriers().getType());
    Value barrier = getStridedElementPtr(
        rewriter, op.getLoc(), type, adaptor.getBarriers(), adaptor.getIndex());
    emitCommit(b, barrier);
    rewriter.eraseOp(op);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Epilogue and order
//===----------------------------------------------------------------------===//

struct LowerLoad : ConvertOpToLLVMPattern<LoadOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(LoadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    // A warp reaches the 32 lanes of its number modulo 4, and the address has
    // to name the first of them, in bits 31..16.
    Value warp = LLVM::LShrOp::create(b, emitThreadId(b), createI32(b, 5));
    Value quarter = LLVM::AndOp::create(b, warp, createI32(b, 3));
    Value lanes = LLVM::ShlOp::create(b, quarter, createI32(b, 16 + 5));
    Value address = LLVM::AddOp::create(b, adaptor.getAccumulator(),
                                        truncateToI32(b, adaptor.getColumn()));
    address = LLVM::AddOp::create(b, address, lanes);
    int64_t size = op.getRow().getType().getNumElements();
    Value bits = emitLoad(b, address, size);
    rewriter.replaceOpWithNewOp<LLVM::BitcastOp>(op, op.getRow().getType(),
                                                 bits);
    return success();
  }
};

struct LowerWaitLoads : ConvertOpToLLVMPattern<WaitLoadsOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(WaitLoadsOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    emitWaitLoads(b);
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerFence : ConvertOpToLLVMPattern<FenceOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(FenceOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    emitFence(b, op.getKind());
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void fp4::populateTCGen05ToNVVMPatterns(LLVMTypeConverter &converter,
                                        RewritePatternSet &patterns) {
  Type address = IntegerType::get(&converter.getContext(), 32);
  converter.addConversion([address](AllocationType) { return address; });
  converter.addConversion([address](AccumulatorType) { return address; });
  converter.addConversion([address](ScalesType) { return address; });
  patterns.add<LowerAlloc, LowerGetAllocation, LowerRelinquish, LowerDealloc,
               LowerView, LowerCopyScales, LowerBlockScaledMMA, LowerCommit,
               LowerLoad, LowerWaitLoads, LowerFence>(converter);
}
