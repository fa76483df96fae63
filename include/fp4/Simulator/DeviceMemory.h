//===- DeviceMemory.h - Global memory of the simulated device ---*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Allocations with names, at addresses of their own, with gaps between them
// that belong to nobody. Each byte of data has a byte of shadow: 0 if it was
// written, 255 if it was not. What the host does here and what kernels do must
// not overlap in time.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_DEVICEMEMORY_H
#define FP4_SIMULATOR_DEVICEMEMORY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace mlir::fp4::sim {

struct Allocation {
  uint64_t base = 0;
  uint64_t size = 0;
  std::string name;
  bool isConstant = false; ///< Kernels only read it, by ld.const.
  uint8_t *data = nullptr;
  std::unique_ptr<uint8_t[]> shadow;
  std::unique_ptr<uint8_t[]> storage; ///< Null if the data are someone else's.

  bool holds(uint64_t address, uint64_t bytes) const {
    return address >= base && bytes <= size && address - base <= size - bytes;
  }
};

class DeviceMemory {
public:
  /// With room for as much as a quarter of the host's memory, or as given.
  explicit DeviceMemory(uint64_t capacity = defaultCapacity());

  /// A new allocation, all of it uninitialised, aligned to 256 bytes at least;
  /// null if there is no memory for it.
  Allocation *allocate(uint64_t size, llvm::StringRef name,
                       uint64_t alignment = 256);

  /// Memory of the host that kernels reach at its own address, initialised.
  Allocation *map(void *data, uint64_t size, llvm::StringRef name);

  /// Frees what begins at that address.
  llvm::Error free(uint64_t base);

  llvm::Error write(uint64_t address, llvm::ArrayRef<uint8_t> bytes);
  llvm::Error read(uint64_t address,
                   llvm::MutableArrayRef<uint8_t> bytes) const;
  llvm::Error fill(uint64_t address, uint8_t value, uint64_t size);

  /// The allocation that holds the byte at that address, or null.
  const Allocation *find(uint64_t address) const;

  /// What an access that hit no allocation has missed: the nearest ones, those
  /// that were freed included.
  std::string describeMiss(uint64_t address, uint64_t size) const;

private:
  static uint64_t defaultCapacity();
  llvm::Expected<const Allocation *> get(uint64_t address, uint64_t size) const;

  std::map<uint64_t, std::unique_ptr<Allocation>> allocations;
  std::map<uint64_t, std::pair<uint64_t, std::string>> freed;
  uint64_t left; ///< Of the capacity.
  /// As on a device, far from any address that the host's heap has.
  uint64_t next = 0x300000000;
};

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_DEVICEMEMORY_H
