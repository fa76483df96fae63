//===- CPU.cpp - CPUs that code is generated for --------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/CPU/CPU.h"
#include "fp4/Support/Error.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include <mutex>

using namespace mlir::fp4;
using namespace mlir::fp4::cpu;
using llvm::StringRef;

static const llvm::Target *lookupTarget(const llvm::Triple &triple,
                                        std::string &message) {
  static std::once_flag initialized;
  std::call_once(initialized, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
  });
  return llvm::TargetRegistry::lookupTarget(triple, message);
}

/// What the vectors of the CPU lowering are for: pointers and the order of
/// bytes are no different there.
static bool isSupported(const llvm::Triple &triple) {
  switch (triple.getArch()) {
  case llvm::Triple::aarch64:
  case llvm::Triple::loongarch64:
  case llvm::Triple::ppc64le:
  case llvm::Triple::riscv64:
  case llvm::Triple::x86_64:
    return true;
  default:
    return false;
  }
}

/// The features that the host reports, each with its sign.
static void addHostFeatures(llvm::SubtargetFeatures &features) {
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.AddFeature(feature.getKey(), feature.getValue());
}

/// Adds "+a,-b" to `features`, if the table of the target has them.
static llvm::Error addFeatures(llvm::SubtargetFeatures &features,
                               StringRef list,
                               const llvm::MCSubtargetInfo &known) {
  llvm::SubtargetFeatures asked(list);
  for (const std::string &feature : asked.getFeatures()) {
    bool isKnown =
        llvm::any_of(known.getAllProcessorFeatures(), [&](const auto &entry) {
          return llvm::SubtargetFeatures::StripFlag(feature) == entry.Key;
        });
    if (!isKnown)
      return makeError("'{0}' is not a feature of {1}", feature,
                       known.getTargetTriple().getArchName());
    features.AddFeature(feature);
  }
  return llvm::Error::success();
}

static DotProduct chooseDotProduct(const llvm::Triple &triple,
                                   const llvm::MCSubtargetInfo &target) {
  if (triple.isX86()) {
    if (target.checkFeatures("+avx512vnni,+avx512bw,+avx512vl"))
      return DotProduct::AVX512VNNI;
    if (target.checkFeatures("+avxvnni,+avx2"))
      return DotProduct::AVXVNNI;
    if (target.checkFeatures("+avx2,+fma"))
      return DotProduct::AVX2;
  }
  if (triple.isAArch64() && target.checkFeatures("+dotprod,+neon"))
    return target.checkFeatures("+i8mm") ? DotProduct::NEONMatrix
                                         : DotProduct::NEONDot;
  return DotProduct::Portable;
}

llvm::Expected<CPU> CPU::create(StringRef triple, StringRef name,
                                StringRef features) {
  CPU cpu;
  llvm::Triple host(llvm::sys::getProcessTriple());
  cpu.triple =
      triple.empty() ? host : llvm::Triple(llvm::Triple::normalize(triple));
  std::string message;
  const llvm::Target *target = lookupTarget(cpu.triple, message);
  if (!target)
    return makeError("triple '{0}' is not known: {1}", triple, message);
  if (!isSupported(cpu.triple))
    return makeError("triple '{0}' is of no CPU that code is generated for: "
                     "aarch64, loongarch64, powerpc64le, riscv64 and x86_64 "
                     "are",
                     triple);
  std::unique_ptr<llvm::MCSubtargetInfo> known(
      target->createMCSubtargetInfo(cpu.triple, "", ""));
  llvm::SubtargetFeatures all;
  bool isHost = cpu.triple.getArch() == host.getArch();
  if (name.empty() && isHost) {
    cpu.name = llvm::sys::getHostCPUName().str();
    addHostFeatures(all);
  } else if (name.empty()) {
    cpu.name = cpu.triple.isX86() ? "x86-64" : "generic";
  } else if (!known->isCPUStringValid(name)) {
    return makeError("'{0}' is not a CPU of {1}", name,
                     cpu.triple.getArchName());
  } else {
    cpu.name = name.str();
  }
  if (llvm::Error error = addFeatures(all, features, *known))
    return error;
  cpu.features = all.getString();
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      target->createMCSubtargetInfo(cpu.triple, cpu.name, cpu.features));
  cpu.dot = chooseDotProduct(cpu.triple, *subtarget);
  cpu.bf16Dot = cpu.dot == DotProduct::AVX512VNNI &&
                subtarget->checkFeatures("+avx512bf16");
  return cpu;
}

mlir::FailureOr<CPU> CPU::create(Operation *op, StringRef triple,
                                 StringRef name, StringRef features) {
  llvm::Expected<CPU> cpu = create(triple, name, features);
  if (cpu)
    return std::move(*cpu);
  emitError(op->getLoc()) << llvm::toString(cpu.takeError());
  return failure();
}

/// Whether LLVM picks instructions of the feature by itself. Others, such as
/// those of an operating system, do a process no harm.
static bool isPickedByLLVM(const llvm::Triple &triple, StringRef feature) {
  if (!triple.isX86())
    return true;
  return llvm::any_of(
      llvm::ArrayRef<StringRef>({"avx", "bmi", "f16c", "fma", "lzcnt", "movbe",
                                 "popcnt", "sse", "ssse", "xop"}),
      [&](StringRef prefix) { return feature.starts_with(prefix); });
}

llvm::Error CPU::checkRunsHere() const {
  std::string message;
  const llvm::Target *target = lookupTarget(triple, message);
  if (!target)
    return makeError("{0}", message);
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      target->createMCSubtargetInfo(triple, name, features));
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    if (!feature.getValue() && isPickedByLLVM(triple, feature.getKey()) &&
        subtarget->checkFeatures(("+" + feature.getKey()).str()))
      return makeError("CPU {0} has {1}, and this machine does not", name,
                       feature.getKey());
  return llvm::Error::success();
}

StringRef cpu::stringifyDotProduct(DotProduct dot) {
  switch (dot) {
  case DotProduct::AVX512VNNI:
    return "AVX-512 VNNI";
  case DotProduct::AVXVNNI:
    return "AVX-VNNI";
  case DotProduct::AVX2:
    return "AVX2";
  case DotProduct::NEONMatrix:
    return "NEON matrix product";
  case DotProduct::NEONDot:
    return "NEON dot product";
  case DotProduct::Portable:
    return "portable vectors";
  }
  llvm_unreachable("not in the list");
}

Tile CPU::getTile() const {
  // Prefill: two sums for each row and vector, one vector of weights each, and
  // the broadcast activation: 27 of 32 registers, 15 of 16. A batch: one sum
  // for each row and vector, and the weights of a group of 16, 4 vectors each:
  // 26 of 32, and the rest for the rows on their way. Decode: as prefill, with
  // two vectors of weights each.
  switch (dot) {
  case DotProduct::AVX512VNNI:
    return {16, 2, 6, 8, 4};
  case DotProduct::AVXVNNI:
  case DotProduct::AVX2:
    return {8, 2, 3, 3, 2};
  case DotProduct::NEONMatrix:
  case DotProduct::NEONDot:
    return {4, 2, 6, 6, 4};
  case DotProduct::Portable:
    return {4, 2, 3, 3, 2};
  }
  llvm_unreachable("not in the list");
}

int64_t CPU::getVectorBytes() const { return getTile().lanes * 4; }

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
CPU::createTargetMachine() const {
  std::string message;
  const llvm::Target *target = lookupTarget(triple, message);
  if (!target)
    return makeError("{0}", message);
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, name, features, llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Default, /*JIT=*/true));
  if (!machine)
    return makeError("no code generation for {0}", triple.str());
  return std::move(machine);
}
