//===- BufferizableOpInterfaceImpl.h - Bufferize fp4 ops --------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define FP4_DIALECT_FP4_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;

namespace fp4 {
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);
} // namespace fp4
} // namespace mlir

#endif // FP4_DIALECT_FP4_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
