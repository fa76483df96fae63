//===- TensorMaps.h - Tensor maps in the memory of a kernel -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensor maps are read by a proxy of their own. One that a kernel writes itself
// needs a release and an acquire of that proxy before it is used [PTX 9.7.13.3,
// 9.7.13.16]; one that the host has written does not.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_TENSORMAPS_H
#define FP4_LIB_SIMULATOR_TENSORMAPS_H

#include "Issuer.h"
#include "fp4/Simulator/Descriptors/TensorMapBits.h"

namespace mlir::fp4::sim {

/// The maps in global memory that a CTA has written.
class WrittenTensorMaps : public Unit {
public:
  static char id;
  explicit WrittenTensorMaps(Cta &) {}

  /// `isReleased`: by the instruction that writes it.
  void write(const Issuer &writer, uint64_t address, bool isReleased);
  void release();
  void acquire(uint64_t address);
  bool isWritten(uint64_t address) const { return maps.count(address) != 0; }
  /// False if the map was written and not handed over, which is reported.
  bool check(const Issuer &user, uint64_t address) const;

  std::string describe() const override { return {}; }

private:
  struct Written {
    Issuer writer;
    bool isReleased = false;
    bool isAcquired = false;
  };
  std::map<uint64_t, Written> maps;
};

/// The map at a generic address; nothing after a fault.
std::optional<TensorMap> readTensorMap(Warp &warp, unsigned lane,
                                       uint64_t address);

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_TENSORMAPS_H
