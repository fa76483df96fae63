//===- CPU.h - CPUs that code is generated for ------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the CPU lowering asks of a CPU: which instructions it has and how large
// the tiles are that fill its registers. LLVM's own tables say what a CPU of a
// name has; nothing is kept here twice.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_CPU_CPU_H
#define FP4_TARGET_CPU_CPU_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"
#include <cstdint>
#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace mlir {
class Operation;
} // namespace mlir

namespace mlir::fp4::cpu {

/// How four products of bytes are added to each i32 lane of a vector.
enum class DotProduct {
  AVX512VNNI, ///< vpdpbusd on 512 bits, unsigned x signed
  AVXVNNI,    ///< vpdpbusd on 256 bits, unsigned x signed
  AVX2,       ///< vpmaddubsw, vpmaddwd, vpaddd on 256 bits, unsigned x signed
  NEONMatrix, ///< smmla on 128 bits, signed x signed, and sdot for few rows
  NEONDot,    ///< sdot on 128 bits, signed x signed
  Portable,   ///< widened to i32, multiplied and added, on 128 bits
};

llvm::StringRef stringifyDotProduct(DotProduct dot);

/// The part of a matrix product that registers hold: `rows` rows of the
/// activations by `vectors` vectors of `lanes` columns each.
struct Tile {
  int64_t lanes;
  int64_t vectors;
  /// Rows at once, where there are many, a batch, and a few. Where the second
  /// is the first, a batch is nothing of its own.
  int64_t prefillRows, batchRows, decodeRows;

  /// The most rows that are a batch.
  static constexpr int64_t kBatch = 64;
  /// The most tiles of rows whose sums are in the second cache.
  static constexpr int64_t kBlockTiles = 96;

  int64_t columns() const { return lanes * vectors; }
};

/// A CPU by its triple, name and features, as LLVM spells them.
class CPU {
public:
  /// \param triple empty: the host's.
  /// \param name empty: the host's CPU with the features that it reports, or
  ///        the baseline of another triple.
  /// \param features is added, for example "-avx512vnni,+avxvnni".
  /// Fails for a triple that is not of a 64-bit, little-endian CPU, and for a
  /// name or feature that LLVM does not know.
  static llvm::Expected<CPU> create(llvm::StringRef triple,
                                    llvm::StringRef name,
                                    llvm::StringRef features);

  /// The same for a pass on `op`, where errors are reported.
  static FailureOr<CPU> create(Operation *op, llvm::StringRef triple,
                               llvm::StringRef name, llvm::StringRef features);

  /// Fails if the process would die of an instruction that this machine does
  /// not have, and names the feature.
  llvm::Error checkRunsHere() const;

  const llvm::Triple &getTriple() const { return triple; }
  llvm::StringRef getName() const { return name; }
  llvm::StringRef getFeatures() const { return features; }

  bool isX86() const { return triple.isX86(); }
  DotProduct getDotProduct() const { return dot; }
  Tile getTile() const;

  /// Whether the products take the bytes of one side, the columns', as
  /// unsigned.
  bool hasUnsignedColumns() const {
    return !hasNEONDot() && dot != DotProduct::Portable;
  }

  /// What is added to the columns' values, -12 to 12, to make such bytes.
  int64_t getColumnOffset() const { return hasUnsignedColumns() ? 12 : 0; }

  /// Whether there is sdot.
  bool hasNEONDot() const {
    return dot == DotProduct::NEONMatrix || dot == DotProduct::NEONDot;
  }

  /// Whether eight bytes of each of two rows are multiplied with those of two
  /// columns by one instruction, and tiles for many rows are in such pairs.
  bool hasRowPairs() const { return dot == DotProduct::NEONMatrix; }

  /// Whether 16 lanes of 32 bits are looked up in a vector by one instruction
  /// that does not compete with dot products.
  bool hasLookup32() const { return dot == DotProduct::AVX512VNNI; }

  /// The width of a vector register in bytes: 64, 32 or 16.
  int64_t getVectorBytes() const;

  /// Whether there is vdpbf16ps on 512 bits.
  bool hasBF16Dot() const { return bf16Dot; }

  /// Code generation for this CPU.
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
  createTargetMachine() const;

private:
  CPU() = default;

  llvm::Triple triple;
  std::string name, features;
  DotProduct dot = DotProduct::Portable;
  bool bf16Dot = false;
};

} // namespace mlir::fp4::cpu

#endif // FP4_TARGET_CPU_CPU_H
