//===- Chip.h - What NVIDIA chips can do ------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place that knows what a chip can do. LLVM ends the process when an
// intrinsic does not exist on its target ("Cannot select"), so code that emits
// one asks here first. The table with its sources is in Chip.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_CHIP_H
#define FP4_TARGET_NVVM_CHIP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace mlir::fp4::nvvm {

/// Families of matrix multiplication instructions. MXF4 is e2m1 with an e8m0
/// scale per 32 elements; MXF4NVF4 takes e4m3 scales per 16 elements as well.
enum class MMAKind {
  MMASyncF16,      ///< mma.sync of f16 and bf16, f32 accumulators
  WGMMA,           ///< wgmma.mma_async
  Tcgen05MXF4,     ///< tcgen05.mma.kind::mxf4.block_scale
  Tcgen05MXF4NVF4, ///< tcgen05.mma.kind::mxf4nvf4.block_scale
  MMASyncMXF4,     ///< mma.sync.kind::mxf4.block_scale
  MMASyncMXF4NVF4, ///< mma.sync.kind::mxf4nvf4.block_scale
};

/// A chip that code can be generated for. There is one object per chip, which
/// lives as long as the process.
class Chip {
public:
  /// The chip with that LLVM name, such as sm_100a. The error for any other
  /// name lists the known ones.
  static llvm::Expected<const Chip *> lookup(llvm::StringRef name);

  /// The known chips, in ascending order of their compute capability.
  static llvm::ArrayRef<Chip> all();

  /// The most capable chip whose PTX runs on a device of compute capability
  /// major.minor, or null. Ask the device for its limits then: one of 8.6 runs
  /// code for sm_80, but has 99 KB of shared memory per block and not 163 KB.
  static const Chip *forComputeCapability(int major, int minor);

  llvm::StringRef getName() const { return name; }

  /// LLVM's feature string, which selects the PTX version: "+ptx88".
  std::string getTargetFeatures() const;

  /// The lowest PTX version that has all that the predicates below report, as
  /// ten times the major version plus the minor one: 88 is PTX 8.8. Drivers do
  /// not load text of a later version than their own, hence the lowest.
  unsigned getMinPTXVersion() const { return ptxVersion; }

  /// Whether a device of that compute capability runs this chip's PTX. Names
  /// that end in 'a' run on their own capability only, others also on every
  /// later one.
  bool runsOn(int major, int minor) const;

  bool has(MMAKind kind) const { return mmaKinds & (1u << unsigned(kind)); }

  /// Tensor memory and the tcgen05 instructions that work on it.
  bool hasTensorMemory() const { return tensorMemoryColumns != 0; }

  /// cp.async.bulk and cp.async.bulk.tensor.
  bool hasTMA() const { return features & TMA; }

  /// Transaction counts in mbarriers (mbarrier.expect_tx).
  bool hasMBarrierTx() const { return features & MBarrierTx; }

  bool hasClusters() const { return maxClusterSize > 1; }

  /// griddepcontrol: a kernel may start before the one that it depends on ends.
  bool hasProgrammaticLaunch() const { return features & ProgrammaticLaunch; }

  /// cvt between e2m1x2 and f32 or f16x2.
  bool hasConvertE2M1() const { return features & ConvertE2M1; }

  /// cvt between e4m3x2 and f32 or f16x2.
  bool hasConvertE4M3() const { return features & ConvertE4M3; }

  /// cvt between ue8m0x2 and f32 or bf16x2.
  bool hasConvertUE8M0() const { return features & ConvertUE8M0; }

  /// add, mul and fma of two f32 in one instruction (.f32x2).
  bool hasPackedF32() const { return features & PackedF32; }

  /// Bytes of shared memory that a block can opt in to; without opting in, it
  /// gets at most 48 KB on every chip.
  uint64_t getMaxSharedMemoryPerBlock() const { return maxSharedMemory; }

  // The same on every compute capability: CUDA C++ Programming Guide 13.0,
  // "Compute Capabilities", table "Technical Specifications".
  unsigned getMaxThreadsPerBlock() const { return 1024; }
  unsigned getMaxRegistersPerThread() const { return 255; }

  /// Columns of tensor memory, each 128 lanes of 32 bits; 0 where there is
  /// none.
  unsigned getTensorMemoryColumns() const { return tensorMemoryColumns; }

  /// Blocks in a cluster that every device with the chip's compute capability
  /// can launch; 1 where there are no clusters.
  unsigned getMaxClusterSize() const { return maxClusterSize; }

private:
  enum Feature : uint32_t {
    TMA = 1 << 0,
    MBarrierTx = 1 << 1,
    ProgrammaticLaunch = 1 << 2,
    ConvertE2M1 = 1 << 3,
    ConvertE4M3 = 1 << 4,
    ConvertUE8M0 = 1 << 5,
    PackedF32 = 1 << 6,
  };

  constexpr Chip(llvm::StringLiteral name, int major, int minor,
                 unsigned ptxVersion, uint32_t mmaKinds, uint32_t features,
                 uint64_t maxSharedMemory, unsigned maxClusterSize,
                 unsigned tensorMemoryColumns)
      : name(name), major(major), minor(minor), ptxVersion(ptxVersion),
        mmaKinds(mmaKinds), features(features),
        maxSharedMemory(maxSharedMemory), maxClusterSize(maxClusterSize),
        tensorMemoryColumns(tensorMemoryColumns) {}

  llvm::StringLiteral name;
  int major;
  int minor;
  unsigned ptxVersion;
  uint32_t mmaKinds; ///< Bits numbered by MMAKind.
  uint32_t features; ///< Bits of Feature.
  uint64_t maxSharedMemory;
  unsigned maxClusterSize;
  unsigned tensorMemoryColumns;
};

} // namespace mlir::fp4::nvvm

#endif // FP4_TARGET_NVVM_CHIP_H
