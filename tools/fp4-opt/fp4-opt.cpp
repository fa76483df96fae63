//===- fp4-opt.cpp - The fp4 optimizer driver -----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mlir-opt with fp4.
//
//===----------------------------------------------------------------------===//

#include "fp4/InitAll.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#ifdef FP4_INCLUDE_TESTS
#include "TestPasses.h"
#endif

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::fp4::registerEverything(registry);
#ifdef FP4_INCLUDE_TESTS
  mlir::fp4::registerTestLaunchToLoopsPass();
#endif
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "fp4 optimizer driver\n", registry));
}
