//===- Decoder.h - How an instruction is described and decoded --*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An instruction file under Instructions/ gives a list of rows, one per form of
// an instruction, and Registry.cpp lists the files. A row's pattern is the
// opcode with its groups of modifiers as the manual has them:
//
//   "add [sat] s32|u32"
//
// takes add, at most one of the first group, and exactly one of the second,
// in any order, since producers of PTX do not agree on one; only types keep
// theirs. Whatever no row
// takes is refused when a module is loaded, so a row must not take a modifier
// that it does not honour. The row's function decodes the operands and says
// what executes the instruction.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_DECODER_H
#define FP4_LIB_SIMULATOR_DECODER_H

#include "Instruction.h"
#include "fp4/Simulator/Chip.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"
#include <optional>

namespace mlir::fp4::sim {

class Decoder;

struct Row {
  llvm::StringLiteral pattern;
  void (*decode)(Decoder &decoder);
  InstructionClass kind;
  uint32_t features = 0; ///< That the chip must have.
};
using Rows = llvm::ArrayRef<Row>;

/// All lists of rows (Instructions/Registry.cpp).
llvm::ArrayRef<Rows> allRows();

/// A register that is read only, such as %tid.x.
struct SpecialRegister {
  llvm::StringLiteral name;
  Type type;
  Flow (*execute)(Warp &warp, const Instruction &instruction);
  uint32_t features = 0;
};
llvm::ArrayRef<SpecialRegister> specialRegisters();

/// A function that the system defines, such as vprintf. The call site says
/// where its parameters and its result are.
struct SystemFunction {
  llvm::StringLiteral name;
  unsigned numParameters;
  unsigned numResults;
  Flow (*execute)(Warp &warp, const Instruction &instruction);
};
llvm::ArrayRef<SystemFunction> systemFunctions();

struct RegisterRef {
  int32_t slot;
  Type type;
};

/// What the decoder asks of the function that the instruction is in.
class NameResolver {
public:
  virtual ~NameResolver();

  struct Symbol {
    StateSpace space = StateSpace::Global;
    int32_t slot = 0; ///< That holds the address.
  };
  struct Target {
    enum class Kind : uint8_t { Label, BranchTable, Function, Prototype };
    Kind kind;
    uint32_t index;
  };

  virtual std::optional<RegisterRef> findRegister(llvm::StringRef name) = 0;
  /// A variable, with its address in a slot; this may emit an instruction.
  virtual std::optional<Symbol> findSymbol(llvm::StringRef name) = 0;
  /// A special register, in a slot; this emits an instruction.
  virtual std::optional<RegisterRef> findSpecial(llvm::StringRef name) = 0;
  virtual const Chip &chip() const = 0;
  virtual int32_t constant(uint64_t value, uint64_t high = 0) = 0;
  virtual int32_t temporary(Type type) = 0;
  /// Makes `instruction.target` the pc of the label when that is known.
  virtual bool bindLabel(llvm::StringRef name) = 0;
  virtual std::optional<uint32_t> findBranchTable(llvm::StringRef name) = 0;
  /// Decodes the operands of a call.
  virtual void decodeCall(Decoder &decoder) = 0;
};

class Decoder {
public:
  Decoder(NameResolver &names, const ptx::Instruction &in, Instruction &out)
      : in(in), out(out), names(names) {}

  //===--------------------------------------------------------------------===//
  // Modifiers
  //===--------------------------------------------------------------------===//

  /// Whether the pattern takes the modifiers; remembers which group took what.
  bool match(llvm::StringRef pattern);

  /// What the i-th group of the pattern took, empty if it was left out.
  llvm::StringRef group(unsigned i) const {
    return i < groups.size() ? groups[i] : llvm::StringRef();
  }
  bool has(llvm::StringRef modifier) const;
  /// The type that the i-th group took.
  Type type(unsigned i) const { return *parseType(group(i)); }

  //===--------------------------------------------------------------------===//
  // Operands
  //===--------------------------------------------------------------------===//

  unsigned numOperands() const { return unsigned(in.operands.size()); }
  bool expectOperands(unsigned min, unsigned max);
  bool expectOperands(unsigned count) { return expectOperands(count, count); }

  /// Appends the register that the operand names; `_` gives one that nobody
  /// reads. A wider register is an error unless the instruction, as ld and cvt
  /// do, takes one [PTX 9.4.1]; its width is returned.
  unsigned destination(const ptx::Operand &operand, Type type,
                       bool mayBeWider = false);
  /// Appends the register or constant of that operand.
  unsigned source(const ptx::Operand &operand, Type type,
                  bool mayBeWider = false);
  unsigned destination(unsigned i, Type type, bool mayBeWider = false) {
    return destination(in.operands[i], type, mayBeWider);
  }
  unsigned source(unsigned i, Type type, bool mayBeWider = false) {
    return source(in.operands[i], type, mayBeWider);
  }
  /// Appends a source that may be `!p`; the last one if so is in `negated`.
  void predicate(const ptx::Operand &operand, bool &negated);
  /// Appends the base of `[base + offset]` and sets the offset and space.
  void address(const ptx::Operand &operand, StateSpace space);
  void append(int32_t slot) { slots.push_back(slot); }
  /// The value of an operand that has to be an integer constant.
  std::optional<int64_t> integer(const ptx::Operand &operand) const;

  /// Keeps the first message; the instruction is refused.
  void fail(const llvm::Twine &text);
  /// Refuses the instruction if the chip lacks what its operands ask for.
  void require(uint32_t features, const llvm::Twine &what);

  const ptx::Instruction &in;
  Instruction &out;
  NameResolver &names;
  llvm::SmallVector<int32_t, 8> slots;
  std::string message;

private:
  std::optional<uint64_t> immediate(const ptx::Operand &operand, Type type);

  llvm::SmallVector<llvm::StringRef, 8> groups;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_DECODER_H
