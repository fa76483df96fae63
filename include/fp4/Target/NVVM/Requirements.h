//===- Requirements.h - What instructions need of a chip --------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which instructions LLVM's back end has on which chip, by their names. It ends
// the process at one that it does not have.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_REQUIREMENTS_H
#define FP4_TARGET_NVVM_REQUIREMENTS_H

#include "fp4/Target/NVVM/Chip.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace mlir::fp4::nvvm {

/// The latest version of PTX that LLVM and the assembler both know.
inline constexpr unsigned kMaxPTXVersion = 90;

/// What `name`, an intrinsic of LLVM (`llvm.nvvm.mapa`) or an op of the NVVM
/// dialect (`nvvm.mapa`), needs and `chip` does not have; nothing if it has
/// all. An op whose form decides is held to what its simplest form needs: its
/// intrinsics have names of their own.
std::optional<std::string> getMissing(llvm::StringRef name, const Chip &chip);

} // namespace mlir::fp4::nvvm

#endif // FP4_TARGET_NVVM_REQUIREMENTS_H
