//===- InstructionDescriptor.h - The 32 bits of tcgen05.mma -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding of tcgen05.mma's instruction descriptor [PTX 9.7.16.4.2, tables 42
// to 44], and its legality [PTX 9.7.16.2.1, table 39; 9.7.16.10.1 to 3].
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_DESCRIPTORS_INSTRUCTIONDESCRIPTOR_H
#define FP4_SIMULATOR_DESCRIPTORS_INSTRUCTIONDESCRIPTOR_H

#include "fp4/Simulator/Arithmetic/MmaModel.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace mlir::fp4::sim {

/// What the instruction says in its qualifiers.
struct MmaQualifiers {
  MmaKind kind = MmaKind::F16;
  unsigned ctaGroup = 1;
  /// Elements per scale: 32 for .block32, .scale_vec::1X and ::2X, 16 for
  /// .block16 and .scale_vec::4X, 0 for kinds without scales.
  unsigned scaleBlock = 0;
  /// .ws
  bool isWeightStationary = false;
};

struct InstructionDescriptor {
  MmaModel model;
  unsigned m = 0;
  unsigned n = 0;
  bool negateA = false;
  bool negateB = false;
  /// M-major and N-major, K-major if not.
  bool transposeA = false;
  bool transposeB = false;
  /// The first byte in a word of scales that is read.
  unsigned sfaId = 0;
  unsigned sfbId = 0;
};

/// Errors: what the kind does not have, each by its field; sparse matrices and
/// K = 96 (sm_103a) are not modelled.
llvm::Expected<InstructionDescriptor>
decodeInstructionDescriptor(uint32_t bits, const MmaQualifiers &qualifiers);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_DESCRIPTORS_INSTRUCTIONDESCRIPTOR_H
