//===- Tcgen05Mma.h - One tcgen05.mma ---------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_INSTRUCTIONS_TCGEN05MMA_H
#define FP4_LIB_SIMULATOR_INSTRUCTIONS_TCGEN05MMA_H

#include "Tcgen05.h"
#include "fp4/Simulator/Arithmetic/MatrixMultiply.h"
#include "fp4/Simulator/Descriptors/InstructionDescriptor.h"
#include "llvm/ADT/BitVector.h"

namespace mlir::fp4::sim {

/// .collector::a [PTX 9.7.16.10.8]: what happens to A in the tensor core.
enum class CollectorUse : uint8_t { Discard, Fill, Use, LastUse };

/// A matrix A that a tensor core has kept, with what it was read by.
struct MatrixCollector {
  uint32_t instruction; ///< Fields of the descriptor that are about A.
  uint64_t source;      ///< Descriptor or address.
  bool isInTensorMemory;
  /// Of each CTA: its rows; in tensor memory, once for each part that rows of D
  /// are cut into.
  std::vector<MmaOperand> operands;
  /// Of the rows of each, which ones have bytes in tensor memory that nobody
  /// has written: so is all of that row of D, then.
  std::vector<llvm::BitVector> unwritten;
};

/// The operands of one instruction, decoded.
struct MatrixProduct {
  InstructionDescriptor instruction;
  uint32_t instructionBits = 0;
  AccumulatorLayout layout = AccumulatorLayout::D;
  TensorAddress d = {0, 0};
  bool readsD = false;
  /// D is divided by this power of two before it is added.
  unsigned scaleInput = 0;
  bool isAInTensorMemory = false;
  uint64_t aBits = 0;
  TensorAddress aAddress = {0, 0};
  SharedMatrix a;
  SharedMatrix b;
  TensorAddress sfa = {0, 0};
  TensorAddress sfb = {0, 0};
  /// A bit per lane of D that is left alone.
  std::array<uint32_t, 8> disabled = {};
  CollectorUse collector = CollectorUse::Discard;

  bool hasScales() const { return instruction.model.scale != MmaScale::None; }
  unsigned numColumns() const {
    return getNumAccumulatorColumns(layout, instruction.n);
  }
  /// Columns that SFB has its scales for in one partition.
  unsigned numScaleBColumns() const {
    return getNumScaleColumns(layout == AccumulatorLayout::B ? instruction.n / 2
                                                             : instruction.n);
  }
  /// Columns of A in tensor memory: 32 bytes.
  static constexpr unsigned numAColumns = 8;
};

class MmaOperation : public TensorOperation {
public:
  MmaOperation(const Issuer &issuer, llvm::ArrayRef<Cta *> ctas,
               const MatrixProduct &product)
      : TensorOperation(issuer, ctas), product(product),
        model(this->product.instruction.model) {}

private:
  bool execute() override;

  unsigned rowsPerCTA() const {
    return product.instruction.m / unsigned(ctas.size());
  }
  /// The parts that a row of D is cut into, in lanes of a block.
  llvm::SmallVector<AccumulatorSpan, 4> spansOf(unsigned row,
                                                unsigned firstLane) const {
    return getAccumulatorRow(product.layout, product.instruction.n, row,
                             firstLane);
  }
  unsigned numPartsOfA() const {
    return product.isAInTensorMemory ? unsigned(spansOf(0, 0).size()) : 1;
  }
  bool noteRows(Cta &cta, TensorAddress address, unsigned columns, Access kind);
  bool readA();
  bool readRowsOfA(Cta &cta, MmaOperand &operand, llvm::BitVector &unwritten);
  bool readMatrix(Cta &cta, const SharedMatrix &matrix, MmaType type,
                  bool isTransposed, unsigned firstRow, unsigned numRows,
                  MmaOperand &operand, llvm::StringRef name);
  bool readKMajor(Cta &cta, const SharedMatrix &matrix, MmaType type,
                  unsigned firstRow, unsigned numRows, MmaOperand &operand,
                  llvm::StringRef name);
  bool readMNMajor(Cta &cta, const SharedMatrix &matrix, unsigned firstRow,
                   unsigned numRows, MmaOperand &operand, llvm::StringRef name);
  bool readChunk(Cta &cta, uint32_t address, unsigned size,
                 llvm::StringRef name, uint8_t *bytes);
  bool readScalesOfA(Cta &cta, MmaOperand &operand);
  bool readScalesOfB(MmaOperand &operand);
  bool readScales(Cta &cta, TensorAddress address,
                  const ScaleLocation &location, llvm::StringRef name,
                  unsigned row, uint8_t (&scales)[4]);
  bool multiply(Cta &cta, unsigned ctaInGroup, const MmaOperand &b);
  bool prepareD(Cta &cta, unsigned lane, llvm::MutableArrayRef<uint32_t> d);

  const MatrixProduct product;
  const MmaModel &model;
  std::shared_ptr<MatrixCollector> collector; ///< With the A that is used.
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_INSTRUCTIONS_TCGEN05MMA_H
