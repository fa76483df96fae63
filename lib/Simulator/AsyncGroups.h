//===- AsyncGroups.h - What threads wait for in groups ----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The async-groups of threads [PTX 9.7.9.25.1.1], of cp.async and of bulk
// operations: a thread commits what it has begun as a group, and waits until
// all but the last few groups are complete.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_ASYNCGROUPS_H
#define FP4_LIB_SIMULATOR_ASYNCGROUPS_H

#include "Issuer.h"

namespace mlir::fp4::sim {

/// How far an operation is.
class Completion {
public:
  explicit Completion(Moment moment) : moment(moment) {}

  bool hasRead() const { return read; }
  bool isDone() const { return done; }
  /// The sources may be written again.
  void setRead() { read = true; }
  void setDone(Cluster &cluster);

  /// Queues an operation when this one and the others that it is added to are
  /// done.
  struct Dependent {
    unsigned missing = 0;
    std::unique_ptr<Operation> operation;
  };
  void addDependent(std::shared_ptr<Dependent> dependent);

  /// What is known by who has waited for it.
  const Moment moment;

private:
  bool read = false;
  bool done = false;
  std::vector<std::shared_ptr<Dependent>> dependents;
};
using CompletionRef = std::shared_ptr<Completion>;

/// The groups of the threads of a CTA.
class AsyncGroups : public Unit {
public:
  static char id;
  enum Kind : uint8_t { Copies, Bulk };

  explicit AsyncGroups(Cta &cta);

  /// An operation that a thread has begun.
  void add(Kind kind, uint32_t thread, CompletionRef completion);
  void commit(Kind kind, uint32_t thread);
  /// Threads of a warp wait for all groups but the last `count`; to be returned
  /// from the instruction. `readOnly` waits for the reading of sources.
  Flow wait(Kind kind, Warp &warp, LaneMask lanes, uint64_t count,
            bool readOnly);
  /// All that the thread has begun, and what it began before and waited for.
  std::vector<CompletionRef> all(Kind kind, uint32_t thread) const;

  std::string describe() const override { return {}; }

private:
  friend class GroupWait;
  struct Group {
    std::vector<CompletionRef> members;
    bool isDone(bool readOnly) const;
  };
  struct Thread {
    Group open;
    std::deque<Group> committed;
    size_t numRead = 0; ///< Of the first ones, that a wait has found read.
  };
  /// The members of `thread` that are waited for and not done.
  bool isOver(Kind kind, uint32_t thread, uint64_t count, bool readOnly);
  void acquire(Kind kind, Warp &warp, uint32_t thread, uint64_t count,
               bool readOnly);

  std::vector<Thread> threads[2];
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_ASYNCGROUPS_H
