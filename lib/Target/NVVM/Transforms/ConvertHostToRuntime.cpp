//===- ConvertHostToRuntime.cpp - Host code to calls of the runtime -------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BinariesToConstants.h"
#include "fp4/Target/NVVM/Descriptors.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Conversion/ConvertToLLVM/ToLLVMInterface.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_CONVERTHOSTTORUNTIMEPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// What all patterns use: types, constants, and calls.
template <typename Op>
struct RuntimePattern : ConvertOpToLLVMPattern<Op> {
  using ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;

protected:
  static LLVM::LLVMPointerType getPointer(ImplicitLocOpBuilder &b) {
    return LLVM::LLVMPointerType::get(b.getContext());
  }
  static Value constant32(ImplicitLocOpBuilder &b, int64_t value) {
    return LLVM::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }
  static Value constant64(ImplicitLocOpBuilder &b, int64_t value) {
    return LLVM::ConstantOp::create(b, b.getI64IntegerAttr(value));
  }
  /// A size of the gpu dialect, of 32 or 64 bits, as the runtime takes it.
  static Value toInt64(ImplicitLocOpBuilder &b, Value size) {
    if (size.getType().isInteger(64))
      return size;
    return LLVM::SExtOp::create(b, b.getI64Type(), size);
  }
  /// An address in any memory space as the plain pointer that C has.
  static Value toPointer(ImplicitLocOpBuilder &b, Value pointer) {
    return toSpace(b, pointer, getPointer(b));
  }
  static Value toSpace(ImplicitLocOpBuilder &b, Value pointer, Type type) {
    if (pointer.getType() == type)
      return pointer;
    Value address = LLVM::PtrToIntOp::create(b, b.getI64Type(), pointer);
    return LLVM::IntToPtrOp::create(b, type, address);
  }

  /// An array on the stack, made in the entry block: code in a loop must not
  /// grow the stack with each iteration.
  static Value allocateStack(ImplicitLocOpBuilder &b, Operation *op, Type type,
                             int64_t count, int64_t alignment) {
    OpBuilder::InsertionGuard guard(b);
    auto function = op->getParentOfType<FunctionOpInterface>();
    b.setInsertionPointToStart(&function.getFunctionBody().front());
    return LLVM::AllocaOp::create(b, getPointer(b), type, constant64(b, count),
                                  alignment);
  }
  /// Writes `values` to an array on the stack.
  static Value createArray(ImplicitLocOpBuilder &b, Operation *op, Type type,
                           ValueRange values) {
    Value array = allocateStack(b, op, type, std::max<size_t>(values.size(), 1),
                                /*alignment=*/8);
    for (auto [i, value] : llvm::enumerate(values)) {
      Value place = LLVM::GEPOp::create(b, getPointer(b), type, array,
                                        ArrayRef<LLVM::GEPArg>{int32_t(i)});
      LLVM::StoreOp::create(b, value, place);
    }
    return array;
  }

  static Value call(ImplicitLocOpBuilder &b, Operation *op, StringRef name,
                    ValueRange arguments, Type result = {}) {
    Operation *module = op->getParentOfType<ModuleOp>();
    if (!result)
      result = LLVM::LLVMVoidType::get(b.getContext());
    FailureOr<LLVM::LLVMFuncOp> function = LLVM::lookupOrCreateFn(
        b, module, name, llvm::to_vector(arguments.getTypes()), result);
    auto call = LLVM::CallOp::create(b, *function, arguments);
    return call.getNumResults() ? call.getResult() : Value();
  }

  /// How many bytes the elements of a contiguous memref take.
  Value getBytes(ImplicitLocOpBuilder &b, MemRefDescriptor memref,
                 MemRefType type) const {
    Type element = type.getElementType();
    Value bytes = constant64(
        b, element.isIndex()
               ? sizeof(int64_t)
               : llvm::divideCeil(element.getIntOrFloatBitWidth(), CHAR_BIT));
    for (int64_t i = 0; i < type.getRank(); ++i)
      bytes = LLVM::MulOp::create(b, bytes, memref.size(b, b.getLoc(), i));
    return bytes;
  }
  Value getStart(ImplicitLocOpBuilder &b, MemRefDescriptor memref,
                 MemRefType type) const {
    return toPointer(
        b, memref.bufferPtr(b, b.getLoc(), *this->getTypeConverter(), type));
  }
};

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

struct LowerAlloc : RuntimePattern<gpu::AllocOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(gpu::AllocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    MemRefType type = op.getType();
    if (op.getAsyncToken() || !type.getLayout().isIdentity())
      return op.emitOpError("with a token or a layout has no lowering");
    if (op.getHostShared())
      return op.emitOpError("of memory that the host shares has no lowering");
    FailureOr<unsigned> space = getTypeConverter()->getMemRefAddressSpace(type);
    if (failed(space) || !getTypeConverter()->convertType(type))
      return op.emitOpError("has no lowering for ") << type;
    SmallVector<Value> sizes, strides;
    Value bytes;
    getMemRefDescriptorSizes(op.getLoc(), type, adaptor.getDynamicSizes(),
                             rewriter, sizes, strides, bytes);
    Value pointer = call(b, op, "fp4rtAlloc", bytes, getPointer(b));
    pointer =
        toSpace(b, pointer, LLVM::LLVMPointerType::get(b.getContext(), *space));
    Value memref = createMemRefDescriptor(op.getLoc(), type, pointer, pointer,
                                          sizes, strides, rewriter);
    rewriter.replaceOp(op, memref);
    return success();
  }
};

struct LowerDealloc : RuntimePattern<gpu::DeallocOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(gpu::DeallocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getAsyncToken())
      return op.emitOpError("with a token has no lowering");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value pointer =
        MemRefDescriptor(adaptor.getMemref()).allocatedPtr(b, op.getLoc());
    call(b, op, "fp4rtFree", toPointer(b, pointer));
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerMemcpy : RuntimePattern<gpu::MemcpyOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(gpu::MemcpyOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto from = dyn_cast<MemRefType>(op.getSrc().getType());
    auto to = dyn_cast<MemRefType>(op.getDst().getType());
    if (!from || !to || op.getAsyncToken() || !from.getLayout().isIdentity() ||
        !to.getLayout().isIdentity())
      return op.emitOpError("with a token or a layout has no lowering");
    if (!from.getElementType().isIntOrIndexOrFloat())
      return op.emitOpError("of elements of type ")
             << from.getElementType() << " has no lowering";
    bool fromDevice = nvvm::isInDeviceMemory(from);
    bool toDevice = nvvm::isInDeviceMemory(to);
    if (!fromDevice && !toDevice)
      return op.emitOpError("expects a buffer in device memory");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    MemRefDescriptor source(adaptor.getSrc()), destination(adaptor.getDst());
    StringRef name = !fromDevice ? "fp4rtCopyToDevice"
                     : !toDevice ? "fp4rtCopyToHost"
                                 : "fp4rtCopyOnDevice";
    call(b, op, name,
         {getStart(b, destination, to), getStart(b, source, from),
          getBytes(b, source, from)});
    // What follows may free the buffer, or write to it.
    if (!fromDevice)
      call(b, op, "fp4rtSynchronize", {}, b.getI32Type());
    rewriter.eraseOp(op);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

struct LowerCreateMap : RuntimePattern<nvgpu::TmaCreateDescriptorOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(nvgpu::TmaCreateDescriptorOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    // The operand is unranked; the rank is in front of the cast.
    auto cast = op.getTensor().getDefiningOp<memref::CastOp>();
    auto type =
        cast ? dyn_cast<MemRefType>(cast.getSource().getType()) : MemRefType();
    SmallVector<int64_t> staticStrides;
    int64_t offset;
    if (!type || failed(type.getStridesAndOffset(staticStrides, offset)) ||
        staticStrides.empty() || staticStrides.back() != 1)
      return op.emitOpError("expects a memref.cast of a memref whose rows are "
                            "contiguous");
    nvgpu::TensorMapDescriptorType map = op.getTensorMap().getType();
    if (!type.getElementType().isIntOrFloat() ||
        type.getElementTypeBitWidth() != 8 ||
        map.getInterleave() != nvgpu::TensorMapInterleaveKind::INTERLEAVE_NONE)
      return op.emitOpError("of elements other than bytes, or interleaved, has "
                            "no lowering");
    if (int64_t(adaptor.getBoxDimensions().size()) != type.getRank())
      return op.emitOpError("expects a box of rank ")
             << type.getRank() << ", but got "
             << adaptor.getBoxDimensions().size();
    Value ranked = rewriter.getRemappedValue(cast.getSource());
    if (!ranked)
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    MemRefDescriptor memref(ranked);
    int64_t rank = type.getRank();
    Value elementBytes =
        constant64(b, type.getElementTypeBitWidth() / CHAR_BIT);
    // Innermost dimension first.
    SmallVector<Value> sizes, strides, box;
    for (int64_t i = rank - 1; i >= 0; --i) {
      sizes.push_back(memref.size(b, op.getLoc(), i));
      if (i != rank - 1)
        strides.push_back(LLVM::MulOp::create(
            b, memref.stride(b, op.getLoc(), i), elementBytes));
      box.push_back(LLVM::TruncOp::create(b, b.getI32Type(),
                                          adaptor.getBoxDimensions()[i]));
    }
    Value result = allocateStack(b, op, b.getI8Type(), nvvm::kTensorMapBytes,
                                 nvvm::kTensorMapAlignment);
    Type i32 = b.getI32Type(), i64 = b.getI64Type();
    // The numbers of nvgpu's enums for swizzle, promotion and fill are those of
    // the driver.
    call(b, op, "fp4rtEncodeTensorMap",
         {result, getStart(b, memref, type),
          constant32(b, int64_t(nvvm::TensorMapDataType::UInt8)),
          constant32(b, rank), createArray(b, op, i64, sizes),
          createArray(b, op, i64, strides), createArray(b, op, i32, box),
          constant32(b, int64_t(map.getSwizzle())),
          constant32(b, int64_t(map.getL2promo())),
          constant32(b, int64_t(map.getOob()))});
    rewriter.replaceOp(op, result);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

struct LowerLaunch : RuntimePattern<gpu::LaunchFuncOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(gpu::LaunchFuncOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getAsyncToken() || !op.getAsyncDependencies().empty())
      return op.emitOpError("with tokens has no lowering");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    // The driver wants the address of each argument. A tensor map is passed by
    // value, and what we have is its address.
    SmallVector<Value> addresses;
    for (auto [operand, converted] :
         llvm::zip_equal(op.getKernelOperands(), adaptor.getKernelOperands())) {
      if (isa<UnrankedMemRefType>(operand.getType()))
        return op.emitOpError("passes an argument of type ")
               << operand.getType() << ", which refers to memory of the host";
      if (isa<nvgpu::TensorMapDescriptorType>(operand.getType())) {
        addresses.push_back(converted);
        continue;
      }
      for (Value argument : getTypeConverter()->promoteOperands(
               op.getLoc(), operand, converted, rewriter))
        addresses.push_back(createArray(b, op, argument.getType(), argument));
    }
    Value params = createArray(b, op, getPointer(b), addresses);
    Value kernel = LLVM::AddressOfOp::create(
        b, getPointer(b),
        nvvm::getKernelSymbol(op.getKernelModuleName(), op.getKernelName()));
    SmallVector<Value> arguments = {kernel,
                                    adaptor.getGridSizeX(),
                                    adaptor.getGridSizeY(),
                                    adaptor.getGridSizeZ(),
                                    adaptor.getBlockSizeX(),
                                    adaptor.getBlockSizeY(),
                                    adaptor.getBlockSizeZ()};
    if (op.hasClusterSize())
      llvm::append_values(arguments, adaptor.getClusterSizeX(),
                          adaptor.getClusterSizeY(), adaptor.getClusterSizeZ());
    else
      arguments.append(3, constant64(b, 0));
    for (Value &size : llvm::drop_begin(arguments))
      size = toInt64(b, size);
    Value shared = adaptor.getDynamicSharedMemorySize();
    Value flags = constant32(b, 0);
    llvm::append_values(arguments, shared ? shared : constant32(b, 0), flags,
                        params);
    call(b, op, "fp4rtLaunch", arguments);
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Holds the module to what the patterns take for granted.
static LogicalResult checkHost(ModuleOp module) {
  for (Operation &op : module.getOps())
    if (auto symbol = dyn_cast<SymbolOpInterface>(op);
        symbol && symbol.getName().starts_with("fp4rt"))
      return op.emitOpError("has the name '")
             << symbol.getName() << "', but names that begin with 'fp4rt' are "
             << "the runtime's";
  WalkResult result = module.walk([](Operation *op) -> WalkResult {
    if (!isa<gpu::LaunchFuncOp, nvgpu::TmaCreateDescriptorOp>(op) ||
        op->getParentOfType<FunctionOpInterface>())
      return WalkResult::advance();
    op->emitOpError("is outside of a function");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

namespace {
struct ConvertHostToRuntimePass
    : fp4::impl::ConvertHostToRuntimePassBase<ConvertHostToRuntimePass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    if (failed(checkHost(getOperation())) ||
        failed(nvvm::convertBinaries(getOperation())))
      return signalPassFailure();
    LLVMTypeConverter converter(context);
    converter.addConversion([context](nvgpu::TensorMapDescriptorType) -> Type {
      return LLVM::LLVMPointerType::get(context);
    });
    RewritePatternSet patterns(context);
    patterns.add<LowerAlloc, LowerDealloc, LowerMemcpy, LowerCreateMap,
                 LowerLaunch>(converter);
    ConversionTarget target(*context);
    target.addLegalDialect<LLVM::LLVMDialect>();
    target.addIllegalOp<gpu::AllocOp, gpu::DeallocOp, gpu::MemcpyOp,
                        gpu::LaunchFuncOp, nvgpu::TmaCreateDescriptorOp>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
