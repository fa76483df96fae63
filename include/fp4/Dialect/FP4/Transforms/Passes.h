//===- Passes.h - Passes on the fp4 dialect ---------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_TRANSFORMS_PASSES_H
#define FP4_DIALECT_FP4_TRANSFORMS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace mlir::fp4 {

#define GEN_PASS_DECL
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"

/// The name of the function that computes the result sizes of `entry`, see
/// `--fp4-results-to-destinations`.
std::string getResultShapesName(llvm::StringRef entry);

/// What --fp4-lower-expand-shapes does; apply it before the patterns of
/// --expand-strided-metadata.
void populateLowerExpandShapesPatterns(RewritePatternSet &patterns);

} // namespace mlir::fp4

#endif // FP4_DIALECT_FP4_TRANSFORMS_PASSES_H
