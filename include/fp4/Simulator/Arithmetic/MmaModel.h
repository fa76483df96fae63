//===- MmaModel.h - How tensor cores add up dot products --------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensor cores do not round as IEEE 754 has it. They align the products of an
// instruction, and C, to the largest exponent among them, cut off what is below
// a window of bits, add exactly, and round the sum once. A model says which
// window, how many products at a time, and what the result is rounded to.
//
// Sources: [SFT] sf-tensor/tcgen05, its model and its 46 million comparisons
// with a B200, for tcgen05.mma; [MMASIM] microsoft/MMA-Sim for mma.sync. What
// neither knows is an error here, not a guess.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_ARITHMETIC_MMAMODEL_H
#define FP4_SIMULATOR_ARITHMETIC_MMAMODEL_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace mlir::fp4::sim {

/// The types of the elements of A, B and D.
enum class MmaType : uint8_t {
  E2M1,
  E2M3,
  E3M2,
  E4M3,
  E5M2,
  F16,
  BF16,
  TF32,
  U8,
  S8,
  F32,
  S32,
};

llvm::StringRef getName(MmaType type);

/// The kinds of tcgen05.mma.
enum class MmaKind : uint8_t {
  F16,
  TF32,
  F8F6F4,
  I8,
  MXF8F6F4,
  MXF4,
  MXF4NVF4
};

llvm::StringRef getName(MmaKind kind);

enum class MmaScale : uint8_t { None, UE8M0, UE4M3 };

/// The tensor cores that mma.sync runs on; wgmma is Hopper's.
enum class TensorCore : uint8_t {
  Ampere,       ///< sm_80 to sm_87
  Ada,          ///< sm_89
  Hopper,       ///< sm_90
  Blackwell,    ///< sm_100 to sm_110
  RTXBlackwell, ///< sm_120 and sm_121
};

struct MmaModel {
  MmaType a = MmaType::F16;
  MmaType b = MmaType::F16;
  MmaType d = MmaType::F32;
  /// Elements along K of one instruction.
  unsigned k = 0;
  /// Elements along K whose products share a window; the result of one such
  /// step is the C of the next.
  unsigned step = 0;
  /// Bits of the window below the largest exponent, of products and C; for
  /// packed e2m1, of scales or C.
  unsigned windowBits = 0;
  /// Fraction bits of an f32 result.
  unsigned resultBits = 23;
  MmaScale scale = MmaScale::None;
  /// Elements along K of one scale.
  unsigned scaleBlock = 0;
  /// Of s32 results: clamp instead of wrap.
  bool saturate = false;
  /// mma.sync on fp8 from Hopper on: two instructions on f16 that start from
  /// zero, the first with the elements 0 and 1 of each four, and an addition of
  /// C that rounds to nearest [what ptxas 13.0 makes of it].
  bool isF16Emulation = false;
  /// mma.sync on packed e2m1: the window of tcgen05.mma, but always one, and
  /// for groups of 16 products whatever the scales are [MMASIM].
  bool isSyncFP4 = false;

  bool isInteger() const { return d == MmaType::S32; }
  /// kind::mxf4 and kind::mxf4nvf4: two e2m1 in a byte, and a window of its
  /// own.
  bool isPackedFP4() const { return scale != MmaScale::None && k == 64; }
  /// Scales per row.
  unsigned getNumScales() const { return scaleBlock ? k / scaleBlock : 0; }
  /// Bytes of a row of A or B as MmaOperand takes them.
  unsigned getRowBytes(MmaType type) const;
};

/// tcgen05.mma, dense. `scaleBlock` is 16 or 32 for the kinds with scales (32
/// is scale_vec::1X of mxf8f6f4 and 2X of the others, 16 is 4X), and 0 for the
/// others. Errors: types that the kind does not have.
llvm::Expected<MmaModel> getTCGen05Model(MmaKind kind, MmaType a, MmaType b,
                                         MmaType d,
                                         MmaScale scale = MmaScale::None,
                                         unsigned scaleBlock = 0,
                                         bool saturate = false);

/// mma.sync.m16n8k<k>, with C of the type of D, and .kind::f8f6f4 of it.
/// Errors: what the tensor cores do not have. Registers have e2m1 in bits 5 to
/// 2 of a byte [CUTLASS, mma_traits_sm120.hpp], MmaOperand takes it in the
/// lowest ones.
llvm::Expected<MmaModel> getMmaSyncModel(TensorCore core, unsigned k, MmaType a,
                                         MmaType b, MmaType d,
                                         bool saturate = false);

/// mma.sync.block_scale of the kinds with scales; k is 64 for packed e2m1 and
/// 32 for mxf8f6f4. Errors: what the tensor cores do not have.
llvm::Expected<MmaModel> getScaledMmaSyncModel(TensorCore core, MmaKind kind,
                                               MmaType a, MmaType b,
                                               MmaScale scale,
                                               unsigned scaleBlock);

/// wgmma.mma_async.m64n<N>k<k>, of 32 bytes along K. Errors: types that it does
/// not have.
llvm::Expected<MmaModel> getWgmmaModel(MmaType a, MmaType b, MmaType d,
                                       bool saturate = false);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_ARITHMETIC_MMAMODEL_H
