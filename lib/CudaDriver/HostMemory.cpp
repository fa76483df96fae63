//===- HostMemory.cpp - Memory of the host that a program names -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostMemory.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/uio.h>
#include <unistd.h>

using namespace llvm;
using namespace mlir::fp4::sim;

/// Where the kernel does not offer the call, or forbids it, there is no
/// telling.
static bool isUnavailable(int error) {
  return error == ENOSYS || error == EPERM;
}

template <typename Transfer>
static bool copy(uint8_t *ours, uint8_t *theirs, size_t size,
                 Transfer transfer) {
  if (!theirs)
    return size == 0;
  while (size > 0) {
    iovec local = {ours, size}, remote = {theirs, size};
    ssize_t done = transfer(getpid(), &local, 1ul, &remote, 1ul, 0ul);
    if (done <= 0)
      return false;
    ours += done;
    theirs += done;
    size -= size_t(done);
  }
  return true;
}

bool cuda::readHost(const void *from, MutableArrayRef<uint8_t> to) {
  auto *source = const_cast<uint8_t *>(static_cast<const uint8_t *>(from));
  errno = 0;
  if (copy(to.data(), source, to.size(), process_vm_readv))
    return true;
  if (!source || !isUnavailable(errno))
    return false;
  std::memcpy(to.data(), source, to.size());
  return true;
}

bool cuda::writeHost(void *to, ArrayRef<uint8_t> from) {
  auto *target = static_cast<uint8_t *>(to);
  errno = 0;
  if (copy(const_cast<uint8_t *>(from.data()), target, from.size(),
           process_vm_writev))
    return true;
  if (!target || !isUnavailable(errno))
    return false;
  std::memcpy(target, from.data(), from.size());
  return true;
}
