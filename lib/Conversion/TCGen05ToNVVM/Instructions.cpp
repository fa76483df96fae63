//===- Instructions.cpp - tcgen05 instructions in NVVM --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Instructions.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::fp4;

/// NVVM::CTAGroupKindAttr, cta_group::1.
static NVVM::CTAGroupKindAttr getGroup(ImplicitLocOpBuilder &b) {
  return NVVM::CTAGroupKindAttr::get(b.getContext(), NVVM::CTAGroupKind::CTA_1);
}

/// Tensor memory has a pointer type of its own in NVVM.
static Value toPointer(ImplicitLocOpBuilder &b, Value address) {
  auto type = LLVM::LLVMPointerType::get(
      b.getContext(), static_cast<unsigned>(NVVM::NVVMMemorySpace::Tensor));
  return LLVM::IntToPtrOp::create(b, type, address);
}

void tcgen05::emitAlloc(ImplicitLocOpBuilder &b, Value slot, Value columns) {
  NVVM::Tcgen05AllocOp::create(b, slot, columns, getGroup(b));
}

void tcgen05::emitRelinquish(ImplicitLocOpBuilder &b) {
  NVVM::Tcgen05RelinquishAllocPermitOp::create(b, getGroup(b));
}

void tcgen05::emitDealloc(ImplicitLocOpBuilder &b, Value address,
                          Value columns) {
  NVVM::Tcgen05DeallocOp::create(b, toPointer(b, address), columns,
                                 getGroup(b));
}

void tcgen05::emitCopyScales(ImplicitLocOpBuilder &b, Value address,
                             Value descriptor) {
  MLIRContext *context = b.getContext();
  NVVM::Tcgen05CpOp::create(
      b,
      NVVM::Tcgen05CpShapeAttr::get(context,
                                    NVVM::Tcgen05CpShape::SHAPE_32x128b),
      getGroup(b),
      NVVM::Tcgen05CpMulticastAttr::get(context,
                                        NVVM::Tcgen05CpMulticast::WARPX4),
      NVVM::Tcgen05CpSrcFormatAttr(), toPointer(b, address), descriptor);
}

void tcgen05::emitBlockScaledMMA(ImplicitLocOpBuilder &b, bool isE4M3,
                                 Value accumulator, Value lhs, Value rhs,
                                 Value instruction, Value accumulate,
                                 Value lhsScales, Value rhsScales) {
  MLIRContext *context = b.getContext();
  auto kind = NVVM::MMABlockScaleKindAttr::get(
      context, isE4M3 ? NVVM::MMABlockScaleKind::MXF4NVF4
                      : NVVM::MMABlockScaleKind::MXF4);
  auto blockScale = NVVM::Tcgen05MMABlockScaleAttr::get(
      context, isE4M3 ? NVVM::Tcgen05MMABlockScale::BLOCK16
                      : NVVM::Tcgen05MMABlockScale::BLOCK32);
  auto collector = NVVM::Tcgen05MMACollectorOpAttr::get(
      context, NVVM::Tcgen05MMACollectorOp::DISCARD);
  NVVM::Tcgen05MMABlockScaleOp::create(
      b, kind, getGroup(b), blockScale, collector, toPointer(b, accumulator),
      lhs, rhs, instruction, accumulate, toPointer(b, lhsScales),
      toPointer(b, rhsScales));
}

void tcgen05::emitCommit(ImplicitLocOpBuilder &b, Value barrier) {
  NVVM::Tcgen05CommitOp::create(b, barrier, /*multicastMask=*/Value(),
                                getGroup(b));
}

Value tcgen05::emitLoad(ImplicitLocOpBuilder &b, Value address, int64_t size) {
  auto shape = NVVM::Tcgen05LdStShapeAttr::get(
      b.getContext(), NVVM::Tcgen05LdStShape::SHAPE_32X32B);
  return NVVM::Tcgen05LdOp::create(b, VectorType::get(size, b.getI32Type()),
                                   /*pack=*/UnitAttr(), shape,
                                   toPointer(b, address), /*offset=*/Value());
}

/// To LLVM the registers of a load are written by the load, not by the wait,
/// and what only reads them may move between the two: it packs pairs of them
/// there. So they go through a piece of assembly without instructions, which
/// stays behind the wait.
Value tcgen05::emitWaitLoads(ImplicitLocOpBuilder &b, Value loaded) {
  NVVM::Tcgen05WaitOp::create(
      b, NVVM::Tcgen05WaitKindAttr::get(b.getContext(),
                                        NVVM::Tcgen05WaitKind::LOAD));
  Type i32 = b.getI32Type();
  int64_t size = cast<VectorType>(loaded.getType()).getNumElements();
  auto place = [&](int64_t i) -> Value {
    return LLVM::ConstantOp::create(b, b.getI32IntegerAttr(i));
  };
  SmallVector<Value> registers;
  SmallVector<std::string> constraints(size, "=r");
  for (int64_t i = 0; i < size; ++i) {
    registers.push_back(LLVM::ExtractElementOp::create(b, loaded, place(i)));
    constraints.push_back(std::to_string(i));
  }
  auto type = LLVM::LLVMStructType::getLiteral(b.getContext(),
                                               SmallVector<Type>(size, i32));
  Value waited =
      LLVM::InlineAsmOp::create(
          b, type, registers, /*asm_string=*/"", llvm::join(constraints, ","),
          /*has_side_effects=*/true, /*is_align_stack=*/false,
          LLVM::TailCallKind::None, /*asm_dialect=*/LLVM::AsmDialectAttr(),
          /*operand_attrs=*/ArrayAttr())
          .getResult(0);
  Value result = LLVM::PoisonOp::create(b, loaded.getType());
  for (int64_t i = 0; i < size; ++i)
    result = LLVM::InsertElementOp::create(
        b, result, LLVM::ExtractValueOp::create(b, waited, i), place(i));
  return result;
}

void tcgen05::emitFence(ImplicitLocOpBuilder &b, FenceKind kind) {
  if (kind == FenceKind::BarrierInit) {
    NVVM::FenceMbarrierInitOp::create(b);
    return;
  }
  NVVM::Tcgen05FenceOp::create(
      b, NVVM::Tcgen05FenceKindAttr::get(
             b.getContext(), kind == FenceKind::Before
                                 ? NVVM::Tcgen05FenceKind::BEFORE_THREAD_SYNC
                                 : NVVM::Tcgen05FenceKind::AFTER_THREAD_SYNC));
}

Value tcgen05::emitThreadId(ImplicitLocOpBuilder &b) {
  return NVVM::ThreadIdXOp::create(b, b.getI32Type());
}
