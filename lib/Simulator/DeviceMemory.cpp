//===- DeviceMemory.cpp - Global memory of the simulated device -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/DeviceMemory.h"
#include "fp4/Support/Error.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>
#include <new>
#include <unistd.h>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// Addresses between allocations that are valid in neither.
static constexpr uint64_t gap = 4096;

DeviceMemory::DeviceMemory(uint64_t capacity) : left(capacity) {}

uint64_t DeviceMemory::defaultCapacity() {
  // Each byte has another one as its shadow, and the host has other things to
  // do than to swap.
  long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0)
    return uint64_t(4) << 30;
  return uint64_t(pages) / 4 * uint64_t(size);
}

Allocation *DeviceMemory::allocate(uint64_t size, StringRef name,
                                   uint64_t alignment) {
  if (size > left)
    return nullptr;
  auto allocation = std::make_unique<Allocation>();
  // 16 bytes more: no access that begins inside crosses the end of the storage
  // before it has been checked.
  allocation->storage.reset(new (std::nothrow) uint8_t[size + 16]());
  allocation->shadow.reset(new (std::nothrow) uint8_t[size + 16]);
  if (!allocation->storage || !allocation->shadow)
    return nullptr;
  std::memset(allocation->shadow.get(), 255, size + 16);
  allocation->base = alignTo(next, std::max<uint64_t>(alignment, 256));
  allocation->size = size;
  allocation->name = name.str();
  allocation->data = allocation->storage.get();
  next = allocation->base + size + gap;
  left -= size;
  return (allocations[allocation->base] = std::move(allocation)).get();
}

Allocation *DeviceMemory::map(void *data, uint64_t size, StringRef name) {
  auto allocation = std::make_unique<Allocation>();
  allocation->shadow.reset(new (std::nothrow) uint8_t[size + 16]());
  if (!allocation->shadow)
    return nullptr;
  allocation->base = reinterpret_cast<uint64_t>(data);
  allocation->size = size;
  allocation->name = name.str();
  allocation->data = static_cast<uint8_t *>(data);
  return (allocations[allocation->base] = std::move(allocation)).get();
}

Error DeviceMemory::free(uint64_t base) {
  auto it = allocations.find(base);
  if (it == allocations.end())
    return makeError("no allocation begins at {0:x}", base);
  // Only for messages: old ones are forgotten.
  if (freed.size() > 4096)
    freed.erase(freed.begin());
  freed[base] = {it->second->size, it->second->name};
  if (it->second->storage)
    left += it->second->size;
  allocations.erase(it);
  return Error::success();
}

const Allocation *DeviceMemory::find(uint64_t address) const {
  auto it = allocations.upper_bound(address);
  if (it == allocations.begin())
    return nullptr;
  const Allocation &allocation = *std::prev(it)->second;
  return allocation.holds(address, 1) ? &allocation : nullptr;
}

Expected<const Allocation *> DeviceMemory::get(uint64_t address,
                                               uint64_t size) const {
  const Allocation *allocation = find(address);
  if (!allocation || !allocation->holds(address, size))
    return makeError("{0}", describeMiss(address, size));
  return allocation;
}

Error DeviceMemory::write(uint64_t address, ArrayRef<uint8_t> bytes) {
  if (bytes.empty())
    return Error::success();
  Expected<const Allocation *> allocation = get(address, bytes.size());
  if (!allocation)
    return allocation.takeError();
  uint64_t offset = address - (*allocation)->base;
  std::memcpy((*allocation)->data + offset, bytes.data(), bytes.size());
  std::memset((*allocation)->shadow.get() + offset, 0, bytes.size());
  return Error::success();
}

Error DeviceMemory::read(uint64_t address,
                         MutableArrayRef<uint8_t> bytes) const {
  if (bytes.empty())
    return Error::success();
  Expected<const Allocation *> allocation = get(address, bytes.size());
  if (!allocation)
    return allocation.takeError();
  std::memcpy(bytes.data(),
              (*allocation)->data + (address - (*allocation)->base),
              bytes.size());
  return Error::success();
}

Error DeviceMemory::fill(uint64_t address, uint8_t value, uint64_t size) {
  if (size == 0)
    return Error::success();
  Expected<const Allocation *> allocation = get(address, size);
  if (!allocation)
    return allocation.takeError();
  uint64_t offset = address - (*allocation)->base;
  std::memset((*allocation)->data + offset, value, size);
  std::memset((*allocation)->shadow.get() + offset, 0, size);
  return Error::success();
}

std::string DeviceMemory::describeMiss(uint64_t address, uint64_t size) const {
  std::string text =
      formatv("{0} bytes at {1:x} are in no allocation", size, address).str();
  auto old = freed.upper_bound(address);
  if (old != freed.begin()) {
    const auto &[base, what] = *std::prev(old);
    if (address - base < what.first)
      return text + formatv(": '{0}' of {1} bytes at {2:x} was freed",
                            what.second, what.first, base)
                        .str();
  }
  auto it = allocations.upper_bound(address);
  if (it != allocations.begin()) {
    const Allocation &below = *std::prev(it)->second;
    return text +
           formatv(": '{0}' at {1:x} has {2} bytes, and this is byte {3}",
                   below.name, below.base, below.size, address - below.base)
               .str();
  }
  if (it != allocations.end())
    text += formatv(": the nearest is '{0}' at {1:x}", it->second->name,
                    it->second->base)
                .str();
  return text;
}
