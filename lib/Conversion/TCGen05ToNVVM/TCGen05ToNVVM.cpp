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

/// The address of a contiguous memref.
static Value getPointer(ImplicitLocOpBuilder &b,
                        const LLVMTypeConverter &converter, Value memref,
                        MemRefType type) {
  return MemRefDescriptor(memref).bufferPtr(b, b.getLoc(), converter, type);
}

/// The address of an element of a memref of one dimension.
static Value getElementPointer(ImplicitLocOpBuilder &b,
                               const LLVMTypeConverter &converter, Value memref,
                               MemRefType type, Value index) {
  return LLVM::getStridedElementPtr(b, b.getLoc(), converter, type, memref,
                                    index);
}

//===----------------------------------------------------------------------===//
// Tensor memory
//===----------------------------------------------------------------------===//

// What an op becomes: its value, or null for an op that has none.

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, AllocOp op,
                              AllocOp::Adaptor adaptor,
                              const LLVMTypeConverter &converter) {
  Value slot = getElementPointer(b, converter, adaptor.getSlot(),
                                 op.getSlot().getType(), createI64(b, 0));
  emitAlloc(b, slot, createI32(b, op.getColumns()));
  return Value();
}

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, GetAllocationOp op,
                              GetAllocationOp::Adaptor adaptor,
                              const LLVMTypeConverter &converter) {
  Value slot = getElementPointer(b, converter, adaptor.getSlot(),
                                 op.getSlot().getType(), createI64(b, 0));
  return Value(LLVM::LoadOp::create(b, b.getI32Type(), slot));
}

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, RelinquishOp,
                              RelinquishOp::Adaptor,
                              const LLVMTypeConverter &) {
  emitRelinquish(b);
  return Value();
}

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, DeallocOp op,
                              DeallocOp::Adaptor adaptor,
                              const LLVMTypeConverter &) {
  emitDealloc(b, adaptor.getAllocation(),
              createI32(b, op.getAllocation().getType().getColumns()));
  return Value();
}

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, ViewOp,
                              ViewOp::Adaptor adaptor,
                              const LLVMTypeConverter &) {
  return Value(LLVM::AddOp::create(b, adaptor.getAllocation(),
                                   truncateToI32(b, adaptor.getColumn())));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// One instruction for each tile of 128 rows by 4 scales.
static FailureOr<Value> lower(ImplicitLocOpBuilder &b, CopyScalesOp op,
                              CopyScalesOp::Adaptor adaptor,
                              const LLVMTypeConverter &converter) {
  ScalesType type = op.getDestination().getType();
  Value source =
      getPointer(b, converter, adaptor.getSource(), op.getSource().getType());
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
  return Value();
}

/// Four instructions of K = 64.
static FailureOr<Value> lower(ImplicitLocOpBuilder &b, BlockScaledMMAOp op,
                              BlockScaledMMAOp::Adaptor adaptor,
                              const LLVMTypeConverter &converter) {
  auto descriptor = [&](Value operand, MemRefType type) {
    return createMatrixDescriptor(
        b, getPointer(b, converter, operand, type),
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
      return addColumns(b, base, word * type.getRowTiles() * kScaleWordColumns);
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
  return Value();
}

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, CommitOp op,
                              CommitOp::Adaptor adaptor,
                              const LLVMTypeConverter &converter) {
  // The type converter makes a group of barriers a memref of them.
  MemRefType type =
      nvgpu::getMBarrierMemrefType(b.getContext(), op.getBarriers().getType());
  emitCommit(b, getElementPointer(b, converter, adaptor.getBarriers(), type,
                                  adaptor.getIndex()));
  return Value();
}

//===----------------------------------------------------------------------===//
// Epilogue and order
//===----------------------------------------------------------------------===//

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, LoadOp op,
                              LoadOp::Adaptor adaptor,
                              const LLVMTypeConverter &) {
  // A warp reaches the 32 lanes of its number modulo 4, and the address has to
  // name the first of them, in bits 31..16.
  Value warp = LLVM::LShrOp::create(b, emitThreadId(b), createI32(b, 5));
  Value quarter = LLVM::AndOp::create(b, warp, createI32(b, 3));
  Value lanes = LLVM::ShlOp::create(b, quarter, createI32(b, 16 + 5));
  Value address = LLVM::AddOp::create(b, adaptor.getAccumulator(),
                                      truncateToI32(b, adaptor.getColumn()));
  address = LLVM::AddOp::create(b, address, lanes);
  VectorType type = op.getRow().getType();
  Value bits = emitLoad(b, address, type.getNumElements());
  return Value(LLVM::BitcastOp::create(b, type, bits));
}

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, WaitLoadsOp op,
                              WaitLoadsOp::Adaptor adaptor,
                              const LLVMTypeConverter &) {
  auto bits = VectorType::get(op.getRow().getType().getShape(), b.getI32Type());
  Value loaded = LLVM::BitcastOp::create(b, bits, adaptor.getLoaded());
  return Value(LLVM::BitcastOp::create(b, op.getRow().getType(),
                                       emitWaitLoads(b, loaded)));
}

static FailureOr<Value> lower(ImplicitLocOpBuilder &b, FenceOp op,
                              FenceOp::Adaptor, const LLVMTypeConverter &) {
  emitFence(b, op.getKind());
  return Value();
}

namespace {
/// Replaces an op with what `lower` makes of it.
template <typename Op>
struct LowerOp : ConvertOpToLLVMPattern<Op> {
  using ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    FailureOr<Value> value = lower(b, op, adaptor, *this->getTypeConverter());
    if (failed(value))
      return failure();
    if (*value)
      rewriter.replaceOp(op, *value);
    else
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
  patterns
      .add<LowerOp<AllocOp>, LowerOp<GetAllocationOp>, LowerOp<RelinquishOp>,
           LowerOp<DeallocOp>, LowerOp<ViewOp>, LowerOp<CopyScalesOp>,
           LowerOp<BlockScaledMMAOp>, LowerOp<CommitOp>, LowerOp<LoadOp>,
           LowerOp<WaitLoadsOp>, LowerOp<FenceOp>>(converter);
}
