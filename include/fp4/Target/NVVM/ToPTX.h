//===- ToPTX.h - Modules to PTX text ----------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_TOPTX_H
#define FP4_TARGET_NVVM_TOPTX_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::fp4 {

/// Prints the kernels of `module` as PTX for `chip`. The module may be at any
/// level: fp4 on tensors is lowered first, kernels that --fp4-lower-to-kernels
/// made are compiled (for the chip that they were lowered for; `chip` may be
/// empty), and finished binaries are printed. The module is changed. Fails,
/// with diagnostics, if it has no kernel.
LogicalResult translateToPTX(ModuleOp module, StringRef chip,
                             llvm::raw_ostream &os);

/// Registers it as `--fp4-to-ptx`, with `--chip`.
void registerToPTX();

} // namespace mlir::fp4

#endif // FP4_TARGET_NVVM_TOPTX_H
