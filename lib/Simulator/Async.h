//===- Async.h - Waits and queued operations --------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What units that work beside the threads need of the machine. A unit queues
// operations, which run at a time that the launch's order chooses, and threads
// wait until an object has changed. Both belong to a cluster, which one host
// thread runs, so nothing here is shared.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_ASYNC_H
#define FP4_LIB_SIMULATOR_ASYNC_H

#include "fp4/Simulator/Machine.h"
#include "llvm/ADT/MapVector.h"
#include <deque>
#include <random>

namespace mlir::fp4::sim {

/// What parked threads wait for. It is asked whenever their warp could run.
class Wait {
public:
  virtual ~Wait();
  virtual bool isOver() = 0;
  /// For the report of a deadlock: "barrier 0, at which 32 of 64 threads are".
  virtual std::string describe() const = 0;
};

/// What a unit beside the threads keeps for a CTA: its mbarriers, its tensor
/// memory. A unit is made when it is first asked for, with Cta::unit, and is
/// named by the address of a static member `id` of its class.
class Unit {
public:
  virtual ~Unit();
  /// Lines for the report of a deadlock, each after a line break.
  virtual std::string describe() const = 0;
  /// All threads of the cluster have exited and all operations are done: what
  /// must not be left is reported.
  virtual void finish() {}
};

/// Work that a unit does later. An operation that breaks a rule reports it
/// through the warp or the cluster that queued it, which it has to know.
class Operation {
public:
  virtual ~Operation();
  virtual void run() = 0;
  virtual std::string describe() const = 0;
};

/// The queued operations of one cluster. Those of one queue run in their order;
/// queues are not ordered with one another.
class Operations {
public:
  /// Queues are named by the unit and a number of its choice, such as a
  /// thread's. An operation that is ordered with nothing gets a new queue.
  struct Queue {
    uint32_t unit;
    uint64_t number;
    bool operator<(const Queue &other) const {
      return std::tie(unit, number) < std::tie(other.unit, other.number);
    }
  };

  void push(Queue queue, std::unique_ptr<Operation> operation);
  Queue newQueue(uint32_t unit) { return {unit, ~uint64_t(0) - next++}; }
  bool empty() const { return count == 0; }

  /// Runs the first operation of some queue: the one queued first, or a random
  /// one if there is a generator. Operations may queue others.
  void runOne(std::mt19937_64 *random);

  /// Those that are left, for reports.
  std::vector<std::string> describe() const;

private:
  struct Entry {
    uint64_t age;
    std::unique_ptr<Operation> operation;
  };
  std::map<Queue, std::deque<Entry>> queues;
  uint64_t count = 0;
  uint64_t age = 0;
  uint64_t next = 0;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_ASYNC_H
