//===- Chip.h - What NVIDIA chips can do ------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The names, and what the choice of strategies asks. No more yet.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_CHIP_H
#define FP4_TARGET_NVVM_CHIP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mlir::fp4::nvvm {

enum class MMAKind { Tcgen05MXF4, Tcgen05MXF4NVF4 };

class Chip {
public:
  static llvm::Expected<const Chip *> lookup(llvm::StringRef name) {
    std::string known;
    for (const Chip &chip : all()) {
      if (chip.name == name)
        return &chip;
      known += (known.empty() ? "" : ", ") + chip.name.str();
    }
    return llvm::createStringError("unknown chip '" + name +
                                   "'; known chips are " + known);
  }

  static llvm::ArrayRef<Chip> all() {
    static const Chip kChips[] = {{"sm_80", false},  {"sm_89", false},
                                  {"sm_90a", false}, {"sm_100a", true},
                                  {"sm_103a", true}, {"sm_120a", false}};
    return kChips;
  }

  llvm::StringRef getName() const { return name; }
  bool hasTensorMemory() const { return tensorMemory; }
  bool has(MMAKind) const { return tensorMemory; }

private:
  constexpr Chip(llvm::StringLiteral name, bool tensorMemory)
      : name(name), tensorMemory(tensorMemory) {}

  llvm::StringLiteral name;
  bool tensorMemory;
};

} // namespace mlir::fp4::nvvm

#endif // FP4_TARGET_NVVM_CHIP_H
