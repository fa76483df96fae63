//===- TCGen05ToNVVM.h - Patterns from tcgen05 to NVVM ----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_CONVERSION_TCGEN05TONVVM_H
#define FP4_CONVERSION_TCGEN05TONVVM_H

namespace mlir {
class LLVMTypeConverter;
class RewritePatternSet;

namespace fp4 {

/// Lowers the ops of the tcgen05 dialect to instructions. Values in tensor
/// memory become their address, an i32. The converter has to know the types of
/// the nvgpu dialect; those of the tcgen05 dialect are added to it.
void populateTCGen05ToNVVMPatterns(LLVMTypeConverter &converter,
                                   RewritePatternSet &patterns);

} // namespace fp4
} // namespace mlir

#endif // FP4_CONVERSION_TCGEN05TONVVM_H
