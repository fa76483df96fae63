//===- SafeTensors.h - Reader and writer of safetensors files ---*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The safetensors format, in which checkpoints, inputs and results are stored:
// eight bytes of header length, a JSON header that names each tensor's dtype,
// shape and byte range, then the data, little-endian and row-major. The reader
// trusts nothing in the file: whatever the format does not allow is an error
// that names the file, the tensor, what was expected and what was found.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SUPPORT_SAFETENSORS_H
#define FP4_SUPPORT_SAFETENSORS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mlir::fp4 {

/// The dtypes that the format names.
enum class DType {
  BOOL,
  F4,
  F6_E2M3,
  F6_E3M2,
  U8,
  I8,
  F8_E5M2,
  F8_E4M3,
  F8_E8M0,
  F8_E4M3FNUZ,
  F8_E5M2FNUZ,
  I16,
  U16,
  F16,
  BF16,
  I32,
  U32,
  F32,
  C64,
  F64,
  I64,
  U64,
};

/// The dtype's name in a file, such as "F8_E4M3".
llvm::StringRef stringify(DType dtype);

/// The dtype of that name, in the file's spelling.
std::optional<DType> parseDType(llvm::StringRef name);

/// The width of one element. F4 and the F6 types are packed without padding.
unsigned bitWidth(DType dtype);

/// A dtype and shape as messages give them, "BF16 (9, 256)".
std::string describe(DType dtype, llvm::ArrayRef<int64_t> shape);

/// One tensor whose bytes belong to someone else.
struct TensorView {
  std::string name;
  DType dtype;
  llvm::SmallVector<int64_t> shape;
  llvm::ArrayRef<char> data;
};

/// The tensors of one file, which has been checked as a whole.
class SafeTensors {
public:
  /// Maps the file at `path`. The views are good for as long as this object
  /// lives, and as long as nobody truncates the file; replacing it by renaming,
  /// as writeSafeTensors does, is harmless.
  static llvm::Expected<SafeTensors> open(llvm::StringRef path);

  /// Reads a file that is in memory already. The bytes are borrowed, and the
  /// buffer's identifier is the file name in errors.
  static llvm::Expected<SafeTensors> parse(llvm::MemoryBufferRef buffer);

  /// Tells the system that the pages of a mapped file need not stay in memory.
  /// The views stay good: what is read again is fetched again.
  void releasePages() const {
    if (mapping)
      const_cast<llvm::MemoryBuffer &>(*mapping).dontNeedIfMmap();
  }

  /// The tensor of that name, or null.
  const TensorView *find(llvm::StringRef name) const;

  /// All tensors, in the order of their data in the file. The format does not
  /// promise that the data of a tensor are aligned for its dtype.
  llvm::ArrayRef<TensorView> tensors() const { return views; }

  llvm::StringRef path() const { return file; }

private:
  SafeTensors() = default;

  std::string file;
  std::unique_ptr<llvm::MemoryBuffer> mapping; ///< Null if borrowed.
  std::vector<TensorView> views;
  llvm::StringMap<size_t> indexOf;
};

/// Writes a file that holds `tensors`, each naturally aligned within the file.
/// The file appears under its name, or replaces the one there, only when it is
/// complete. `path` is always a file: "-" does not mean the standard output.
llvm::Error writeSafeTensors(llvm::StringRef path,
                             llvm::ArrayRef<TensorView> tensors);

} // namespace mlir::fp4

#endif // FP4_SUPPORT_SAFETENSORS_H
