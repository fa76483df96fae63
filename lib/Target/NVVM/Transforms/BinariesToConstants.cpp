//===- BinariesToConstants.cpp - Kernels in the host's code ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BinariesToConstants.h"
#include "fp4/Target/NVVM/Chip.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

static std::string getModuleSymbol(StringRef binary) {
  return (kRuntimeModulePrefix + binary).str();
}

std::string nvvm::getKernelSymbol(StringRef binary, StringRef kernel) {
  return ("fp4rt.kernel." + binary + "." + kernel).str();
}

/// A constant string with a NUL behind it.
static LLVM::GlobalOp createString(ImplicitLocOpBuilder &b, StringRef name,
                                   StringRef text) {
  std::string bytes = text.str() + '\0';
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
  return LLVM::GlobalOp::create(b, type, /*isConstant=*/true,
                                LLVM::Linkage::Internal, name,
                                b.getStringAttr(bytes));
}

/// A struct whose fields `fill` gives.
static LLVM::GlobalOp
createStruct(ImplicitLocOpBuilder &b, StringRef name, LLVM::Linkage linkage,
             LLVM::LLVMStructType type,
             function_ref<SmallVector<Value>(ImplicitLocOpBuilder &)> fill) {
  auto global = LLVM::GlobalOp::create(b, type, /*isConstant=*/false, linkage,
                                       name, Attribute());
  Block *block = b.createBlock(&global.getInitializerRegion());
  b.setInsertionPointToStart(block);
  Value value = LLVM::UndefOp::create(b, type);
  for (auto [i, field] : llvm::enumerate(fill(b)))
    value = LLVM::InsertValueOp::create(b, value, field, i);
  LLVM::ReturnOp::create(b, value);
  b.setInsertionPointAfter(global);
  return global;
}

/// Holds a launch to what a block of the chip may have: the driver would answer
/// only that some value is invalid.
static LogicalResult checkLaunch(gpu::LaunchFuncOp launch, const Chip &chip) {
  int64_t threads = 1;
  gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
  for (Value size : {block.x, block.y, block.z})
    if (std::optional<int64_t> known = getConstantIntValue(size)) {
      bool overflows = llvm::MulOverflow(threads, *known, threads);
      if (overflows || threads > chip.getMaxThreadsPerBlock())
        return launch.emitOpError("launches blocks of more than ")
               << chip.getMaxThreadsPerBlock() << " threads";
    }
  Value shared = launch.getDynamicSharedMemorySize();
  std::optional<int64_t> bytes =
      shared ? getConstantIntValue(shared) : std::nullopt;
  int64_t limit = chip.getMaxSharedMemoryPerBlock();
  if (bytes && (*bytes < 0 || *bytes > limit))
    return launch.emitOpError("asks for ")
           << *bytes << " bytes of shared memory, but a block of chip "
           << chip.getName() << " has " << limit;
  return success();
}

/// The most dynamic shared memory that any launch of the kernel asks for.
static FailureOr<int64_t> getSharedBytes(ArrayRef<gpu::LaunchFuncOp> launches) {
  int64_t most = 0;
  for (gpu::LaunchFuncOp launch : launches)
    if (Value size = launch.getDynamicSharedMemorySize()) {
      std::optional<int64_t> bytes = getConstantIntValue(size);
      if (!bytes)
        return launch.emitOpError("expects a constant size of its dynamic "
                                  "shared memory");
      most = std::max(most, *bytes);
    }
  return most;
}

/// Replaces a binary with an FP4RTModule and an FP4RTKernel for each kernel
/// that is launched.
static LogicalResult
convertBinary(gpu::BinaryOp binary,
              const llvm::MapVector<StringAttr, SmallVector<gpu::LaunchFuncOp>>
                  &launches) {
  ImplicitLocOpBuilder b(binary.getLoc(), binary);
  auto object =
      dyn_cast<gpu::ObjectAttr>(binary.getObjects().getValue().front());
  if (!object || object.getFormat() == gpu::CompilationTarget::Offload)
    return binary.emitOpError("expects an object of PTX or machine code");
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  std::string prefix = "fp4rt.image." + binary.getName().str();
  StringRef image = object.getObject().getValue();
  if (object.getFormat() == gpu::CompilationTarget::Assembly)
    image = image.rtrim('\0');
  LLVM::GlobalOp imageGlobal = createString(b, prefix, image);
  LLVM::GlobalOp nameGlobal =
      createString(b, prefix + ".name", binary.getName());
  LLVM::GlobalOp module = createStruct(
      b, getModuleSymbol(binary.getName()), LLVM::Linkage::External,
      LLVM::LLVMStructType::getLiteral(b.getContext(),
                                       {pointer, i64, pointer, pointer}),
      [&](ImplicitLocOpBuilder &b) -> SmallVector<Value> {
        return {LLVM::AddressOfOp::create(b, imageGlobal),
                LLVM::ConstantOp::create(b, b.getI64IntegerAttr(image.size())),
                LLVM::AddressOfOp::create(b, nameGlobal),
                LLVM::ZeroOp::create(b, pointer)};
      });
  auto target = dyn_cast<NVVM::NVVMTargetAttr>(object.getTarget());
  llvm::Expected<const Chip *> chip =
      Chip::lookup(target ? target.getChip() : StringRef());
  if (!chip)
    return binary.emitOpError(llvm::toString(chip.takeError()));
  for (const auto &[kernel, ops] : launches) {
    for (gpu::LaunchFuncOp launch : ops)
      if (failed(checkLaunch(launch, **chip)))
        return failure();
    FailureOr<int64_t> bytes = getSharedBytes(ops);
    if (failed(bytes))
      return failure();
    std::string symbol = getKernelSymbol(binary.getName(), kernel);
    LLVM::GlobalOp name = createString(b, symbol + ".name", kernel);
    createStruct(
        b, symbol, LLVM::Linkage::Internal,
        LLVM::LLVMStructType::getLiteral(b.getContext(),
                                         {pointer, pointer, pointer, i32}),
        [&](ImplicitLocOpBuilder &b) -> SmallVector<Value> {
          return {LLVM::AddressOfOp::create(b, module),
                  LLVM::AddressOfOp::create(b, name),
                  LLVM::ZeroOp::create(b, pointer),
                  LLVM::ConstantOp::create(b, b.getI32IntegerAttr(*bytes))};
        });
  }
  binary.erase();
  return success();
}

LogicalResult nvvm::convertBinaries(ModuleOp module) {
  llvm::MapVector<StringAttr,
                  llvm::MapVector<StringAttr, SmallVector<gpu::LaunchFuncOp>>>
      launches;
  module.walk([&](gpu::LaunchFuncOp op) {
    launches[op.getKernelModuleName()][op.getKernelName()].push_back(op);
  });
  for (auto &[name, kernels] : launches) {
    auto binary = module.lookupSymbol<gpu::BinaryOp>(name);
    if (!binary)
      return kernels.front().second.front().emitOpError(
                 "launches a kernel of '")
             << name.getValue()
             << "', which is not a gpu.binary; run --gpu-module-to-binary "
                "first";
    if (failed(convertBinary(binary, kernels)))
      return failure();
  }
  for (auto binary : llvm::make_early_inc_range(module.getOps<gpu::BinaryOp>()))
    binary.erase();
  module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  return success();
}
