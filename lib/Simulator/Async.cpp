//===- Async.cpp - Waits and queued operations ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Async.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

Wait::~Wait() = default;
Unit::~Unit() = default;
Operation::~Operation() = default;

void Operations::push(Queue queue, std::unique_ptr<Operation> operation) {
  queues[queue].push_back({age++, std::move(operation)});
  ++count;
}

void Operations::runOne(std::mt19937_64 *random) {
  auto chosen = queues.begin();
  if (random) {
    std::advance(chosen, (*random)() % queues.size());
  } else {
    for (auto it = queues.begin(); it != queues.end(); ++it)
      if (it->second.front().age < chosen->second.front().age)
        chosen = it;
  }
  std::unique_ptr<Operation> operation =
      std::move(chosen->second.front().operation);
  chosen->second.pop_front();
  if (chosen->second.empty())
    queues.erase(chosen);
  --count;
  operation->run();
}

std::vector<std::string> Operations::describe() const {
  std::vector<std::string> all;
  for (const auto &queue : queues)
    for (const Entry &entry : queue.second)
      all.push_back(entry.operation->describe());
  return all;
}
