//===- fp4-translate.cpp - The fp4 translation driver ---------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mlir-translate with what the project imports and exports.
//
//===----------------------------------------------------------------------===//

#include "fp4/Import/ImportSafeTensors.h"
#include "fp4/Target/NVVM/ToPTX.h"
#include "mlir/IR/AsmState.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "llvm/Support/CommandLine.h"

/// Prints imported arguments under the names that they have in the file, %e2m1
/// and not %arg1, unless the command line says otherwise.
static void printNames() {
  mlir::registerAsmPrinterCLOptions();
  llvm::cl::Option *option =
      llvm::cl::getRegisteredOptions().lookup("mlir-use-nameloc-as-prefix");
  if (option)
    static_cast<llvm::cl::opt<bool> *>(option)->setInitialValue(true);
}

int main(int argc, char **argv) {
  printNames();
  mlir::registerAllTranslations();
  mlir::fp4::registerImportSafeTensors();
  mlir::fp4::registerToPTX();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "fp4 translation driver"));
}
