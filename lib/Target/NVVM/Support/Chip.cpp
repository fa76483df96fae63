//===- Chip.cpp - What NVIDIA chips can do --------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sources of the table:
//
// [CUDA] CUDA C++ Programming Guide 13.0, "Compute Capabilities", the tables
//        "Feature Support" and "Technical Specifications".
// [PTX]  PTX ISA 9.1, the "Target ISA Notes" and "PTX ISA Notes" of the
//        instruction named.
// [asm]  Not in the manuals, or not the same there: ptxas 13.0 and the NVPTX
//        backend of LLVM 22.1 accept it on this chip from this version on.
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/Chip.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

template <typename... Kinds>
static constexpr uint32_t bitsOf(Kinds... kinds) {
  return ((1u << unsigned(kinds)) | ...);
}

ArrayRef<Chip> Chip::all() {
  // [PTX] mma: .bf16 from sm_80, PTX 7.0.
  constexpr uint32_t mmaAmpere = bitsOf(MMAKind::MMASyncF16);
  // [PTX] wgmma.mma_async: sm_90a alone, PTX 8.0.
  constexpr uint32_t mmaHopper = mmaAmpere | bitsOf(MMAKind::WGMMA);
  // [PTX] tcgen05.mma: kind::mxf4 and kind::mxf4nvf4 on sm_100a, PTX 8.6, and
  // sm_103a, PTX 8.8; LLVM prints .block16 and .block32, which are of PTX 8.8.
  constexpr uint32_t mmaBlackwell =
      mmaAmpere | bitsOf(MMAKind::Tcgen05MXF4, MMAKind::Tcgen05MXF4NVF4);
  // [PTX] mma with .block_scale: sm_120a, PTX 8.7. No tcgen05, no wgmma.
  constexpr uint32_t mmaBlackwellRTX =
      mmaAmpere | bitsOf(MMAKind::MMASyncMXF4, MMAKind::MMASyncMXF4NVF4);

  // [PTX] cvt: .e4m3x2 on sm_89 from PTX 8.1. [asm] PTX 8.0 is refused there,
  // although the type exists since 7.8.
  constexpr uint32_t ada = ConvertE4M3;
  // [PTX] cp.async.bulk.tensor and mbarrier.expect_tx: sm_90, PTX 8.0;
  // griddepcontrol: sm_90, PTX 7.8.
  constexpr uint32_t hopper = ada | TMA | MBarrierTx | ProgrammaticLaunch;
  // [PTX] cvt: .e2m1x2 and .ue8m0x2 on sm_100a, PTX 8.6, sm_120a, PTX 8.7, and
  // sm_103a, [asm] PTX 8.8; add, mul, fma: .f32x2 from sm_100, PTX 8.6.
  constexpr uint32_t blackwell =
      hopper | ConvertE2M1 | ConvertUE8M0 | PackedF32;

  constexpr uint64_t kb = 1024;
  // [CUDA] "Maximum amount of shared memory per thread block", here in bytes.
  // [CUDA] "Thread Block Clusters": a size of up to 8 is portable.
  // [PTX] "Tensor Memory Addressing": 512 columns.
  static constexpr Chip chips[] = {
      // name, capability, PTX, MMA kinds, features, shared memory, cluster,
      // columns of tensor memory
      {"sm_80", 8, 0, 70, mmaAmpere, 0, 163 * kb, 1, 0},
      {"sm_89", 8, 9, 81, mmaAmpere, ada, 99 * kb, 1, 0},
      {"sm_90a", 9, 0, 80, mmaHopper, hopper, 227 * kb, 8, 0},
      {"sm_100a", 10, 0, 88, mmaBlackwell, blackwell, 227 * kb, 8, 512},
      {"sm_103a", 10, 3, 88, mmaBlackwell, blackwell, 227 * kb, 8, 512},
      {"sm_120a", 12, 0, 88, mmaBlackwellRTX, blackwell, 99 * kb, 8, 0},
  };
  return chips;
}

Expected<const Chip *> Chip::lookup(StringRef name) {
  for (const Chip &chip : all())
    if (chip.name == name)
      return &chip;
  auto names = map_range(all(), [](const Chip &chip) { return chip.name; });
  return makeError("unknown chip '{0}', expects one of {1}", name,
                   join(names, ", "));
}

const Chip *Chip::forComputeCapability(int major, int minor) {
  for (const Chip &chip : reverse(all()))
    if (chip.runsOn(major, minor))
      return &chip;
  return nullptr;
}

std::string Chip::getTargetFeatures() const {
  return "+ptx" + std::to_string(ptxVersion);
}

bool Chip::runsOn(int deviceMajor, int deviceMinor) const {
  auto own = std::pair(major, minor);
  auto device = std::pair(deviceMajor, deviceMinor);
  return name.ends_with("a") ? device == own : device >= own;
}
