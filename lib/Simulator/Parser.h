//===- Parser.h - State of the parser of PTX ------------------ -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_PARSER_H
#define FP4_LIB_SIMULATOR_PARSER_H

#include "Lexer.h"
#include "llvm/ADT/Twine.h"

namespace mlir::fp4::sim::ptx {

/// One token of lookahead over the text. Each `parse` function returns whether
/// it succeeded; the first failure is kept, and nothing is parsed after it.
class Parser {
public:
  explicit Parser(Module &module) : module(module), lexer(*module.text) {
    advance();
  }

  /// Parses the whole module.
  bool parseModule();

  std::string message; ///< Of the first failure.

private:
  //===--------------------------------------------------------------------===//
  // Tokens (Parser.cpp)
  //===--------------------------------------------------------------------===//

  void advance() { token = lexer.next(); }
  bool fail(const llvm::Twine &expected);
  bool failAt(Location location, const llvm::Twine &text);
  bool consumeIf(llvm::StringRef punctuation);
  bool expect(llvm::StringRef punctuation);
  bool parseWord(llvm::StringRef &word, const llvm::Twine &what);
  bool parseUnsigned(uint64_t &value, uint64_t max, const llvm::Twine &what);
  bool parseUnsigned(uint32_t &value, const llvm::Twine &what);
  bool skipBraces();

  //===--------------------------------------------------------------------===//
  // Declarations (Parser.cpp, Variables.cpp)
  //===--------------------------------------------------------------------===//

  bool parseVersion();
  bool parseTarget();
  bool parseFile();
  bool parseSection();
  bool parseTopLevel();
  bool parseFunction(bool isEntry, bool isExternal);
  bool parseLimits(Limits &limits);
  bool parseExtents(uint32_t (&extents)[3]);
  bool parseParameters(std::vector<Variable> &parameters);

  /// The state space of a suffix such as `.shared`, if it is one of a variable.
  static std::optional<StateSpace> spaceOf(llvm::StringRef suffix);
  /// From the state space on; several names give several variables.
  bool parseVariables(std::vector<Variable> &variables, bool isExternal);
  /// Alignment, vector size and type, in any order, up to the name.
  bool parseVariableType(Variable &variable);
  bool parseVariableName(Variable &variable);
  bool parseArrayExtents(Variable &variable);
  bool parseInitialisers(Variable &variable);
  bool parseInitialiser(Initialiser &initialiser);

  //===--------------------------------------------------------------------===//
  // Bodies (Statements.cpp)
  //===--------------------------------------------------------------------===//

  bool parseBody(Function &function);
  bool parseStatement(Function &function, unsigned &depth);
  bool parseBodyDirective(Function &function);
  bool parseLabelled(Function &function, const Token &name);
  bool parseCallPrototype(Function &function, Statement &statement);
  bool parseBranchTargets(Statement &statement);
  bool parseInstruction(Function &function, const Token *root);
  bool parseLoc();

  //===--------------------------------------------------------------------===//
  // Operands (Operands.cpp)
  //===--------------------------------------------------------------------===//

  bool parseOperand(Operand &operand);
  /// A name or a number, with its sign or offset, or `_`.
  bool parseScalar(Operand &operand);
  bool parseOffsets(Operand &operand);
  bool parseVector(Operand &operand);
  bool parseAddress(Operand &operand);
  bool parseList(Operand &operand);

  Module &module;
  Lexer lexer;
  Token token;
  SourceLocation source; ///< Of the last `.loc`.
};

} // namespace mlir::fp4::sim::ptx

#endif // FP4_LIB_SIMULATOR_PARSER_H
