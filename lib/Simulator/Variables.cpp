//===- Variables.cpp - Parser of PTX variables ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Parser.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::ptx;

std::optional<StateSpace> Parser::spaceOf(StringRef suffix) {
  return StringSwitch<std::optional<StateSpace>>(suffix)
      .Case(".reg", StateSpace::Reg)
      .Case(".const", StateSpace::Const)
      .Case(".global", StateSpace::Global)
      .Case(".local", StateSpace::Local)
      .Case(".param", StateSpace::Param)
      .Cases({".shared", ".shared::cta"}, StateSpace::Shared)
      .Default(std::nullopt);
}

bool Parser::parseVariableType(Variable &variable) {
  bool hasType = false;
  while (token.kind == Token::Kind::Suffix) {
    StringRef suffix = token.text;
    if (suffix == ".align") {
      advance();
      Location location = token.location;
      if (!parseUnsigned(variable.alignment, "an alignment"))
        return false;
      uint32_t n = variable.alignment;
      if (n == 0 || (n & (n - 1)) != 0 || n > 65536)
        return failAt(location, "expects a power of two of up to 65536 as "
                                "alignment, but got " +
                                    Twine(n));
      continue;
    }
    if (suffix == ".ptr") {
      variable.isPointer = true;
      advance();
      // What it points to is for optimizers; the alignment there, too.
      while (token.kind == Token::Kind::Suffix) {
        bool isAlign = token.isSuffix(".align");
        uint32_t ignored;
        advance();
        if (isAlign && !parseUnsigned(ignored, "an alignment"))
          return false;
      }
      continue;
    }
    if (suffix == ".attribute") {
      advance();
      if (!expect("("))
        return false;
      while (!token.is(")")) {
        if (token.kind == Token::Kind::End)
          return fail("')'");
        advance();
      }
      advance();
      continue;
    }
    if (suffix == ".v2" || suffix == ".v4") {
      variable.vectorSize = suffix == ".v2" ? 2 : 4;
    } else if (std::optional<Type> type = parseType(suffix.drop_front())) {
      if (hasType)
        return fail("one type only");
      variable.type = *type;
      hasType = true;
    } else {
      return fail("a type");
    }
    advance();
  }
  return hasType || fail("a type");
}

bool Parser::parseVariableName(Variable &variable) {
  variable.location = token.location;
  return parseWord(variable.name, "a name") && parseArrayExtents(variable);
}

bool Parser::parseArrayExtents(Variable &variable) {
  while (consumeIf("[")) {
    variable.isArray = true;
    uint64_t extent = 0;
    if (!token.is("]") && !parseUnsigned(extent, UINT32_MAX, "a size"))
      return false;
    variable.extents.push_back(extent);
    if (!expect("]"))
      return false;
  }
  return true;
}

bool Parser::parseInitialiser(Initialiser &initialiser) {
  if (token.kind == Token::Kind::Word && token.text == "generic") {
    initialiser.generic = true;
    advance();
    if (!expect("(") || !parseScalar(initialiser.value) || !expect(")"))
      return false;
    return parseOffsets(initialiser.value);
  }
  if (!parseScalar(initialiser.value))
    return false;
  if (initialiser.value.kind != Operand::Kind::Integer || !consumeIf("("))
    return true;
  // 0xFF00(symbol): one byte of an address.
  initialiser.mask = uint64_t(initialiser.value.value);
  initialiser.value = Operand();
  if (token.kind == Token::Kind::Word && token.text == "generic") {
    initialiser.generic = true;
    advance();
    if (!expect("(") || !parseScalar(initialiser.value) || !expect(")") ||
        !parseOffsets(initialiser.value))
      return false;
  } else if (!parseScalar(initialiser.value)) {
    return false;
  }
  return expect(")");
}

bool Parser::parseInitialisers(Variable &variable) {
  auto parseOne = [&] {
    return parseInitialiser(variable.initialisers.emplace_back());
  };
  if (!consumeIf("{"))
    return parseOne();
  if (consumeIf("}"))
    return true;
  do {
    if (token.is("{"))
      return fail("the elements of an array in one list");
    if (!parseOne())
      return false;
  } while (consumeIf(","));
  return expect("}");
}

bool Parser::parseVariables(std::vector<Variable> &variables, bool isExternal) {
  Variable prototype;
  prototype.isExternal = isExternal;
  prototype.space = *spaceOf(token.text);
  advance();
  // A bank of constants, `.const[3]`.
  if (prototype.space == StateSpace::Const && consumeIf("[")) {
    uint32_t bank;
    if (!parseUnsigned(bank, "the number of a bank") || !expect("]"))
      return false;
  }
  if (!parseVariableType(prototype))
    return false;
  do {
    Variable variable = prototype;
    if (!parseVariableName(variable))
      return false;
    if (consumeIf("<")) {
      if (!parseUnsigned(variable.registers, UINT32_MAX, "a count") ||
          !expect(">"))
        return false;
      if (variable.space != StateSpace::Reg || variable.registers == 0)
        return failAt(variable.location,
                      "expects a count of at least one register");
    }
    if (consumeIf("=") && !parseInitialisers(variable))
      return false;
    variables.push_back(std::move(variable));
  } while (consumeIf(","));
  return true;
}
