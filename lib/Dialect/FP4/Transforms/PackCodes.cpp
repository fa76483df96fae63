//===- PackCodes.cpp - f4E2M1FN codes to packed bytes ---------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4PACKCODESPASS
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

//===----------------------------------------------------------------------===//
// What may hold codes
//===----------------------------------------------------------------------===//

static bool isCodes(Type type) {
  return isa<Float4E2M1FNType>(getElementTypeOrSelf(type));
}

static bool mayHoldCodes(Operation *op) {
  if (isa<arith::ConstantOp>(op))
    return isa<RankedTensorType>(op->getResult(0).getType());
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return select.getCondition().getType().isInteger(1);
  return isa_and_nonnull<FP4Dialect>(op->getDialect()) ||
         isa<func::FuncOp, func::CallOp, func::ReturnOp, scf::ForOp, scf::IfOp,
             scf::WhileOp, scf::ConditionOp, scf::YieldOp, tensor::EmptyOp,
             tensor::DimOp, tensor::CastOp>(op);
}

/// The types by which an op holds values: its operands, results, the arguments
/// of its regions, and, for a function, its signature.
static void forEachType(Operation *op, llvm::function_ref<void(Type)> visit) {
  llvm::for_each(op->getOperandTypes(), visit);
  llvm::for_each(op->getResultTypes(), visit);
  for (Region &region : op->getRegions())
    for (Block &block : region)
      llvm::for_each(block.getArgumentTypes(), visit);
  if (auto function = dyn_cast<FunctionOpInterface>(op)) {
    llvm::for_each(function.getArgumentTypes(), visit);
    llvm::for_each(function.getResultTypes(), visit);
  }
}

static LogicalResult checkUse(Operation *op) {
  Type offending;
  bool isPackable = true;
  forEachType(op, [&](Type type) {
    if (!isCodes(type) || offending)
      return;
    auto tensor = dyn_cast<RankedTensorType>(type);
    isPackable = tensor && getPackedCodesType(tensor);
    if (!isPackable || !mayHoldCodes(op))
      offending = type;
  });
  if (!offending)
    return success();
  if (!isPackable)
    return op->emitOpError("has codes of type ")
           << offending
           << " that cannot be packed; expects a ranked tensor with an even "
              "last dimension";
  InFlightDiagnostic diag = op->emitOpError("cannot hold codes of type ")
                            << offending;
  diag.attachNote() << "only fp4 ops, functions, scf.for, scf.if, "
                       "scf.while, a select by one i1, tensor.empty, "
                       "tensor.dim, tensor.cast and constants can; convert "
                       "with fp4.dequantize";
  return diag;
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

static Value createIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

namespace {
/// An fp4 op, a tensor.cast or a select: the same op on packed types.
struct PackOperandsAndResults : ConversionPattern {
  PackOperandsAndResults(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<FP4Dialect>(op->getDialect()) &&
        !isa<tensor::CastOp, arith::SelectOp>(op))
      return rewriter.notifyMatchFailure(op, "not an op on codes");
    SmallVector<Type> types;
    if (failed(getTypeConverter()->convertTypes(op->getResultTypes(), types)))
      return rewriter.notifyMatchFailure(op, "has codes that cannot be packed");
    OperationState state(op->getLoc(), op->getName(), operands, types,
                         op->getAttrs());
    rewriter.replaceOp(op, rewriter.create(state));
    return success();
  }
};

/// tensor.empty: half the last dimension.
struct PackEmpty : OpConversionPattern<tensor::EmptyOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::EmptyOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> sizes(adaptor.getDynamicSizes());
    RankedTensorType type = op.getType();
    if (type.isDynamicDim(type.getRank() - 1)) {
      Location loc = op.getLoc();
      Value two = createIndex(rewriter, loc, 2);
      Value odd = arith::RemUIOp::create(rewriter, loc, sizes.back(), two);
      Value isEven =
          arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq, odd,
                                createIndex(rewriter, loc, 0));
      cf::AssertOp::create(rewriter, loc, isEven,
                           "codes are packed two a byte: their last dimension "
                           "must be even");
      sizes.back() = arith::DivUIOp::create(rewriter, loc, sizes.back(), two);
    }
    rewriter.replaceOpWithNewOp<tensor::EmptyOp>(op, getPackedCodesType(type),
                                                 sizes);
    return success();
  }
};

/// tensor.dim: twice the size of the last dimension.
struct PackDim : OpConversionPattern<tensor::DimOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::DimOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value index = adaptor.getIndex();
    Value size =
        tensor::DimOp::create(rewriter, loc, adaptor.getSource(), index);
    int64_t last = cast<ShapedType>(op.getSource().getType()).getRank() - 1;
    Value isLast =
        arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq, index,
                              createIndex(rewriter, loc, last));
    Value doubled = arith::MulIOp::create(rewriter, loc, size,
                                          createIndex(rewriter, loc, 2));
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isLast, doubled, size);
    return success();
  }
};

/// A dense constant: its bits, two codes a byte.
struct PackConstant : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto codes = dyn_cast<DenseFPElementsAttr>(op.getValue());
    if (!codes)
      return op.emitOpError("expects codes to be given as dense<...>");
    auto type = getPackedCodesType(cast<RankedTensorType>(op.getType()));
    if (codes.isSplat()) {
      int8_t code =
          codes.getSplatValue<APFloat>().bitcastToAPInt().getZExtValue();
      rewriter.replaceOpWithNewOp<arith::ConstantOp>(
          op, DenseElementsAttr::get(type, int8_t(code | code << 4)));
      return success();
    }
    SmallVector<int8_t> bytes(codes.getNumElements() / 2);
    for (auto [i, value] : llvm::enumerate(codes.getValues<APFloat>()))
      bytes[i / 2] |= value.bitcastToAPInt().getZExtValue() << (i % 2 * 4);
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, DenseElementsAttr::get(type, ArrayRef<int8_t>(bytes)));
    return success();
  }
};

struct FP4PackCodesPass : fp4::impl::FP4PackCodesPassBase<FP4PackCodesPass> {
  void runOnOperation() override;
};
} // namespace

void FP4PackCodesPass::runOnOperation() {
  ModuleOp module = getOperation();
  // Outer ops first: a linalg.generic is to blame and not its body.
  WalkResult uses = module.walk<WalkOrder::PreOrder>([](Operation *op) {
    return failed(checkUse(op)) ? WalkResult::interrupt()
                                : WalkResult::advance();
  });
  if (uses.wasInterrupted())
    return signalPassFailure();

  MLIRContext *context = &getContext();
  TypeConverter converter;
  converter.addConversion([](Type type) { return type; });
  converter.addConversion([](RankedTensorType type) -> Type {
    return isCodes(type) ? getPackedCodesType(type) : type;
  });

  ConversionTarget target(*context);
  RewritePatternSet patterns(context);
  target.markUnknownOpDynamicallyLegal([&](Operation *op) {
    if (auto function = dyn_cast<func::FuncOp>(op))
      return converter.isSignatureLegal(function.getFunctionType()) &&
             converter.isLegal(&function.getBody());
    return converter.isLegal(op);
  });
  patterns.add<PackOperandsAndResults>(converter, context);
  patterns.add<PackEmpty, PackDim, PackConstant>(converter, context);
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                 converter);
  populateCallOpTypeConversionPattern(patterns, converter);
  populateReturnOpTypeConversionPattern(patterns, converter);
  scf::populateSCFStructuralTypeConversions(converter, patterns);
  if (failed(applyFullConversion(module, target, std::move(patterns))))
    signalPassFailure();
}
