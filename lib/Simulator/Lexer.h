//===- Lexer.h - Tokens of PTX -------------------------------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Words keep the dots that separate their parts apart: `ld.global.b32` is the
// word `ld` and the suffixes `.global` and `.b32`, and so is `%tid.x`.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_LEXER_H
#define FP4_LIB_SIMULATOR_LEXER_H

#include "fp4/Simulator/Syntax.h"

namespace mlir::fp4::sim::ptx {

struct Token {
  enum class Kind : uint8_t {
    End,
    Word,        ///< `ld`, `%r1`, `$L__BB0_1`, `_`.
    Suffix,      ///< `.b32`, `.shared::cta`, `.2d`, with the dot.
    Number,      ///< Anything that begins with a digit.
    String,      ///< Without its quotes.
    Punctuation, ///< One character.
    Invalid,     ///< A character or a piece of text that PTX does not have.
  };

  Kind kind = Kind::End;
  bool spaceBefore = false;
  llvm::StringRef text;
  Location location;

  bool is(llvm::StringRef punctuation) const {
    return kind == Kind::Punctuation && text == punctuation;
  }
  bool isSuffix(llvm::StringRef suffix) const {
    return kind == Kind::Suffix && text == suffix;
  }
};

class Lexer {
public:
  explicit Lexer(llvm::StringRef text) : text(text) {}

  Token next();

private:
  /// Skips white space and comments; false if a comment does not end.
  bool skipSpace();
  size_t endOfWord(size_t from) const;

  llvm::StringRef text;
  size_t position = 0;
  size_t lineStart = 0;
  uint32_t line = 1;
};

/// The value of a number token: an integer, a Float32 or a Float64. False if it
/// is none that PTX has.
bool parseNumber(llvm::StringRef text, Operand &number);

} // namespace mlir::fp4::sim::ptx

#endif // FP4_LIB_SIMULATOR_LEXER_H
