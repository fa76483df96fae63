//===- Syntax.h - Syntax tree of a PTX module ----------------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the parser makes of PTX text. The tree knows no instruction: opcodes,
// their modifiers and operands are kept as they are written. Bodies are flat
// lists in which scopes begin and end, so that nothing recurses. All names
// point into the text, which the module owns.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_SYNTAX_H
#define FP4_SIMULATOR_SYNTAX_H

#include "fp4/Simulator/Types.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>
#include <vector>

namespace mlir::fp4::sim::ptx {

/// A place in the PTX text, counted from 1.
struct Location {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// A place in the source that the PTX was made of, from `.loc`.
struct SourceLocation {
  uint32_t file = 0; ///< The number of a `.file`; 0 if there is none.
  uint32_t line = 0;
};

struct Operand {
  enum class Kind : uint8_t {
    Name,    ///< A register, symbol or label: `name + value`.
    Integer, ///< `value`.
    Float32, ///< `0f...`: the bits in `value`.
    Float64, ///< `0d...` or decimal: the bits in `value`.
    Sink,    ///< `_`.
    Vector,  ///< `{elements}`.
    Address, ///< `[elements]`: a base with its offset, then coordinates.
    Pair,    ///< `a|b`.
    List,    ///< `(elements)`, of a call.
  };

  Kind kind = Kind::Sink;
  bool negated = false; ///< `!name`.
  llvm::StringRef name; ///< With its suffix, as in `%tid.x`.
  int64_t value = 0;    ///< The offset of a name.
  std::vector<Operand> elements;
  Location location;
};

struct Instruction {
  llvm::StringRef guard; ///< Empty if it is always executed.
  bool guardNegated = false;
  llvm::StringRef root;                            ///< `ld`.
  llvm::SmallVector<llvm::StringRef, 4> modifiers; ///< Without dots.
  llvm::SmallVector<Operand, 4> operands;
  Location location;
  SourceLocation source;

  /// The opcode as it is written, `ld.global.b32`.
  std::string opcode() const;
};

/// One element of an initialiser.
struct Initialiser {
  Operand value;        ///< An integer, a float, or a symbol and offset.
  bool generic = false; ///< `generic(symbol)`.
  uint64_t mask = 0;    ///< Of `0xFF00(symbol)`, which takes one byte.
};

struct Variable {
  StateSpace space = StateSpace::Reg;
  Type type = Type::B32;
  uint8_t vectorSize = 1; ///< 2 or 4 of `.v2` and `.v4`.
  bool isExternal = false;
  bool isPointer = false; ///< `.ptr`.
  uint32_t alignment = 0; ///< 0 if it is not given.
  llvm::StringRef name;
  uint64_t registers = 0; ///< The N of `%r<N>`; 0 for a single variable.
  bool isArray = false;
  /// 0 for the extent of `[]`.
  llvm::SmallVector<uint64_t, 1> extents;
  std::vector<Initialiser> initialisers;
  Location location;
};

struct Statement {
  enum class Kind : uint8_t {
    Instruction,
    Label,
    ScopeBegin,
    ScopeEnd,
    Variable,
    BranchTargets,
    CallPrototype,
  };

  Kind kind;
  /// Into the vector of its kind: instructions or variables.
  uint32_t index = 0;
  llvm::StringRef label; ///< Of labels, targets and prototypes.
  /// The targets; of a prototype the number of results and parameters is what
  /// matters, and they are variables from `index` on.
  std::vector<Operand> targets;
  uint32_t numResults = 0;
  uint32_t numParameters = 0;
  Location location;
};

/// Limits that a function states, in threads, CTAs or registers; 0 if absent.
struct Limits {
  uint32_t maxThreads[3] = {0, 0, 0};
  uint32_t requiredThreads[3] = {0, 0, 0};
  uint32_t clusterSize[3] = {0, 0, 0};
  uint32_t maxRegisters = 0;
  uint32_t minCTAs = 0;
  uint32_t maxClusterRank = 0;
  bool explicitCluster = false;
  bool noReturn = false;
};

struct Function {
  llvm::StringRef name;
  bool isEntry = false;
  bool isExternal = false;
  bool hasBody = false;
  Limits limits;
  std::vector<Variable> results;
  std::vector<Variable> parameters;
  std::vector<Statement> body;
  std::vector<Instruction> instructions;
  std::vector<Variable> variables;
  Location location;
};

struct File {
  uint32_t number;
  llvm::StringRef name;
};

struct Module {
  std::string name; ///< In messages.
  /// On the heap, so that names stay good when the module moves.
  std::unique_ptr<const std::string> text;
  uint32_t versionMajor = 0;
  uint32_t versionMinor = 0;
  Location targetLocation;
  llvm::SmallVector<llvm::StringRef, 2> targets; ///< `sm_100a`, `debug`.
  std::vector<Variable> variables;
  std::vector<Function> functions;
  std::vector<File> files;
};

} // namespace mlir::fp4::sim::ptx

#endif // FP4_SIMULATOR_SYNTAX_H
