//===- Statements.cpp - Parser of the bodies of PTX functions -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Parser.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::ptx;

bool Parser::parseBody(Function &function) {
  source = SourceLocation();
  Location begin = token.location;
  if (!expect("{"))
    return false;
  for (unsigned depth = 1; depth != 0;) {
    if (token.kind == Token::Kind::End)
      return failAt(begin, "expects a '}' that matches this '{'");
    if (!parseStatement(function, depth))
      return false;
  }
  return true;
}

bool Parser::parseStatement(Function &function, unsigned &depth) {
  if (token.kind == Token::Kind::Suffix)
    return parseBodyDirective(function);
  if (token.is("{") || token.is("}")) {
    bool begins = token.is("{");
    depth += begins ? 1 : -1;
    if (begins || depth != 0) {
      Statement &scope = function.body.emplace_back();
      scope.kind =
          begins ? Statement::Kind::ScopeBegin : Statement::Kind::ScopeEnd;
      scope.location = token.location;
    }
    advance();
    return true;
  }
  if (consumeIf(";"))
    return true;
  if (token.is("@"))
    return parseInstruction(function, nullptr);
  if (token.kind != Token::Kind::Word)
    return fail("a statement");
  Token name = token;
  advance();
  return consumeIf(":") ? parseLabelled(function, name)
                        : parseInstruction(function, &name);
}

bool Parser::parseLoc() {
  uint32_t column = 0;
  if (!parseUnsigned(source.file, "the number of a file") ||
      !parseUnsigned(source.line, "a line") ||
      !parseUnsigned(column, "a column"))
    return false;
  // `, function_name label {+ offset}, inlined_at file line column`.
  while (consumeIf(",")) {
    StringRef attribute;
    if (!parseWord(attribute, "'function_name' or 'inlined_at'"))
      return false;
    if (attribute == "inlined_at") {
      for (int i = 0; i < 3; ++i)
        if (!parseUnsigned(column, "a number"))
          return false;
    } else {
      Operand name;
      if (!parseScalar(name))
        return false;
    }
  }
  return true;
}

bool Parser::parseBodyDirective(Function &function) {
  StringRef directive = token.text;
  Location location = token.location;
  if (spaceOf(directive)) {
    size_t first = function.variables.size();
    if (!parseVariables(function.variables, /*isExternal=*/false))
      return false;
    for (size_t i = first; i < function.variables.size(); ++i) {
      Statement &statement = function.body.emplace_back();
      statement.kind = Statement::Kind::Variable;
      statement.index = uint32_t(i);
      statement.location = function.variables[i].location;
    }
    return expect(";");
  }
  advance();
  if (directive == ".loc")
    return parseLoc();
  if (directive == ".file")
    return parseFile();
  if (directive == ".pragma") {
    if (token.kind != Token::Kind::String)
      return fail("a string");
    advance();
    return expect(";");
  }
  return failAt(location, "unknown directive '" + directive + "' in a body");
}

bool Parser::parseLabelled(Function &function, const Token &name) {
  Statement statement;
  statement.label = name.text;
  statement.location = name.location;
  statement.kind = Statement::Kind::Label;
  if (token.isSuffix(".branchtargets") || token.isSuffix(".calltargets")) {
    statement.kind = Statement::Kind::BranchTargets;
    advance();
    if (!parseBranchTargets(statement))
      return false;
  } else if (token.isSuffix(".callprototype")) {
    statement.kind = Statement::Kind::CallPrototype;
    advance();
    if (!parseCallPrototype(function, statement))
      return false;
  }
  function.body.push_back(std::move(statement));
  return true;
}

bool Parser::parseBranchTargets(Statement &statement) {
  do {
    Operand target;
    if (!parseScalar(target))
      return false;
    statement.targets.push_back(std::move(target));
  } while (consumeIf(","));
  return expect(";");
}

bool Parser::parseCallPrototype(Function &function, Statement &statement) {
  std::vector<Variable> results, parameters;
  StringRef ignored;
  if (token.is("(") && !parseParameters(results))
    return false;
  if (!parseWord(ignored, "'_'"))
    return false;
  if (token.is("(") && !parseParameters(parameters))
    return false;
  Limits limits;
  if (!parseLimits(limits))
    return false;
  statement.index = uint32_t(function.variables.size());
  statement.numResults = uint32_t(results.size());
  statement.numParameters = uint32_t(parameters.size());
  for (std::vector<Variable> *list : {&results, &parameters})
    for (Variable &variable : *list)
      function.variables.push_back(std::move(variable));
  return expect(";");
}

/// An instruction; its first word has been read if there is no guard.
bool Parser::parseInstruction(Function &function, const Token *root) {
  Instruction instruction;
  if (root) {
    instruction.root = root->text;
    instruction.location = root->location;
  } else {
    instruction.location = token.location;
    advance();
    instruction.guardNegated = consumeIf("!");
    if (!parseWord(instruction.guard, "a predicate"))
      return false;
    instruction.location = token.location;
    if (!parseWord(instruction.root, "an instruction"))
      return false;
  }
  if (!isAlpha(instruction.root.front()))
    return failAt(instruction.location,
                  "expects an instruction, but got '" + instruction.root + "'");
  instruction.source = source;
  for (; token.kind == Token::Kind::Suffix; advance())
    instruction.modifiers.push_back(token.text.drop_front());
  if (!token.is(";")) {
    do {
      if (!parseOperand(instruction.operands.emplace_back()))
        return false;
    } while (consumeIf(","));
  }
  Statement &statement = function.body.emplace_back();
  statement.kind = Statement::Kind::Instruction;
  statement.index = uint32_t(function.instructions.size());
  statement.location = instruction.location;
  function.instructions.push_back(std::move(instruction));
  return expect(";");
}
