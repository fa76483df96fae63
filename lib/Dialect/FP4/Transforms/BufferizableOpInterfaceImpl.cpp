//===- BufferizableOpInterfaceImpl.cpp - Bufferization of the fp4 ops -----===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/Transforms/BufferizableOpInterfaceImpl.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::bufferization;

namespace {
/// An op in destination-passing style becomes the same op on memrefs, and its
/// results the buffers of its destinations.
template <typename OpTy>
struct DestinationOpModel
    : DstBufferizableOpInterfaceExternalModel<DestinationOpModel<OpTy>, OpTy> {
  /// The destinations are overwritten whole.
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  /// Whether `operands` may be one buffer: an element of each is read before
  /// the same element is written.
  bool bufferizesToElementwiseAccess(Operation *op, const AnalysisState &,
                                     ArrayRef<OpOperand *> operands) const {
    auto absorb = dyn_cast<AbsorbScaleSignsOp>(op);
    if (!absorb)
      return false;
    // The scales of a group are read for each of its codes, which are of
    // another type: codes and scales are never one buffer.
    auto isCodes = [&](OpOperand *operand) {
      return operand == &absorb.getCodesMutable() ||
             operand == &absorb.getCodesOutputMutable();
    };
    return llvm::all_of(operands, isCodes) || llvm::none_of(operands, isCodes);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto destinationOp = cast<DestinationStyleOpInterface>(op);
    if (destinationOp.hasPureBufferSemantics())
      return success();
    SmallVector<Value> operands, filled;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<TensorType>(operand.get().getType())) {
        operands.push_back(operand.get());
        continue;
      }
      FailureOr<Value> buffer =
          getBuffer(rewriter, operand.get(), options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
      if (destinationOp.isDpsInit(&operand))
        filled.push_back(*buffer);
    }
    rewriter.setInsertionPoint(op);
    mlir::clone(rewriter, op, /*newResultTypes=*/TypeRange{}, operands);
    replaceOpWithBufferizedValues(rewriter, op, filled);
    return success();
  }
};

template <typename... OpTys>
void attachTo(MLIRContext *context) {
  (OpTys::template attachInterface<DestinationOpModel<OpTys>>(*context), ...);
}
} // namespace

void fp4::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, FP4Dialect *) {
    attachTo<BlockTransformOp, QuantizePackOp, QuantizeWithScalesOp,
             DequantizeOp, ScaledMatmulOp, AbsorbScaleSignsOp,
             ConvertScaleLayoutOp, PackLhsOp, PackedMatmulOp>(context);
  });
}
