//===- TensorMemoryUnit.h - The tensor memory of a CTA ----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The words of tensor memory, who has allocated them, and in what order they
// are accessed. A happens-before detector of its own watches that order, by the
// clocks of the cluster's: all that tcgen05 does is asynchronous, and nothing
// but its waits, its pipe and mbarriers make one access follow another.
//
// With --pedantic a second detector knows of the accesses of other threads only
// what tcgen05.fence makes known [PTX 9.7.16.6.4].
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_TENSORMEMORYUNIT_H
#define FP4_LIB_SIMULATOR_TENSORMEMORYUNIT_H

#include "Issuer.h"
#include "fp4/Simulator/Descriptors/TensorMemory.h"
#include <bitset>

namespace mlir::fp4::sim {

struct MatrixCollector;

/// An operation on tensor memory, as the detectors know it.
struct TensorAgent {
  Agent agent;
  std::optional<Agent> fenced; ///< With --pedantic.
  /// When a warp has issued it, of tcgen05.ld and tcgen05.st.
  std::optional<Moment> issued;
};

/// What operations of one thread keep in order, each with all before it.
struct TensorPipe {
  SyncToken done;
  SyncToken fenced;
  std::shared_ptr<MatrixCollector> collector;
};

/// Lanes and columns of tensor memory.
struct TensorRegion {
  unsigned lane;
  unsigned numLanes;
  unsigned column;
  unsigned numColumns;
};

class TensorMemoryUnit : public Unit {
public:
  static const char id;

  explicit TensorMemoryUnit(Cta &cta);

  std::string describe() const override;
  std::string explainPoison(const Warp &warp) const override;
  void finish() override;

  //===--------------------------------------------------------------------===//
  // Words
  //===--------------------------------------------------------------------===//

  /// Words from that column on, of one lane.
  uint32_t *words(unsigned lane, unsigned column) {
    return &data[lane * kTensorMemoryColumns + column];
  }
  /// Of each word a bit per byte that was not written.
  uint8_t *poison(unsigned lane, unsigned column) {
    return &shadow[lane * kTensorMemoryColumns + column];
  }

  //===--------------------------------------------------------------------===//
  // Allocation
  //===--------------------------------------------------------------------===//

  struct Allocated {
    unsigned column;
    unsigned count;
    unsigned ctaGroup;
  };

  /// Where that many columns are free, here and in `peer` if there is one.
  std::optional<unsigned> findFree(unsigned count,
                                   const TensorMemoryUnit *peer) const;
  void allocate(const Allocated &allocated);
  const Allocated *find(unsigned column) const;
  void free(unsigned column);
  unsigned numFree() const { return kTensorMemoryColumns - used.count(); }
  bool isAllocated(unsigned column, unsigned count) const;

  /// Faults if the columns are not there or not this CTA's.
  bool checkColumns(const Issuer &issuer, unsigned column, unsigned count,
                    const llvm::Twine &what) const;
  /// All instructions of a kernel are of one cta_group.
  bool checkGroup(const Issuer &issuer, unsigned ctaGroup);

  bool hasRelinquished = false;
  unsigned lastCount = kTensorMemoryColumns; ///< Of the allocation before.
  /// An allocation of a pair waits for that of the other CTA.
  struct Request {
    const Warp *warp;
    unsigned count;
    std::optional<unsigned> column; ///< Once it is granted.
  };
  std::optional<Request> request;
  SyncToken freed;

  //===--------------------------------------------------------------------===//
  // Order
  //===--------------------------------------------------------------------===//

  /// A register of a tcgen05.ld that must not be read yet, with --pedantic.
  struct PendingLoad {
    Lanes *lanes;
    /// Of the values, once they may be read.
    std::array<uint8_t, warpSize> poison;
  };
  struct WarpState {
    SyncToken loads;   ///< What tcgen05.wait::ld waits for.
    SyncToken stores;  ///< What tcgen05.wait::st waits for.
    SyncToken visible; ///< What the last fence::after_thread_sync showed.
    std::vector<PendingLoad> pending;
  };
  WarpState &state(const Warp &warp) { return states[warp.index]; }
  /// Of the thread of this CTA.
  TensorPipe &pipe(const Warp &warp, unsigned lane) {
    return pipes[warp.index * warpSize + lane];
  }

  /// An operation of a warp's queue, tcgen05.ld or tcgen05.st.
  TensorAgent beginAccess(Warp &warp);
  /// An operation of a thread's pipe.
  TensorAgent beginOperation(Warp &warp);
  /// tcgen05.fence.
  void fenceBefore(Warp &warp);
  void fenceAfter(Warp &warp);

  /// Notes an access; a fault if it follows on a conflicting one by nothing.
  bool noteAccess(const Issuer &issuer, TensorAgent &agent,
                  const TensorRegion &region, Access kind);
  /// The columns go to somebody else, which ends all that may be done to them.
  bool noteFree(const Issuer &issuer, const Allocated &allocated);

  Cta &cta;

private:
  /// Lanes that share a place of the detectors: half of what a warp reaches.
  static constexpr unsigned lanesPerPlace = 16;

  std::string describe(const Races::Conflict &conflict, Access kind) const;
  /// Whether the conflict is of tcgen05.ld or .st with a store that is known to
  /// be issued, though not to be done. The access is warned of it, and follows
  /// on the store.
  bool followsIssue(const Issuer &issuer, TensorAgent &agent,
                    const Races::Conflict &conflict, Access kind);
  uint32_t fenceSlot(const Warp &warp) const;

  std::vector<uint32_t> data;
  std::vector<uint8_t> shadow;
  std::vector<Allocated> allocations;
  std::bitset<kTensorMemoryColumns> used;
  unsigned group = 0; ///< The cta_group of the kernel, once it is known.
  std::vector<WarpState> states;
  std::map<uint32_t, TensorPipe> pipes;
  Races order;
  std::optional<Races> fencedOrder;
  /// Of each place of `order`, when the last tcgen05.st there was issued.
  std::vector<Moment> stores;
};

/// The CTAs that an instruction works on: that of the warp, or both of its
/// pair, the even one first. A fault if there is no pair.
bool getGroup(const Issuer &issuer, unsigned ctaGroup,
              llvm::SmallVectorImpl<Cta *> &ctas);

/// An operand's address in tensor memory, split. Faults on bits that mean
/// nothing.
struct TensorAddress {
  unsigned lane;
  unsigned column;
};
std::optional<TensorAddress>
splitAddress(const Issuer &issuer, uint32_t address, const llvm::Twine &what);

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_TENSORMEMORYUNIT_H
