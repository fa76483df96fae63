//===- Patterns.h - Patterns from fp4 to linalg -----------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOLINALG_PATTERNS_H
#define FP4_LIB_CONVERSION_FP4TOLINALG_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::fp4 {

void populateTransformToLinalgPatterns(RewritePatternSet &patterns);
void populateQuantizeToLinalgPatterns(RewritePatternSet &patterns);
void populateMatmulToLinalgPatterns(RewritePatternSet &patterns,
                                    bool magnitudes);
void populateScaleLayoutToLinalgPatterns(RewritePatternSet &patterns);
void populateScaleSignsToLinalgPatterns(RewritePatternSet &patterns);

/// Replaces an op in destination-passing style with `filled`, its filled
/// destinations; on memrefs there is nothing to replace.
void replaceWithFilled(RewriterBase &rewriter, Operation *op,
                       ValueRange filled);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOLINALG_PATTERNS_H
