//===- Compare.h - Results against what they should be ----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNNER_COMPARE_H
#define FP4_RUNNER_COMPARE_H

#include "fp4/Runner/Jit.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::fp4 {

/// Compiles `module` for the reference and holds `results`, those of the same
/// entry for another target, to what it computes. Prints a report to `os`;
/// fails if a result is outside its bound. A result that is the product of a
/// single matrix product is allowed for by the sum of the magnitudes of its
/// terms; after more than one, a different rounding of the first may change
/// codes, and no bound is known.
llvm::Error compareWithReference(ModuleOp module,
                                 const EntrySignature &signature,
                                 ArrayRef<TensorView> arguments,
                                 ArrayRef<HostTensor> results,
                                 llvm::raw_ostream &os);

/// Every result of the entry must have a tensor to be compared with.
llvm::Error checkExpected(const SafeTensors &file,
                          const EntrySignature &signature);

/// Holds `results` to the tensors of their names in `file`.
llvm::Error compareWithFile(const SafeTensors &file,
                            ArrayRef<HostTensor> results,
                            llvm::raw_ostream &os);

} // namespace mlir::fp4

#endif // FP4_RUNNER_COMPARE_H
