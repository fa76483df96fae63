//===- ConvertKernelsToNVVM.cpp - Kernels to the NVVM dialect -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckChip.h"
#include "fp4/Conversion/TCGen05ToNVVM.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/NVVM/Descriptors.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_CONVERTKERNELSTONVVMPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// The natural boundary of the 128-byte swizzle's pattern: what the dynamic
/// shared memory of a kernel has to be aligned to.
static constexpr int64_t kSharedAlignment = 1024;
/// On every chip; a block has to opt in to more, which is dynamic then.
static constexpr int64_t kMaxStaticSharedBytes = 48 * 1024;

/// scf, affine and subviews to what has a direct lowering.
static LogicalResult expand(gpu::GPUModuleOp module) {
  RewritePatternSet shapes(module.getContext());
  populateLowerExpandShapesPatterns(shapes);
  walkAndApplyPatterns(module, std::move(shapes));
  RewritePatternSet patterns(module.getContext());
  memref::populateExpandStridedMetadataPatterns(patterns);
  populateAffineToStdConversionPatterns(patterns);
  populateSCFToControlFlowConversionPatterns(patterns);
  return applyPatternsGreedily(module, std::move(patterns));
}

/// Marks the arguments that were tensor maps: passed by value, in the constant
/// bank, where tile loads read them.
static void setTensorMapAttrs(gpu::GPUModuleOp module,
                              ArrayRef<std::pair<StringAttr, unsigned>> maps) {
  MLIRContext *context = module.getContext();
  Builder builder(context);
  auto bytes =
      LLVM::LLVMArrayType::get(builder.getI8Type(), nvvm::kTensorMapBytes);
  for (auto [name, argument] : maps) {
    auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
    kernel.setArgAttr(argument, LLVM::LLVMDialect::getByValAttrName(),
                      TypeAttr::get(bytes));
    kernel.setArgAttr(argument, LLVM::LLVMDialect::getAlignAttrName(),
                      builder.getI64IntegerAttr(nvvm::kTensorMapAlignment));
    kernel.setArgAttr(argument, NVVM::NVVMDialect::getGridConstantAttrName(),
                      builder.getUnitAttr());
  }
}

/// The arguments of kernels that are tensor maps, by their place behind the
/// conversion.
static SmallVector<std::pair<StringAttr, unsigned>>
findTensorMaps(gpu::GPUModuleOp module, const LLVMTypeConverter &converter) {
  SmallVector<std::pair<StringAttr, unsigned>> maps;
  for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
    TypeConverter::SignatureConversion places(kernel.getNumArguments());
    // What has no type there is refused by the conversion.
    if (!converter.convertFunctionSignature(
            kernel.getFunctionType(), /*isVariadic=*/false,
            /*useBarePtrCallConv=*/false, places))
      continue;
    for (auto [i, type] : llvm::enumerate(kernel.getArgumentTypes()))
      if (isa<nvgpu::TensorMapDescriptorType>(type))
        maps.push_back(
            {kernel.getNameAttr(), places.getInputMapping(i)->inputNo});
  }
  return maps;
}

/// Attaches the target. The verifier of upstream knows sm_100a only, and the
/// default version of PTX lacks what the chip has.
static void setTarget(gpu::GPUModuleOp module, const nvvm::Chip &chip) {
  auto target = NVVM::NVVMTargetAttr::get(
      module.getContext(), /*optLevel=*/3, "nvptx64-nvidia-cuda",
      chip.getName(), chip.getTargetFeatures(), /*targetFlags=*/nullptr,
      /*linkFiles=*/nullptr, /*verifyTarget=*/false);
  module.setTargetsAttr(ArrayAttr::get(module.getContext(), {target}));
}

static bool isShared(LLVM::GlobalOp global) {
  return global.getAddrSpace() ==
         static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared);
}

/// The launch decides how large the dynamic shared memory is: to the kernel it
/// is an external array of no size. Upstream makes it internal.
static void declareDynamicSharedMemory(gpu::GPUModuleOp module) {
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    auto type = dyn_cast<LLVM::LLVMArrayType>(global.getType());
    if (!type || type.getNumElements() != 0 || !isShared(global))
      continue;
    global.setLinkage(LLVM::Linkage::External);
    global.setAlignment(kSharedAlignment);
  }
}

/// Whether the layout of data says how large `type` is: for others, it ends the
/// process.
static bool hasFixedSize(Type type) {
  return llvm::TypeSwitch<Type, bool>(type)
      .Case([](LLVM::LLVMArrayType array) {
        return hasFixedSize(array.getElementType());
      })
      .Case([](LLVM::LLVMStructType structure) {
        return !structure.isOpaque() &&
               llvm::all_of(structure.getBody(), hasFixedSize);
      })
      .Case([](VectorType vector) {
        return !vector.isScalable() && hasFixedSize(vector.getElementType());
      })
      .Case([](LLVM::LLVMPointerType) { return true; })
      .Default([](Type type) { return type.isIntOrFloat(); });
}

/// Holds the shared memory of fixed size that each kernel names to what the
/// assembler takes.
static LogicalResult checkStaticSharedMemory(gpu::GPUModuleOp module) {
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (isShared(global) && !hasFixedSize(global.getType()))
      return global.emitOpError("in shared memory has no fixed size: ")
             << global.getType();
  DataLayout layout(module);
  SymbolTable symbols(module);
  for (auto kernel : module.getOps<LLVM::LLVMFuncOp>()) {
    llvm::SmallPtrSet<Operation *, 4> globals;
    int64_t bytes = 0;
    kernel.walk([&](LLVM::AddressOfOp address) {
      auto global = symbols.lookup<LLVM::GlobalOp>(address.getGlobalName());
      if (global && isShared(global) && globals.insert(global).second)
        bytes += layout.getTypeSize(global.getType()).getFixedValue();
    });
    if (bytes > kMaxStaticSharedBytes)
      return kernel.emitOpError("has ")
             << bytes << " bytes of shared memory of fixed size, but there are "
             << kMaxStaticSharedBytes << "; more has to be dynamic";
  }
  return success();
}

namespace {
struct ConvertKernelsToNVVMPass
    : fp4::impl::ConvertKernelsToNVVMPassBase<ConvertKernelsToNVVMPass> {
  using ConvertKernelsToNVVMPassBase::ConvertKernelsToNVVMPassBase;

  void runOnOperation() override {
    gpu::GPUModuleOp module = getOperation();
    llvm::Expected<const nvvm::Chip *> found = nvvm::Chip::lookup(chip);
    if (!found) {
      module.emitError() << llvm::toString(found.takeError());
      return signalPassFailure();
    }
    if (failed(nvvm::checkOps(module, **found)) || failed(expand(module)) ||
        failed(convert(module)) || failed(nvvm::checkOps(module, **found)) ||
        failed(checkStaticSharedMemory(module)))
      return signalPassFailure();
    setTarget(module, **found);
  }

  static LogicalResult convert(gpu::GPUModuleOp module);
};
} // namespace

LogicalResult ConvertKernelsToNVVMPass::convert(gpu::GPUModuleOp module) {
  MLIRContext *context = module.getContext();
  LowerToLLVMOptions options(context);
  LLVMTypeConverter converter(context, options);
  nvgpu::populateCommonGPUTypeAndAttributeConversions(converter);
  converter.addConversion([&](nvgpu::MBarrierGroupType type) {
    return converter.convertType(nvgpu::getMBarrierMemrefType(context, type));
  });
  converter.addConversion([&](nvgpu::TensorMapDescriptorType) -> Type {
    return LLVM::LLVMPointerType::get(context);
  });
  auto maps = findTensorMaps(module, converter);

  RewritePatternSet patterns(context);
  populateTCGen05ToNVVMPatterns(converter, patterns);
  populateNVGPUToNVVMConversionPatterns(converter, patterns);
  populateGpuToNVVMConversionPatterns(converter, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
  populateVectorToLLVMConversionPatterns(converter, patterns);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  index::populateIndexToLLVMConversionPatterns(converter, patterns);
  populateMathToLLVMConversionPatterns(converter, patterns);
  populateFuncToLLVMConversionPatterns(converter, patterns);

  ConversionTarget target(*context);
  target.addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect>();
  target.addLegalOp<gpu::GPUModuleOp>();
  if (failed(applyFullConversion(module, target, std::move(patterns))))
    return failure();
  setTensorMapAttrs(module, maps);
  declareDynamicSharedMemory(module);
  return success();
}
