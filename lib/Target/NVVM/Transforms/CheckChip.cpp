//===- CheckChip.cpp - Whether a chip has what a kernel uses --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckChip.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/NVVM/Passes.h"
#include "fp4/Target/NVVM/Requirements.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Target/LLVMIR/LLVMTranslationInterface.h"
#include "mlir/Target/LLVMIR/ModuleTranslation.h"
#include "mlir/Transforms/DialectConversion.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4CHECKKERNELSPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

/// On each op of the copy that is translated: its instructions are looked at.
static constexpr StringLiteral kCheckAttrName = "tcgen05.check";

static LogicalResult refuse(Operation *op, const Twine &what,
                            const Chip &chip) {
  return op->emitOpError("needs ")
         << what << ", which chip " << chip.getName() << " does not have";
}

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

FailureOr<const Chip *> nvvm::getTargetChip(gpu::GPUModuleOp module) {
  ArrayAttr targets = module.getTargetsAttr();
  if (!targets || targets.size() != 1)
    return module.emitError("expects one target to make code for, but has ")
           << (targets ? targets.size() : 0)
           << "; --convert-kernels-to-nvvm gives it one";
  auto target = dyn_cast<NVVM::NVVMTargetAttr>(targets[0]);
  if (!target)
    return module.emitError("expects a target #nvvm.target, but got ")
           << targets[0];
  llvm::Expected<const Chip *> chip = Chip::lookup(target.getChip());
  if (!chip)
    return module.emitError(llvm::toString(chip.takeError()));
  if (target.getTriple() != "nvptx64-nvidia-cuda")
    return module.emitError(
               "expects the triple 'nvptx64-nvidia-cuda', but got '")
           << target.getTriple() << "'";
  // LLVM takes its own default, which lacks what the chip has, where it does
  // not know a feature.
  StringRef features = target.getFeatures();
  unsigned version;
  if (!features.consume_front("+ptx") || features.getAsInteger(10, version) ||
      version < (*chip)->getMinPTXVersion() || version > kMaxPTXVersion)
    return module.emitError("expects the features to be the version of PTX, "
                            "'+ptx")
           << (*chip)->getMinPTXVersion() << "' to '+ptx" << kMaxPTXVersion
           << "' for chip " << (*chip)->getName() << ", but got '"
           << target.getFeatures() << "'";
  return *chip;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static LogicalResult checkOp(Operation *op, const Chip &chip) {
  StringRef name = op->getName().getStringRef();
  if (isa_and_nonnull<tcgen05::TCGen05Dialect>(op->getDialect()) &&
      !chip.hasTensorMemory())
    return refuse(op, "tensor memory (tcgen05)", chip);
  if (name.starts_with("nvgpu.tma.") && !chip.hasTMA())
    return refuse(op, "tile loads (TMA)", chip);
  if (name.starts_with("nvgpu.warpgroup.") && !chip.has(MMAKind::WGMMA))
    return refuse(op, "warpgroup products (wgmma)", chip);
  if (isa<nvgpu::MBarrierArriveExpectTxOp>(op) && !chip.hasMBarrierTx())
    return refuse(op, "barriers that count bytes (mbarrier tx)", chip);
  if (isa<gpu::ClusterIdOp, gpu::ClusterDimOp, gpu::ClusterBlockIdOp,
          gpu::ClusterDimBlocksOp>(op) &&
      !chip.hasClusters())
    return refuse(op, "clusters", chip);
  if (auto call = dyn_cast<LLVM::CallIntrinsicOp>(op))
    name = call.getIntrin();
  else if (!isa_and_nonnull<NVVM::NVVMDialect>(op->getDialect()))
    return success();
  if (std::optional<std::string> what = getMissing(name, chip))
    return refuse(op, *what, chip);
  return success();
}

LogicalResult nvvm::checkOps(gpu::GPUModuleOp module, const Chip &chip) {
  WalkResult result = module.walk([&](Operation *op) {
    return failed(checkOp(op, chip)) ? WalkResult::interrupt()
                                     : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// Types that the back end has no registers for.
static bool isForeignType(llvm::Type *type) {
  if (type->isX86_FP80Ty() || type->isPPC_FP128Ty() || type->isFP128Ty() ||
      type->isX86_AMXTy() || type->isTargetExtTy() || type->isScalableTy())
    return true;
  return llvm::any_of(type->subtypes(), isForeignType);
}

/// Whether the back end has code for a function of math; for some, only for the
/// approximation that the chip has an instruction for. It calls no library.
static bool hasMath(const llvm::IntrinsicInst &call) {
  llvm::Type *type = call.getType()->getScalarType();
  switch (call.getIntrinsicID()) {
  case llvm::Intrinsic::sin:
  case llvm::Intrinsic::cos:
  case llvm::Intrinsic::tanh:
    return !type->isDoubleTy() && call.hasApproxFunc();
  case llvm::Intrinsic::exp2:
    return !type->isDoubleTy();
  case llvm::Intrinsic::canonicalize:
    return !type->isBFloatTy();
  case llvm::Intrinsic::acos:
  case llvm::Intrinsic::asin:
  case llvm::Intrinsic::atan:
  case llvm::Intrinsic::atan2:
  case llvm::Intrinsic::cosh:
  case llvm::Intrinsic::exp:
  case llvm::Intrinsic::exp10:
  case llvm::Intrinsic::log:
  case llvm::Intrinsic::log10:
  case llvm::Intrinsic::log2:
  case llvm::Intrinsic::pow:
  case llvm::Intrinsic::powi:
  case llvm::Intrinsic::sincos:
  case llvm::Intrinsic::sincospi:
  case llvm::Intrinsic::sinh:
  case llvm::Intrinsic::tan:
  case llvm::Intrinsic::matrix_multiply:
  case llvm::Intrinsic::matrix_transpose:
  case llvm::Intrinsic::matrix_column_major_load:
  case llvm::Intrinsic::matrix_column_major_store:
    return false;
  default:
    return true;
  }
}

/// What is not an intrinsic of the chip.
static LogicalResult checkGeneric(Operation *op,
                                  const llvm::Instruction &instruction,
                                  const Chip &chip) {
  auto is128 = [](llvm::Type *type) {
    return type->isSized() && !type->isAggregateType() &&
           type->getPrimitiveSizeInBits() > 64;
  };
  if (auto *call = dyn_cast<llvm::IntrinsicInst>(&instruction);
      call && !hasMath(*call))
    return op->emitOpError("has no code on NVIDIA chips, which have no library "
                           "of math functions; '")
           << call->getCalledFunction()->getName()
           << "' has to be lowered before";
  if (isa<llvm::IndirectBrInst>(instruction))
    return op->emitOpError("jumps to an address, which NVIDIA chips cannot");
  if (instruction.isAtomic() && (is128(instruction.getType()) ||
                                 llvm::any_of(instruction.operand_values(),
                                              [&](const llvm::Value *value) {
                                                return is128(value->getType());
                                              })))
    return op->emitOpError("is atomic on more than 64 bits");
  if (auto *alloca = dyn_cast<llvm::AllocaInst>(&instruction);
      alloca && !alloca->isStaticAlloca() && chip.getMinPTXVersion() < 73)
    return refuse(op, "a stack whose size is not constant", chip);
  if (auto *cast = dyn_cast<llvm::AddrSpaceCastInst>(&instruction))
    for (unsigned space :
         {cast->getSrcAddressSpace(), cast->getDestAddressSpace()})
      if (space == static_cast<unsigned>(NVVM::NVVMMemorySpace::Tensor))
        return op->emitOpError("casts an address of tensor memory to another "
                               "space");
  return success();
}

/// The forms of copies for pairs of blocks.
static bool isForPairs(const llvm::IntrinsicInst &call) {
  StringRef name = call.getCalledFunction()->getName();
  if (!name.consume_front("llvm.nvvm.cp.async.bulk.tensor.g2s.") ||
      name.starts_with("cta."))
    return false;
  auto *group =
      dyn_cast<llvm::ConstantInt>(call.getArgOperand(call.arg_size() - 1));
  return group && !group->isZero();
}

/// The constant of the first argument of `call` that has to be one.
static uint64_t getImmediate(const llvm::IntrinsicInst &call) {
  for (unsigned i = 0; i < call.arg_size(); ++i)
    if (call.paramHasAttr(i, llvm::Attribute::ImmArg))
      if (auto *value = dyn_cast<llvm::ConstantInt>(call.getArgOperand(i)))
        return value->getZExtValue();
  return 0;
}

/// Forms of an intrinsic that others of its forms' chips lack, by its
/// constants.
static LogicalResult checkForm(Operation *op, const llvm::IntrinsicInst &call,
                               const Chip &chip) {
  if (isForPairs(call) && !chip.hasTensorMemory())
    return refuse(op, "copies for pairs of blocks (cta_group)", chip);
  StringRef name = call.getCalledFunction()->getName();
  constexpr uint64_t kindI8 = 3;
  if (name.starts_with("llvm.nvvm.tcgen05.mma.") &&
      !name.contains(".block_scale") && getImmediate(call) == kindI8 &&
      !chip.runsOn(10, 0))
    return refuse(op, "products of integers (kind::i8)", chip);
  if (name.starts_with("llvm.nvvm.st.bulk.") && getImmediate(call) != 0)
    return op->emitOpError("stores zeros only");
  return success();
}

static LogicalResult checkInstruction(Operation *op,
                                      const llvm::Instruction &instruction,
                                      const Chip &chip) {
  if (isForeignType(instruction.getType()) ||
      llvm::any_of(instruction.operand_values(), [](const llvm::Value *value) {
        return isForeignType(value->getType());
      }))
    return op->emitOpError("uses a type that NVIDIA chips do not have");
  if (failed(checkGeneric(op, instruction, chip)))
    return failure();
  auto *call = dyn_cast<llvm::IntrinsicInst>(&instruction);
  if (!call)
    return success();
  if (failed(checkForm(op, *call, chip)))
    return failure();
  StringRef name = call->getCalledFunction()->getName();
  if (llvm::Intrinsic::isTargetIntrinsic(call->getIntrinsicID()) &&
      !name.starts_with("llvm.nvvm."))
    return op->emitOpError("is '")
           << name << "', an instruction of another architecture";
  if (std::optional<std::string> what = getMissing(name, chip))
    return refuse(op, *what, chip);
  return success();
}

namespace {
/// Sees each op's instructions as they are made.
struct CheckInterface : LLVMTranslationDialectInterface {
  using LLVMTranslationDialectInterface::LLVMTranslationDialectInterface;

  LogicalResult amendOperation(Operation *op,
                               ArrayRef<llvm::Instruction *> instructions,
                               NamedAttribute attribute,
                               LLVM::ModuleTranslation &) const override {
    if (attribute.getName() != kCheckAttrName)
      return success();
    auto name = dyn_cast<StringAttr>(attribute.getValue());
    llvm::Expected<const Chip *> chip =
        Chip::lookup(name ? name.getValue() : StringRef());
    if (!chip)
      return op->emitOpError(llvm::toString(chip.takeError()));
    for (llvm::Instruction *instruction : instructions)
      if (failed(checkInstruction(op, *instruction, **chip)))
        return failure();
    return success();
  }
};
} // namespace

void fp4::registerCheckKernelsTranslation(DialectRegistry &registry) {
  registry.insert<tcgen05::TCGen05Dialect>();
  registry.addExtension(+[](MLIRContext *, tcgen05::TCGen05Dialect *dialect) {
    dialect->addInterfaces<CheckInterface>();
  });
}

LogicalResult nvvm::checkInstructions(gpu::GPUModuleOp module,
                                      const Chip &chip) {
  OwningOpRef<gpu::GPUModuleOp> copy = module.clone();
  auto name = StringAttr::get(module.getContext(), chip.getName());
  copy->walk([&](Operation *op) {
    if (op != copy->getOperation())
      op->setDiscardableAttr(kCheckAttrName, name);
  });
  // What becomes inline PTX has no translation of its own.
  ConversionTarget target(*module.getContext());
  target.addLegalDialect<LLVM::LLVMDialect>();
  RewritePatternSet patterns(module.getContext());
  populateNVVMToLLVMConversionPatterns(patterns);
  if (failed(applyPartialConversion(copy->getOperation(), target,
                                    std::move(patterns))))
    return failure();
  // Of what only LLVM's verifier finds, the translation says nothing here.
  bool isExplained = false;
  ScopedDiagnosticHandler handler(
      module.getContext(), [&](Diagnostic &diagnostic) {
        isExplained |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
        return failure();
      });
  llvm::LLVMContext context;
  if (translateModuleToLLVMIR(*copy, context))
    return success();
  return isExplained ? failure()
                     : module.emitError("has no valid form in LLVM IR");
}

namespace {
struct FP4CheckKernelsPass
    : fp4::impl::FP4CheckKernelsPassBase<FP4CheckKernelsPass> {
  void runOnOperation() override {
    gpu::GPUModuleOp module = getOperation();
    FailureOr<const Chip *> chip = getTargetChip(module);
    if (failed(chip) || failed(checkOps(module, **chip)) ||
        failed(checkInstructions(module, **chip)))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
