//===- Operands.cpp - Parser of the operands of PTX instructions ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands nest no deeper than `[base, {coordinates}]`, so the functions here
// call one another to a fixed depth.
//
//===----------------------------------------------------------------------===//

#include "Parser.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::ptx;

/// Terms that follow a name or an integer: `+ 16`, `- 4`.
bool Parser::parseOffsets(Operand &operand) {
  while (token.is("+") || token.is("-")) {
    bool negative = token.is("-");
    advance();
    negative ^= consumeIf("-"); // [%r1+-16], as LLVM prints it
    uint64_t offset = 0;
    if (!parseUnsigned(offset, UINT64_MAX, "an offset"))
      return false;
    operand.value =
        int64_t(uint64_t(operand.value) + (negative ? -offset : offset));
  }
  return true;
}

bool Parser::parseScalar(Operand &operand) {
  operand.location = token.location;
  if (token.kind == Token::Kind::Word) {
    if (token.text == "_") {
      operand.kind = Operand::Kind::Sink;
      advance();
      return true;
    }
    operand.kind = Operand::Kind::Name;
    const char *begin = token.text.begin();
    const char *end = token.text.end();
    advance();
    // `%tid.x`. A number after a dot is no name: `1.5` was a token.
    while (token.kind == Token::Kind::Suffix && !token.spaceBefore) {
      end = token.text.end();
      advance();
    }
    operand.name = StringRef(begin, size_t(end - begin));
    return parseOffsets(operand);
  }

  bool negative = false, inverted = false;
  if (consumeIf("-"))
    negative = true;
  else if (consumeIf("~"))
    inverted = true;
  if (token.kind != Token::Kind::Number || !parseNumber(token.text, operand))
    return fail("an operand");
  if ((negative || inverted) && operand.kind != Operand::Kind::Integer) {
    if (inverted)
      return fail("an integer");
    operand.value ^=
        operand.kind == Operand::Kind::Float32 ? int64_t(1) << 31 : INT64_MIN;
  } else if (negative) {
    operand.value = int64_t(-uint64_t(operand.value));
  } else if (inverted) {
    operand.value = ~operand.value;
  }
  advance();
  return operand.kind != Operand::Kind::Integer || parseOffsets(operand);
}

bool Parser::parseVector(Operand &operand) {
  operand.kind = Operand::Kind::Vector;
  operand.location = token.location;
  if (!expect("{"))
    return false;
  do {
    if (!parseScalar(operand.elements.emplace_back()))
      return false;
  } while (consumeIf(","));
  return expect("}");
}

bool Parser::parseAddress(Operand &operand) {
  operand.kind = Operand::Kind::Address;
  operand.location = token.location;
  if (!expect("["))
    return false;
  do {
    Operand &element = operand.elements.emplace_back();
    if (!(token.is("{") && operand.elements.size() > 1 ? parseVector(element)
                                                       : parseScalar(element)))
      return false;
  } while (consumeIf(","));
  return expect("]");
}

bool Parser::parseList(Operand &operand) {
  operand.kind = Operand::Kind::List;
  operand.location = token.location;
  if (!expect("("))
    return false;
  if (consumeIf(")"))
    return true;
  do {
    if (!parseScalar(operand.elements.emplace_back()))
      return false;
  } while (consumeIf(","));
  return expect(")");
}

bool Parser::parseOperand(Operand &operand) {
  if (token.is("{"))
    return parseVector(operand);
  if (token.is("["))
    return parseAddress(operand);
  if (token.is("("))
    return parseList(operand);
  operand.location = token.location;
  if (consumeIf("!")) {
    if (!parseScalar(operand))
      return false;
    operand.negated = true;
    return operand.kind == Operand::Kind::Name ||
           failAt(operand.location, "expects a predicate after '!'");
  }
  if (!parseScalar(operand) || !token.is("|"))
    return message.empty();
  advance();
  Operand pair;
  pair.kind = Operand::Kind::Pair;
  pair.location = operand.location;
  pair.elements.resize(2);
  pair.elements[0] = std::move(operand);
  operand = std::move(pair);
  return parseScalar(operand.elements[1]);
}
