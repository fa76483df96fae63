//===- TensorMapBits.h - The bits of a tensor map ---------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where chips have the fields of a tensor map in its 128 bytes. NVIDIA does not
// document it, but compilers know it: ptxas makes loads and stores of the words
// of tensormap.replace, and CuTe DSL writes maps of its own. Both were observed
// [ptxas 12.9 to 13.4 for sm_90a, sm_100a and sm_103a; CuTe DSL 4.8.1]:
//
//   word 0, 1   address
//   word 2      0-3: 2, or 0 in maps that kernels build from zeros; 4-6: rank
//               less 1; 7-10: type, by the numbers of PTX, and 16: rounded to
//               tf32; 11-12: interleave; 13-14, 22: swizzle; 15: fill; 17-18:
//               L2 promotion; 19-20: atom of the swizzle; 21: the tensor spans
//               128 KiB or more, which changes nothing here
//   word 3-6    strides / 16, of which word 7 has four more bits each
//   word 8-12   dimensions less 1
//   word 13     element strides less 1, three bits each; 24-31: box[0] less 1
//   word 14     box[1] to box[4] less 1
//
// Of L2 promotion only the value of CuTe DSL was seen, 2. What other bits mean
// is not known; maps that have them are refused. The last 64 bytes are not
// looked at: CuTe DSL leaves them as they are.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_DESCRIPTORS_TENSORMAPBITS_H
#define FP4_SIMULATOR_DESCRIPTORS_TENSORMAPBITS_H

#include "fp4/Simulator/Descriptors/TensorMap.h"
#include <array>

namespace mlir::fp4::sim {

constexpr uint32_t tensorMapBytes = 128;
/// Those that have fields.
constexpr uint32_t tensorMapUsedBytes = 64;

using TensorMapWords = std::array<uint32_t, tensorMapUsedBytes / 4>;

/// The fields of tensormap.replace.
enum class TensorMapField : uint8_t {
  GlobalAddress,
  Rank,
  BoxDim,
  GlobalDim,
  GlobalStride,
  ElementStride,
  ElementType,
  Interleave,
  SwizzleMode,
  SwizzleAtom,
  FillMode,
};

/// Of a map that verifyTensorMap() takes.
TensorMapWords encodeTensorMap(const TensorMap &map);

/// Errors: bits that are not known. What they say may be wrong.
llvm::Expected<TensorMap> decodeTensorMap(const TensorMapWords &words);

/// Does a tensormap.replace. `index` is that of the dimension, `value` as in
/// the instruction [PTX 9.7.9.28]. `written` gets the bits that are written.
/// Errors: a value that the field does not have.
llvm::Error replaceTensorMapField(TensorMapWords &words, TensorMapField field,
                                  unsigned index, uint64_t value,
                                  TensorMapWords &written);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_DESCRIPTORS_TENSORMAPBITS_H
