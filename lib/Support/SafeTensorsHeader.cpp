//===- SafeTensorsHeader.cpp - The header of a safetensors file -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// llvm::json parses the header, but not before HeaderScan has refused what it
// must not see and what it would not report.
//
//===----------------------------------------------------------------------===//

#include "SafeTensorsHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::fp4::detail;

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

std::string mlir::fp4::detail::printable(StringRef text) {
  constexpr size_t limit = 80;
  std::string result;
  for (char character : text.take_front(limit))
    result += isPrint(character) ? std::string(1, character)
                                 : "\\x" + toHex(StringRef(&character, 1));
  return text.size() > limit ? result + "..." : result;
}

std::string mlir::fp4::detail::printableJSON(const json::Value &value) {
  std::string text;
  raw_string_ostream(text) << value;
  return printable(text);
}

Location Location::entry(StringRef key) const {
  if (key == metadataKey)
    return Location(where + ": " + metadataKey.str());
  return Location(where + ": tensor '" + printable(key) + "'");
}

Error Location::error(const Twine &message) const {
  return createStringError(Twine(where) + ": " + message);
}

//===----------------------------------------------------------------------===//
// Scan
//===----------------------------------------------------------------------===//

namespace {
/// Looks at the header's tokens before llvm::json::parse, which recurses into
/// nested values, drops all but one of duplicate keys, and takes numbers such
/// as 007 and 1e3 for integers. What is not JSON at all is left to the parser:
/// up to the first error that it stops at, both see the same tokens.
class HeaderScan {
public:
  HeaderScan(StringRef header, const Location &location)
      : rest(header), location(location) {}

  Error run();

private:
  /// An object or array that is open at this point of the text.
  struct Level {
    bool isObject;
    bool expectsKey; ///< The next string is a key.
    std::string key; ///< The last key.
    StringSet<> keys;
  };

  Error visitToken();
  Error visitString(StringRef token);
  Error visitNumber(StringRef token);
  Error openLevel(bool isObject);
  StringRef takeString();
  StringRef takeNumber();

  /// A header has three levels. A few more are let through to the checks that
  /// know what they expected in their place.
  static constexpr size_t maxDepth = 16;

  StringRef rest;
  const Location &location;
  SmallVector<Level> levels;
};
} // namespace

Error HeaderScan::run() {
  while (!rest.empty())
    if (Error error = visitToken())
      return error;
  return Error::success();
}

Error HeaderScan::visitToken() {
  char first = rest.front();
  if (first == '"')
    return visitString(takeString());
  if (isDigit(first) || first == '-' || first == '+' || first == '.')
    return visitNumber(takeNumber());

  rest = rest.drop_front();
  if (first == '{' || first == '[')
    return openLevel(/*isObject=*/first == '{');
  if (levels.empty())
    return Error::success();
  if (first == '}' || first == ']')
    levels.pop_back();
  else if (first == ',')
    levels.back().expectsKey = levels.back().isObject;
  return Error::success();
}

/// Takes a string with its quotes.
StringRef HeaderScan::takeString() {
  size_t end = 1;
  while (end < rest.size() && rest[end] != '"')
    end += rest[end] == '\\' ? 2 : 1;
  StringRef token = rest.take_front(end + 1);
  rest = rest.drop_front(token.size());
  return token;
}

StringRef HeaderScan::takeNumber() {
  StringRef token = rest.take_while([](char character) {
    return isAlnum(character) || character == '-' || character == '+' ||
           character == '.';
  });
  rest = rest.drop_front(token.size());
  return token;
}

Error HeaderScan::visitString(StringRef token) {
  if (levels.empty() || !levels.back().expectsKey)
    return Error::success();
  Level &level = levels.back();
  level.expectsKey = false;
  // Keys are compared as the parser reads them: "\u0061" and "a" are the same.
  Expected<json::Value> key = json::parse(token);
  if (!key) {
    consumeError(key.takeError());
    return Error::success();
  }
  level.key = key->getAsString()->str();
  if (level.keys.insert(level.key).second)
    return Error::success();
  Location where =
      levels.size() == 1 ? location : location.entry(levels.front().key);
  return where.error("duplicate key '" + printable(level.key) + "'");
}

/// Requires plain digits of the numbers that a header is made of, those in
/// arrays of tensor entries. Any other number is refused once it is known what
/// was expected in its place.
Error HeaderScan::visitNumber(StringRef token) {
  if (levels.size() != 3 || levels.back().isObject)
    return Error::success();
  StringRef field = levels[1].key;
  if (field != "shape" && field != "data_offsets")
    return Error::success();
  int64_t value;
  bool isPlain = all_of(token, isDigit) && !token.getAsInteger(10, value) &&
                 (token.size() == 1 || token.front() != '0');
  if (isPlain)
    return Error::success();
  return location.entry(levels[0].key)
      .error("expects '" + field +
             "' to hold non-negative 64-bit integers, but got " +
             printable(token));
}

Error HeaderScan::openLevel(bool isObject) {
  if (levels.size() == maxDepth)
    return location.error("header nests deeper than " + Twine(maxDepth) +
                          " levels");
  levels.push_back({isObject, /*expectsKey=*/isObject, {}, {}});
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Header
//===----------------------------------------------------------------------===//

Expected<StringRef> mlir::fp4::detail::findHeader(StringRef bytes,
                                                  const Location &location) {
  if (bytes.size() < headerLengthSize)
    return location.error("expects at least " + Twine(headerLengthSize) +
                          " bytes, but the file has " + Twine(bytes.size()));
  uint64_t size = support::endian::read64le(bytes.data());
  bytes = bytes.drop_front(headerLengthSize);
  if (size > maxHeaderSize)
    return location.error("header length is " + Twine(size) +
                          ", but the format's limit is " +
                          Twine(maxHeaderSize));
  if (size > bytes.size())
    return location.error("header length is " + Twine(size) + ", but only " +
                          Twine(bytes.size()) + " bytes follow");
  StringRef header = bytes.take_front(size);
  size_t errorOffset = 0;
  if (!json::isUTF8(header, &errorOffset))
    return location.error("header is not UTF-8 at byte " + Twine(errorOffset));
  if (header.empty())
    return location.error("header is empty, but expects at least '{}'");
  if (header.front() != '{')
    return location.error("expects header to start with '{', but got '" +
                          printable(header.take_front(1)) + "'");
  return header;
}

Expected<json::Object>
mlir::fp4::detail::parseHeader(StringRef header, const Location &location) {
  if (Error error = HeaderScan(header, location).run())
    return error;
  Expected<json::Value> value = json::parse(header);
  if (!value)
    return location.error("header is not JSON: " + toString(value.takeError()));
  // What starts with a brace is an object.
  return std::move(*value->getAsObject());
}
