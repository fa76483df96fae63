//===- fp4-opt.cpp - The fp4 optimizer driver -----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mlir-opt with fp4, and a switch that prints the table of strategies.
//
//===----------------------------------------------------------------------===//

#include "fp4/InitAll.h"
#include "fp4/Target/Strategies.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#ifdef FP4_INCLUDE_TESTS
#include "TestPasses.h"
#endif
#include "llvm/Support/CommandLine.h"

static llvm::cl::opt<bool> printStrategies(
    "fp4-print-strategies",
    llvm::cl::desc("Print the strategies that lower fp4 ops, and exit"));

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::fp4::registerEverything(registry);
#ifdef FP4_INCLUDE_TESTS
  mlir::fp4::registerTestLaunchToLoopsPass();
#endif
  auto [input, output] = mlir::registerAndParseCLIOptions(
      argc, argv, "fp4 optimizer driver\n", registry);
  if (printStrategies) {
    mlir::fp4::printStrategies(llvm::outs());
    return 0;
  }
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, input, output, registry));
}
