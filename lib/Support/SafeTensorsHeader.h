//===- SafeTensorsHeader.h - The header of a safetensors file ---*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From the bytes of a safetensors file to its header as a JSON object that can
// be relied on, and the error messages of both halves of the reader. Private to
// this library.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SUPPORT_SAFETENSORSHEADER_H
#define FP4_LIB_SUPPORT_SAFETENSORSHEADER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <string>

namespace mlir::fp4::detail {

/// The bytes before the header, which hold its length.
inline constexpr uint64_t headerLengthSize = 8;
/// The format's own limit on the header.
inline constexpr uint64_t maxHeaderSize = 100'000'000;
/// The one key of the header that does not name a tensor.
inline constexpr llvm::StringLiteral metadataKey = "__metadata__";

/// Text from a file as an error shows it: printable, and not without end.
std::string printable(llvm::StringRef text);
std::string printableJSON(const llvm::json::Value &value);

/// Where in which file we are: the first words of an error.
class Location {
public:
  explicit Location(llvm::StringRef file) : where(file) {}

  /// The entry of the header with that key.
  Location entry(llvm::StringRef key) const;

  llvm::Error error(const llvm::Twine &message) const;

private:
  std::string where;
};

/// The text of the header of a file with those bytes, which is UTF-8 and starts
/// with a brace.
llvm::Expected<llvm::StringRef> findHeader(llvm::StringRef bytes,
                                           const Location &location);

/// Parses the text of a header. No object in it has the same key twice.
llvm::Expected<llvm::json::Object> parseHeader(llvm::StringRef header,
                                               const Location &location);

} // namespace mlir::fp4::detail

#endif // FP4_LIB_SUPPORT_SAFETENSORSHEADER_H
