//===- Tcgen05MmaOperation.cpp - The tensor core executes a product -------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All operands are read when the operation is done, which is late enough for
// whoever overwrites them too early to be caught.
//
//===----------------------------------------------------------------------===//

#include "Tcgen05Mma.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// Bytes along K of one instruction, of all kinds.
static constexpr unsigned rowBytes = 32;
static constexpr unsigned chunkBytes = 16;

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

bool MmaOperation::readChunk(Cta &cta, uint32_t address, unsigned size,
                             StringRef name, uint8_t *bytes) {
  std::optional<Chunk> chunk =
      TensorOperation::readShared(cta, address, size, name);
  if (!chunk)
    return false;
  uint64_t shadow[2] = {0, 0};
  std::memcpy(shadow, chunk->shadow, size);
  if (shadow[0] | shadow[1])
    return issuer.fault("poison",
                        formatv("{0} has bytes at {1:x} of the shared memory "
                                "of CTA {2} of the cluster, which were never "
                                "written",
                                name, address, cta.rank)
                            .str());
  std::memcpy(bytes, chunk->data, size);
  return true;
}

bool MmaOperation::readKMajor(Cta &cta, const SharedMatrix &matrix,
                              MmaType type, unsigned firstRow, unsigned numRows,
                              MmaOperand &operand, StringRef name) {
  // The padding of types with less than 8 bits is not read.
  bool isPadded = !model.isPackedFP4() && getUnpaddedBytes(type) < chunkBytes;
  unsigned size = isPadded ? getUnpaddedBytes(type) : chunkBytes;
  uint8_t bytes[rowBytes] = {}, elements[rowBytes];
  for (unsigned row = 0; row < numRows; ++row) {
    for (unsigned at = 0; at < rowBytes; at += chunkBytes)
      if (!readChunk(cta, getKMajorAddress(matrix, row, at), size, name,
                     bytes + at))
        return false;
    if (isPadded)
      unpackElements(type, bytes, elements);
    operand.setRow(firstRow + row, isPadded ? elements : bytes);
  }
  return true;
}

bool MmaOperation::readMNMajor(Cta &cta, const SharedMatrix &matrix,
                               unsigned firstRow, unsigned numRows,
                               MmaOperand &operand, StringRef name) {
  unsigned size = rowBytes / model.k;
  std::vector<uint8_t> rows(size_t(numRows) * rowBytes);
  uint8_t chunk[chunkBytes];
  for (unsigned k = 0; k < model.k; ++k)
    for (unsigned at = 0; at < numRows * size; at += chunkBytes) {
      if (!readChunk(cta, getMNMajorAddress(matrix, at, k), chunkBytes, name,
                     chunk))
        return false;
      for (unsigned i = 0; i < chunkBytes / size; ++i)
        std::memcpy(&rows[(at / size + i) * rowBytes + k * size],
                    chunk + i * size, size);
    }
  for (unsigned row = 0; row < numRows; ++row)
    operand.setRow(firstRow + row,
                   ArrayRef(rows).slice(size_t(row) * rowBytes, rowBytes));
  return true;
}

bool MmaOperation::readMatrix(Cta &cta, const SharedMatrix &matrix,
                              MmaType type, bool isTransposed,
                              unsigned firstRow, unsigned numRows,
                              MmaOperand &operand, StringRef name) {
  return isTransposed
             ? readMNMajor(cta, matrix, firstRow, numRows, operand, name)
             : readKMajor(cta, matrix, type, firstRow, numRows, operand, name);
}

//===----------------------------------------------------------------------===//
// Tensor memory
//===----------------------------------------------------------------------===//

bool MmaOperation::noteRows(Cta &cta, TensorAddress address, unsigned columns,
                            Access kind) {
  if (product.layout != AccumulatorLayout::F)
    return noteAccess(cta, {0, kTensorMemoryLanes, address.column, columns},
                      kind);
  // Half of each partition.
  for (unsigned lane = address.lane; lane < kTensorMemoryLanes;
       lane += kLanesPerPartition)
    if (!noteAccess(
            cta, {lane, kLanesPerPartition / 2, address.column, columns}, kind))
      return false;
  return true;
}

bool MmaOperation::readRowsOfA(Cta &cta, MmaOperand &operand,
                               BitVector &unwritten) {
  unsigned rows = rowsPerCTA();
  if (!product.isAInTensorMemory)
    return readMatrix(cta, product.a, model.a, product.instruction.transposeA,
                      0, rows, operand, "A");
  auto &unit = cta.unit<TensorMemoryUnit>();
  const TensorAddress &address = product.aAddress;
  if (!unit.checkColumns(issuer, address.column, MatrixProduct::numAColumns,
                         "A") ||
      !noteRows(cta, address, MatrixProduct::numAColumns, Access::Read))
    return false;
  for (unsigned row = 0; row < rows; ++row)
    for (auto [part, span] : enumerate(spansOf(row, address.lane))) {
      Expected<unsigned> lane = getOperandLane(product.layout, span);
      if (!lane)
        return issuer.fault("instruction-descriptor",
                            toString(lane.takeError()));
      // Kernels multiply rows that they do not need and have not written.
      ArrayRef<uint8_t> poison(unit.poison(*lane, address.column),
                               MatrixProduct::numAColumns);
      unwritten[part * rows + row] =
          any_of(poison, [](uint8_t bits) { return bits != 0; });
      operand.setRow(part * rows + row,
                     ArrayRef(reinterpret_cast<const uint8_t *>(
                                  unit.words(*lane, address.column)),
                              rowBytes));
    }
  return true;
}

/// Fields of an instruction descriptor that say how A is read.
static uint32_t getFieldsOfA(uint32_t bits) {
  // Its type, its sign, its major, and M.
  return bits & 0x1F00A380;
}

bool MmaOperation::readA() {
  bool keeps = product.collector == CollectorUse::Fill ||
               product.collector == CollectorUse::Use;
  bool isKept = product.collector == CollectorUse::Use ||
                product.collector == CollectorUse::LastUse;
  uint32_t fields = getFieldsOfA(product.instructionBits);
  std::shared_ptr<MatrixCollector> old = std::move(pipe.collector);
  pipe.collector.reset();
  if (isKept) {
    if (!old)
      return issuer.fault("collector", "the tensor core has kept no A, which "
                                       "a collector::a::fill would do");
    if (old->instruction != fields || old->source != product.aBits ||
        old->isInTensorMemory != product.isAInTensorMemory)
      return issuer.fault("collector", "the A that the tensor core has kept is "
                                       "not that of the instruction");
    collector = std::move(old);
  } else {
    collector = std::make_shared<MatrixCollector>();
    collector->instruction = fields;
    collector->source = product.aBits;
    collector->isInTensorMemory = product.isAInTensorMemory;
    for (Cta *cta : ctas) {
      MmaOperand &operand = collector->operands.emplace_back(
          model, model.a, numPartsOfA() * rowsPerCTA(),
          product.instruction.negateA);
      BitVector &unwritten =
          collector->unwritten.emplace_back(operand.getNumRows());
      if (!readRowsOfA(*cta, operand, unwritten))
        return false;
    }
  }
  if (keeps)
    pipe.collector = collector;
  return true;
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

bool MmaOperation::readScales(Cta &cta, TensorAddress address,
                              const ScaleLocation &location, StringRef name,
                              unsigned row, uint8_t (&scales)[4]) {
  auto &unit = cta.unit<TensorMemoryUnit>();
  unsigned column = address.column + location.column;
  unsigned count = model.getNumScales();
  uint32_t mask = uint32_t((uint64_t(1) << (8 * count)) - 1)
                  << (8 * location.byte);
  unsigned bad = ((1u << count) - 1) << location.byte;
  uint32_t first = 0;
  for (unsigned i = 0; i < location.numPartitions; ++i) {
    unsigned lane =
        (location.firstPartition + i) * kLanesPerPartition + location.lane;
    if (*unit.poison(lane, column) & bad)
      return issuer.fault("poison",
                          formatv("{0} of row {1} is in lane {2}, column {3} "
                                  "of tensor memory, which was never written",
                                  name, row, lane, column)
                              .str());
    uint32_t word = *unit.words(lane, column) & mask;
    if (i == 0)
      first = word;
    else if (word != first)
      return issuer.fault(
          "scale-partitions",
          formatv("{0} of row {1} is {2:x8} in lane {3} and {4:x8} in lane {5} "
                  "of column {6}, but expects the same in all partitions",
                  name, row, first,
                  location.firstPartition * kLanesPerPartition + location.lane,
                  word, lane, column)
              .str());
  }
  for (unsigned i = 0; i < count; ++i)
    scales[i] = uint8_t(first >> (8 * (location.byte + i)));
  return true;
}

bool MmaOperation::readScalesOfA(Cta &cta, MmaOperand &operand) {
  unsigned rows = rowsPerCTA(), columns = getNumScaleColumns(rows);
  if (!cta.unit<TensorMemoryUnit>().checkColumns(issuer, product.sfa.column,
                                                 columns, "SFA") ||
      !noteAccess(cta, {0, kTensorMemoryLanes, product.sfa.column, columns},
                  Access::Read))
    return false;
  uint8_t scales[4];
  for (unsigned row = 0; row < rows; ++row) {
    ScaleLocation location =
        getScaleALocation(row, 0, product.instruction.sfaId);
    if (!readScales(cta, product.sfa, location, "SFA", row, scales))
      return false;
    for (unsigned part = 0; part < numPartsOfA(); ++part)
      operand.setScales(part * rows + row,
                        ArrayRef(scales, model.getNumScales()));
  }
  return true;
}

bool MmaOperation::readScalesOfB(MmaOperand &operand) {
  unsigned columns = product.numScaleBColumns();
  unsigned n = product.instruction.n;
  for (Cta *cta : ctas)
    if (!cta->unit<TensorMemoryUnit>().checkColumns(issuer, product.sfb.column,
                                                    columns, "SFB") ||
        !noteAccess(*cta, {0, kTensorMemoryLanes, product.sfb.column, columns},
                    Access::Read))
      return false;
  for (unsigned row = 0; row < n; ++row) {
    ScaleLocation location =
        getScaleBLocation(product.layout, n, row, 0, product.instruction.sfbId);
    uint8_t scales[2][4] = {};
    for (auto [i, cta] : enumerate(ctas))
      if (!readScales(*cta, product.sfb, location, "SFB", row, scales[i]))
        return false;
    // Each CTA of a pair has those of all columns.
    if (ctas.size() == 2 && std::memcmp(scales[0], scales[1], 4) != 0)
      return issuer.fault("scale-partitions",
                          formatv("SFB of row {0} is not the same in the two "
                                  "CTAs of the pair",
                                  row)
                              .str());
    operand.setScales(row, ArrayRef(scales[0], model.getNumScales()));
  }
  return true;
}

//===----------------------------------------------------------------------===//
// D
//===----------------------------------------------------------------------===//

/// Divides a float by a power of two; false where that is not the exponent's
/// matter alone, which nobody has published.
static bool divide(uint32_t &word, unsigned power, unsigned fractionBits,
                   unsigned exponentBits) {
  uint32_t exponents = (1u << exponentBits) - 1;
  uint32_t exponent = word >> fractionBits & exponents;
  uint32_t fraction = word & ((1u << fractionBits) - 1);
  if (exponent == exponents || (exponent == 0 && fraction == 0))
    return true;
  if (exponent <= power)
    return false;
  word -= power << fractionBits;
  return true;
}

bool MmaOperation::prepareD(Cta &cta, unsigned lane,
                            MutableArrayRef<uint32_t> d) {
  const uint8_t *poison =
      cta.unit<TensorMemoryUnit>().poison(lane, product.d.column);
  // Of 16-bit results the upper half of a word is not read.
  uint8_t bad = model.d == MmaType::F16 ? 3 : 15;
  for (unsigned i = 0; i < d.size(); ++i)
    if (poison[i] & bad)
      return issuer.fault("poison",
                          formatv("adds to D in lane {0}, column {1} of tensor "
                                  "memory, which was never written",
                                  lane, product.d.column + i)
                              .str());
  if (!product.scaleInput)
    return true;
  bool isHalf = model.d == MmaType::F16;
  for (uint32_t &word : d)
    if (!divide(word, product.scaleInput, isHalf ? 10 : 23, isHalf ? 5 : 8))
      return issuer.fault("not-modelled",
                          formatv("D in lane {0} is {1:x}, which scale-input-d "
                                  "of {2} makes subnormal",
                                  lane, word, product.scaleInput)
                              .str());
  return true;
}

bool MmaOperation::multiply(Cta &cta, unsigned ctaInGroup,
                            const MmaOperand &b) {
  const MmaOperand &a = collector->operands[ctaInGroup];
  const BitVector &unwritten = collector->unwritten[ctaInGroup];
  auto &unit = cta.unit<TensorMemoryUnit>();
  unsigned rows = rowsPerCTA();
  bool hasParts = a.getNumRows() > rows;
  for (unsigned row = 0; row < rows; ++row)
    for (auto [part, span] : enumerate(spansOf(row, product.d.lane))) {
      uint32_t disabled = product.disabled[ctaInGroup * 4 + span.lane / 32];
      if (disabled >> span.lane % 32 & 1)
        continue;
      MutableArrayRef<uint32_t> d(unit.words(span.lane, product.d.column),
                                  span.numN);
      uint8_t *poison = unit.poison(span.lane, product.d.column);
      unsigned rowOfA = hasParts ? unsigned(part) * rows + row : row;
      if (unwritten[rowOfA]) {
        std::memset(poison, poisonOfSize(4), span.numN);
        continue;
      }
      if (product.readsD && !prepareD(cta, span.lane, d))
        return false;
      multiplyRow(model, a, rowOfA, b, span.firstN, d, product.readsD);
      std::memset(poison, 0, span.numN);
    }
  return true;
}

bool MmaOperation::execute() {
  const InstructionDescriptor &instruction = product.instruction;
  for (Cta *cta : ctas)
    if (!cta->unit<TensorMemoryUnit>().checkColumns(
            issuer, product.d.column, product.numColumns(), "D") ||
        !noteRows(*cta, product.d, product.numColumns(), Access::Write))
      return false;
  if (!readA())
    return false;
  MmaOperand b(model, model.b, instruction.n, instruction.negateB);
  unsigned rows = instruction.n / unsigned(ctas.size());
  for (auto [i, cta] : enumerate(ctas))
    if (!readMatrix(*cta, product.b, model.b, instruction.transposeB,
                    unsigned(i) * rows, rows, b, "B"))
      return false;
  if (product.hasScales()) {
    if (!readScalesOfB(b))
      return false;
    for (auto [cta, operand] : zip(ctas, collector->operands))
      if (!readScalesOfA(*cta, operand))
        return false;
  }
  for (auto [i, cta] : enumerate(ctas))
    if (!multiply(*cta, unsigned(i), b))
      return false;
  issuer.warp->statistics.tensorFlop +=
      uint64_t(2) * instruction.m * instruction.n * model.k;
  return true;
}
