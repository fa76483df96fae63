//===- NameKernels.cpp - Names for kernels --------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/Passes.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4NAMEKERNELSPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// `name` with what PTX does not take in an identifier replaced.
static std::string getIdentifier(StringRef name) {
  std::string result;
  for (char c : name)
    result += llvm::isAlnum(c) || c == '_' ? c : '_';
  if (result.empty() || llvm::isDigit(result.front()))
    result.insert(0, "k_");
  return result;
}

namespace {
struct FP4NameKernelsPass
    : fp4::impl::FP4NameKernelsPassBase<FP4NameKernelsPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    SymbolTable symbols(getOperation());
    std::string module = "kernels";
    for (unsigned i = 0; symbols.lookup(module); ++i)
      module = "kernels_" + std::to_string(i);

    llvm::StringSet<> names;
    getOperation()->walk([&](gpu::LaunchOp launch) {
      auto function = launch->getParentOfType<FunctionOpInterface>();
      FlatSymbolRefAttr hint = launch.getFunctionAttr();
      std::string base =
          getIdentifier(((function ? function.getName() : StringRef("module")) +
                         "_" + (hint ? hint.getValue() : StringRef("kernel")))
                            .str());
      std::string name = base;
      for (unsigned i = 1; !names.insert(name).second; ++i)
        name = base + "_" + std::to_string(i);
      launch.setModuleAttr(FlatSymbolRefAttr::get(context, module));
      launch.setFunctionAttr(FlatSymbolRefAttr::get(context, name));
    });
  }
};
} // namespace
