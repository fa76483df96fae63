//===- Lexer.cpp - Tokens of PTX ------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lexer.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::ptx;

static bool isWordCharacter(char c) {
  return isAlnum(c) || c == '_' || c == '$' || c == '%';
}

size_t Lexer::endOfWord(size_t from) const {
  while (from < text.size() && isWordCharacter(text[from]))
    ++from;
  return from;
}

bool Lexer::skipSpace() {
  while (position < text.size()) {
    char c = text[position];
    if (c == '\n') {
      lineStart = ++position;
      ++line;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
      ++position;
    } else if (text.substr(position).starts_with("//")) {
      position = std::min(text.find('\n', position), text.size());
    } else if (text.substr(position).starts_with("/*")) {
      size_t end = text.find("*/", position + 2);
      if (end == StringRef::npos)
        return false;
      StringRef comment = text.slice(position, end);
      if (size_t last = comment.rfind('\n'); last != StringRef::npos) {
        line += comment.count('\n');
        lineStart = position + last + 1;
      }
      position = end + 2;
    } else {
      return true;
    }
  }
  return true;
}

Token Lexer::next() {
  size_t before = position;
  bool closed = skipSpace();
  Token token;
  token.spaceBefore = position != before;
  token.location = {line, uint32_t(position - lineStart + 1)};
  auto take = [&](Token::Kind kind, size_t end) {
    token.kind = kind;
    token.text = text.slice(position, end);
    position = end;
    return token;
  };

  if (!closed)
    return take(Token::Kind::Invalid, text.size());
  if (position == text.size())
    return take(Token::Kind::End, position);

  char c = text[position];
  if (isDigit(c)) {
    size_t end = position;
    while (end < text.size() &&
           (isAlnum(text[end]) || text[end] == '.' ||
            // The sign of a decimal exponent, which no hexadecimal number has.
            ((text[end] == '+' || text[end] == '-') &&
             (text[end - 1] == 'e' || text[end - 1] == 'E') &&
             !text.slice(position, position + 2).equals_insensitive("0x") &&
             !text.slice(position, position + 2).equals_insensitive("0f") &&
             !text.slice(position, position + 2).equals_insensitive("0d"))))
      ++end;
    return take(Token::Kind::Number, end);
  }
  if (isWordCharacter(c))
    return take(Token::Kind::Word, endOfWord(position));
  if (c == '.' && position + 1 < text.size() &&
      isWordCharacter(text[position + 1])) {
    size_t end = endOfWord(position + 1);
    while (text.substr(end).starts_with("::") && endOfWord(end + 2) > end + 2)
      end = endOfWord(end + 2);
    return take(Token::Kind::Suffix, end);
  }
  if (c == '"') {
    size_t end = text.find_first_of("\"\n", position + 1);
    if (end == StringRef::npos || text[end] == '\n')
      return take(Token::Kind::Invalid, position + 1);
    ++position;
    take(Token::Kind::String, end);
    ++position;
    return token;
  }
  if (StringRef("{}[]()<>,;:@!|+-*/=~").contains(c))
    return take(Token::Kind::Punctuation, position + 1);
  return take(Token::Kind::Invalid, position + 1);
}

bool ptx::parseNumber(StringRef text, Operand &number) {
  auto takeBits = [&](size_t digits, Operand::Kind kind) {
    uint64_t bits;
    if (text.size() != 2 + digits || text.substr(2).getAsInteger(16, bits))
      return false;
    number.kind = kind;
    number.value = int64_t(bits);
    return true;
  };
  // Nobody needs more digits, and decimal conversion is not linear in them.
  if (text.size() > 64)
    return false;
  if (text.starts_with_insensitive("0f"))
    return takeBits(8, Operand::Kind::Float32);
  if (text.starts_with_insensitive("0d"))
    return takeBits(16, Operand::Kind::Float64);

  bool isHex = text.starts_with_insensitive("0x");
  if (!isHex && !text.starts_with_insensitive("0b") &&
      text.find_first_of(".eE") != StringRef::npos) {
    // Only this shape: getAsDouble takes "inf", "nan" and hexadecimal too.
    if (text.find_first_not_of("0123456789.eE+-") != StringRef::npos)
      return false;
    APFloat value(APFloat::IEEEdouble());
    auto status = value.convertFromString(text, APFloat::rmNearestTiesToEven);
    if (!status) {
      consumeError(status.takeError());
      return false;
    }
    number.kind = Operand::Kind::Float64;
    number.value = int64_t(value.bitcastToAPInt().getZExtValue());
    return true;
  }

  text.consume_back("U");
  uint64_t value;
  // The radix follows from the prefix: 0x, 0b, 0 or none.
  unsigned radix = 10;
  if (isHex || text.starts_with_insensitive("0b")) {
    radix = isHex ? 16 : 2;
    text = text.drop_front(2);
  } else if (text.size() > 1 && text.front() == '0') {
    radix = 8;
  }
  if (text.getAsInteger(radix, value))
    return false;
  number.kind = Operand::Kind::Integer;
  number.value = int64_t(value);
  return true;
}
