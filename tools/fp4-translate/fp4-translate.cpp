//===- fp4-translate.cpp - The fp4 translation driver ---------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mlir-translate with the importers of the project.
//
//===----------------------------------------------------------------------===//

#include "fp4/Import/ImportSafeTensors.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  mlir::registerAllTranslations();
  mlir::fp4::registerImportSafeTensors();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "fp4 translation driver"));
}
