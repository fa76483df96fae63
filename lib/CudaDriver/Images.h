//===- Images.h - What modules are loaded from ---------------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CUDADRIVER_IMAGES_H
#define FP4_LIB_CUDADRIVER_IMAGES_H

#include "Types.h"
#include "fp4/Simulator/Chip.h"
#include "llvm/Support/Error.h"

namespace mlir::fp4::sim::cuda {

/// Why an image does not load, with the result that says so.
class ImageError : public llvm::ErrorInfo<ImageError> {
public:
  static char ID;
  ImageError(CUresult result, const llvm::Twine &message)
      : result(result), text(message.str()) {}
  void log(llvm::raw_ostream &os) const override { os << text; }
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

  const CUresult result;

private:
  std::string text;
};

/// The PTX in an image: text that ends with a NUL, or a fat binary, of whose
/// PTX the newest is taken that the chip loads. Errors are ImageErrors: machine
/// code, compressed PTX, and what is neither.
llvm::Expected<std::string> readImage(const void *image, const Chip &chip);

} // namespace mlir::fp4::sim::cuda

#endif // FP4_LIB_CUDADRIVER_IMAGES_H
