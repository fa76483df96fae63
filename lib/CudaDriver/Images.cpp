//===- Images.cpp - What modules are loaded from --------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fat binaries are described by no manual. What is read of them is what
// `cuobjdump` shows and several open loaders agree on: a header, then entries,
// each a header of its own with a payload.
//
//===----------------------------------------------------------------------===//

#include "Images.h"
#include "fp4/Simulator/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Compression.h"
#include <cstring>
#include <map>
#include <optional>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

char ImageError::ID = 0;

namespace {
/// What __fatDeviceText of an object points to.
struct FatWrapper {
  uint32_t magic, version;
  const void *data;
  const void *files;
};

struct FatHeader {
  uint32_t magic;
  uint16_t version;
  uint16_t headerBytes;
  uint64_t bytes; ///< Of all entries.
};

/// The part of an entry's header that all versions have.
struct FatEntry {
  uint16_t kind;
  uint16_t version;
  uint32_t headerBytes;
  uint64_t payloadBytes;
  uint32_t compressedBytes;
  uint32_t options;
  uint16_t minor, major;
  uint32_t chip; ///< 100 of sm_100 and its variants.
  uint32_t nameOffset, nameBytes;
  uint64_t flags;
  uint64_t reserved;
  uint64_t uncompressedBytes; ///< 0 if it is not compressed.
};

enum : uint16_t { PTX = 1, MachineCode = 2 };
/// Of the flags: LZ4, as nvcc had it before CUDA 13, and Zstandard.
constexpr uint64_t compressedByLZ4 = 0x2000, compressedByZstd = 0x8000;
constexpr uint32_t fatMagic = 0xBA55ED50, wrapperMagic = 0x466243B1;

/// A fat binary, as far as it has been looked at.
class FatBinary {
public:
  explicit FatBinary(const Chip &chip) : chip(chip) {}

  /// Errors: a header that is not one.
  Error read(const char *data);
  Expected<std::string> choose();

private:
  const Chip &chip;
  std::multimap<uint32_t, std::string, std::greater<>> texts; ///< By chip.
  SmallVector<std::string> others;
};
} // namespace

static Error makeInvalid(const Twine &message) {
  return make_error<ImageError>(CUDA_ERROR_INVALID_IMAGE, message);
}

static Error makeNoBinary(const Twine &message) {
  return make_error<ImageError>(CUDA_ERROR_NO_BINARY_FOR_GPU, message);
}

/// PTX as text; none if it is something else, or cannot be decompressed.
static std::optional<std::string> getText(const FatEntry &entry,
                                          StringRef payload) {
  if (entry.kind != PTX || entry.flags & compressedByLZ4)
    return std::nullopt;
  if (!(entry.flags & compressedByZstd))
    return payload.split('\0').first.str();
  SmallVector<uint8_t, 0> text;
  // No PTX is that long, but a damaged size is.
  if (!compression::zstd::isAvailable() ||
      entry.compressedBytes > payload.size() ||
      entry.uncompressedBytes > uint64_t(1) << 30)
    return std::nullopt;
  if (Error error = compression::zstd::decompress(
          arrayRefFromStringRef(payload.take_front(entry.compressedBytes)),
          text, entry.uncompressedBytes)) {
    consumeError(std::move(error));
    return std::nullopt;
  }
  return toStringRef(text).split('\0').first.str();
}

Error FatBinary::read(const char *data) {
  FatHeader header;
  std::memcpy(&header, data, sizeof(header));
  if (header.headerBytes < sizeof(header))
    return makeInvalid("the fat binary has a header of " +
                       Twine(header.headerBytes) + " bytes");
  const char *next = data + header.headerBytes;
  for (uint64_t left = header.bytes; left > 0;) {
    FatEntry entry;
    if (left < sizeof(entry))
      return makeInvalid("the fat binary ends within an entry");
    std::memcpy(&entry, next, sizeof(entry));
    if (entry.headerBytes < sizeof(entry) || entry.headerBytes > left ||
        entry.payloadBytes > left - entry.headerBytes)
      return makeInvalid("the fat binary ends within an entry");
    StringRef payload(next + entry.headerBytes, entry.payloadBytes);
    std::string target = "sm_" + utostr(entry.chip);
    std::optional<std::string> text = getText(entry, payload);
    if (text)
      texts.insert({entry.chip, std::move(*text)});
    else
      others.push_back((entry.kind == PTX           ? "compressed PTX for "
                        : entry.kind == MachineCode ? "machine code for "
                                                    : "what is neither for ") +
                       target);
    next += entry.headerBytes + entry.payloadBytes;
    left -= entry.headerBytes + entry.payloadBytes;
  }
  return Error::success();
}

Expected<std::string> FatBinary::choose() {
  for (const auto &[number, text] : texts) {
    if (number > chip.number)
      continue;
    // What does not parse is chosen all the same: its error says more.
    Expected<ptx::Module> module = ptx::parse(text, "ptx");
    Error error = module ? chip.checkTarget(*module) : module.takeError();
    bool loads = !module || !error;
    consumeError(std::move(error));
    if (loads)
      return text;
  }
  for (const auto &[number, text] : texts)
    others.push_back("PTX for sm_" + utostr(number));
  return makeNoBinary("the fat binary has no PTX that " + Twine(chip.name) +
                      " loads, only " +
                      (others.empty() ? "nothing" : join(others, ", ")) +
                      "; nvcc's options are -gencode arch=...,code=compute_... "
                      "and --no-compress");
}

Expected<std::string> cuda::readImage(const void *image, const Chip &chip) {
  const char *data = static_cast<const char *>(image);
  // Text may be shorter than the magic numbers.
  size_t known = strnlen(data, 4);
  if (known == 4 && std::memcmp(data, "\177ELF", 4) == 0)
    return makeNoBinary("the image is machine code (a cubin), which is not "
                        "simulated; load PTX");
  uint32_t magic = 0;
  if (known == 4)
    std::memcpy(&magic, data, 4);
  if (magic == wrapperMagic) {
    FatWrapper wrapper;
    std::memcpy(&wrapper, data, sizeof(wrapper));
    if (!wrapper.data)
      return makeInvalid("the fat binary is empty");
    data = static_cast<const char *>(wrapper.data);
    std::memcpy(&magic, data, 4);
    if (magic != fatMagic)
      return makeInvalid("what is wrapped is no fat binary");
  }
  if (magic == fatMagic) {
    FatBinary binary(chip);
    if (Error error = binary.read(data))
      return std::move(error);
    return binary.choose();
  }
  if (known == 0 || !(isPrint(data[0]) || isSpace(data[0])))
    return makeInvalid("the image is neither PTX nor a fat binary");
  return std::string(data);
}
