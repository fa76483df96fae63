//===- SafeTensorsFileTest.cpp - Tests of safetensors files on disk -------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the writer writes, byte by byte and as the reader sees it, and what both
// do when the file system or the caller does not play along.
//
//===----------------------------------------------------------------------===//

#include "fp4/Support/SafeTensors.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <csignal>
#include <numeric>
#include <sys/resource.h>
#include <sys/stat.h>
#include <tuple>
#include <type_traits>
#include <vector>

using namespace llvm;
using namespace mlir::fp4;

namespace {

static_assert(std::is_move_constructible_v<SafeTensors> &&
              std::is_move_assignable_v<SafeTensors> &&
              !std::is_copy_constructible_v<SafeTensors>);

//===----------------------------------------------------------------------===//
// Dtypes
//===----------------------------------------------------------------------===//

TEST(DType, HasTheNamesAndWidthsOfTheFormat) {
  const std::tuple<DType, const char *, unsigned> expected[] = {
      {DType::BOOL, "BOOL", 8},
      {DType::F4, "F4", 4},
      {DType::F6_E2M3, "F6_E2M3", 6},
      {DType::F6_E3M2, "F6_E3M2", 6},
      {DType::U8, "U8", 8},
      {DType::I8, "I8", 8},
      {DType::F8_E5M2, "F8_E5M2", 8},
      {DType::F8_E4M3, "F8_E4M3", 8},
      {DType::F8_E8M0, "F8_E8M0", 8},
      {DType::F8_E4M3FNUZ, "F8_E4M3FNUZ", 8},
      {DType::F8_E5M2FNUZ, "F8_E5M2FNUZ", 8},
      {DType::I16, "I16", 16},
      {DType::U16, "U16", 16},
      {DType::F16, "F16", 16},
      {DType::BF16, "BF16", 16},
      {DType::I32, "I32", 32},
      {DType::U32, "U32", 32},
      {DType::F32, "F32", 32},
      {DType::C64, "C64", 64},
      {DType::F64, "F64", 64},
      {DType::I64, "I64", 64},
      {DType::U64, "U64", 64},
  };
  for (auto [dtype, name, bits] : expected) {
    EXPECT_EQ(stringify(dtype), name);
    EXPECT_EQ(parseDType(name), dtype);
    EXPECT_EQ(bitWidth(dtype), bits) << name;
  }
  EXPECT_EQ(parseDType("f32"), std::nullopt);
  EXPECT_EQ(parseDType(""), std::nullopt);
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

/// Gives each test a directory of its own, and bytes to make tensors of.
class SafeTensorsFile : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(sys::fs::createUniqueDirectory("fp4-safetensors", directory));
    std::iota(std::begin(bytes), std::end(bytes), 0);
  }

  void TearDown() override { sys::fs::remove_directories(directory); }

  std::string pathOf(StringRef name) const {
    SmallString<128> path = directory;
    sys::path::append(path, name);
    return path.str().str();
  }

  /// A tensor of the first bytes.
  TensorView makeTensor(StringRef name, DType dtype, ArrayRef<int64_t> shape,
                        size_t size) const {
    return {name.str(), dtype, SmallVector<int64_t>(shape),
            ArrayRef<char>(bytes, size)};
  }

  /// The writer's error, or "success".
  static std::string write(StringRef path, ArrayRef<TensorView> tensors) {
    Error error = writeSafeTensors(path, tensors);
    return error ? toString(std::move(error)) : "success";
  }

  static std::string errorOfOpen(StringRef path) {
    Expected<SafeTensors> file = SafeTensors::open(path);
    return file ? "success" : toString(file.takeError());
  }

  static std::string contentOf(StringRef path) {
    auto buffer = MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : "missing";
  }

  /// The number of files in the test's directory, temporary ones included.
  size_t countFiles() const {
    std::error_code error;
    size_t count = 0;
    for (sys::fs::directory_iterator it(directory, error), end; it != end;
         it.increment(error))
      ++count;
    return count;
  }

  SmallString<128> directory;
  char bytes[64];
};

TEST_F(SafeTensorsFile, WritesTheDefinedBytes) {
  std::string path = pathOf("x.safetensors");
  ASSERT_EQ(write(path, {makeTensor("x", DType::U8, {3}, 3)}), "success");
  // 53 characters of header, padded to 56.
  EXPECT_EQ(contentOf(path),
            std::string("\x38\0\0\0\0\0\0\0", 8) +
                R"({"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})" +
                "   " + std::string("\0\1\2", 3));
}

TEST_F(SafeTensorsFile, RoundTripsTensors) {
  const TensorView tensors[] = {
      makeTensor("codes", DType::F4, {2, 8}, 8),
      makeTensor("scalar", DType::F32, {}, 4),
      makeTensor("empty", DType::F32, {0, 7}, 0),
      makeTensor("x", DType::BF16, {3, 1}, 6),
      makeTensor("odd", DType::U8, {5}, 5),
      makeTensor("count", DType::I64, {2}, 16),
      makeTensor("n\303\244me\n\"", DType::F6_E2M3, {4}, 3),
  };
  std::string path = pathOf("all.safetensors");
  ASSERT_EQ(write(path, tensors), "success");
  Expected<SafeTensors> file = SafeTensors::open(path);
  ASSERT_TRUE(bool(file)) << toString(file.takeError());
  EXPECT_EQ(file->path(), path);
  ASSERT_EQ(file->tensors().size(), std::size(tensors));
  for (const TensorView &tensor : tensors) {
    SCOPED_TRACE(tensor.name);
    const TensorView *read = file->find(tensor.name);
    ASSERT_NE(read, nullptr);
    EXPECT_EQ(read->name, tensor.name);
    EXPECT_EQ(read->dtype, tensor.dtype);
    EXPECT_EQ(read->shape, tensor.shape);
    EXPECT_EQ(read->data, tensor.data);
  }
  EXPECT_EQ(countFiles(), 1u);
}

TEST_F(SafeTensorsFile, AlignsTensorsWithinTheFile) {
  std::string path = pathOf("aligned.safetensors");
  ASSERT_EQ(write(path, {makeTensor("a", DType::U8, {3}, 3),
                         makeTensor("b", DType::F16, {3}, 6),
                         makeTensor("c", DType::F32, {3}, 12),
                         makeTensor("d", DType::F4, {2}, 1),
                         makeTensor("e", DType::C64, {3}, 24)}),
            "success");
  Expected<SafeTensors> file = SafeTensors::open(path);
  ASSERT_TRUE(bool(file)) << toString(file.takeError());
  // The last tensor ends the file, whose size gives the place of the others.
  uint64_t size = 0;
  ASSERT_FALSE(sys::fs::file_size(path, size));
  const char *end = file->tensors().back().data.end();
  for (const TensorView &tensor : file->tensors()) {
    uint64_t offset = size - (end - tensor.data.begin());
    EXPECT_EQ(offset % std::max(1u, bitWidth(tensor.dtype) / 8), 0u)
        << tensor.name;
  }
}

TEST_F(SafeTensorsFile, WritesNoTensors) {
  std::string path = pathOf("none.safetensors");
  ASSERT_EQ(write(path, {}), "success");
  Expected<SafeTensors> file = SafeTensors::open(path);
  ASSERT_TRUE(bool(file)) << toString(file.takeError());
  EXPECT_TRUE(file->tensors().empty());
}

TEST_F(SafeTensorsFile, KeepsViewsWhenMovedAndReplaced) {
  // Large enough to be mapped rather than read.
  std::vector<char> large(1 << 20, 7);
  std::string path = pathOf("x.safetensors");
  TensorView tensor{"x", DType::U8, {1 << 20}, large};
  ASSERT_EQ(write(path, {tensor}), "success");
  Expected<SafeTensors> file = SafeTensors::open(path);
  ASSERT_TRUE(bool(file)) << toString(file.takeError());
  SafeTensors moved = std::move(*file);
  ASSERT_EQ(write(path, {makeTensor("y", DType::U8, {1}, 1)}), "success");
  EXPECT_EQ(moved.path(), path);
  ASSERT_NE(moved.find("x"), nullptr);
  EXPECT_EQ(moved.find("x")->data, ArrayRef<char>(large));
}

TEST_F(SafeTensorsFile, TakesADashForAName) {
  SmallString<128> previous;
  ASSERT_FALSE(sys::fs::current_path(previous));
  ASSERT_FALSE(sys::fs::set_current_path(directory));
  EXPECT_EQ(write("-", {makeTensor("x", DType::U8, {1}, 1)}), "success");
  EXPECT_EQ(errorOfOpen("-"), "success");
  ASSERT_FALSE(sys::fs::set_current_path(previous));
  EXPECT_TRUE(sys::fs::exists(pathOf("-")));
}

TEST_F(SafeTensorsFile, NamesTheFileInErrors) {
  std::string path = pathOf("x.safetensors");
  ASSERT_EQ(write(path, {}), "success");
  std::error_code error;
  raw_fd_ostream(path, error) << "short";
  ASSERT_FALSE(error);
  EXPECT_EQ(errorOfOpen(path),
            path + ": expects at least 8 bytes, but the file has 5");
}

TEST_F(SafeTensorsFile, OpensRegularFilesOnly) {
  EXPECT_EQ(errorOfOpen(pathOf("missing")),
            pathOf("missing") + ": cannot open: No such file or directory");
  EXPECT_EQ(errorOfOpen(directory),
            directory.str().str() + ": cannot open: is a directory");
  std::string pipe = pathOf("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(errorOfOpen(pipe), pipe + ": cannot open: not a regular file");
}

TEST_F(SafeTensorsFile, ReplacesRegularFilesOnly) {
  EXPECT_EQ(write(directory, {}),
            directory.str().str() + ": cannot write: not a regular file");
  std::string pipe = pathOf("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(write(pipe, {}), pipe + ": cannot write: not a regular file");
  EXPECT_EQ(write(pathOf("missing/x"), {}),
            pathOf("missing/x") + ": cannot write: No such file or directory");
  EXPECT_EQ(countFiles(), 1u);
}

TEST_F(SafeTensorsFile, KeepsTheOldFileWhenWritingFails) {
  std::string path = pathOf("x.safetensors");
  ASSERT_EQ(write(path, {}), "success");
  std::string content = contentOf(path);

  // Files may not grow beyond 4096 bytes: like a full disk, but repeatable.
  auto *handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit previous;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &previous), 0);
  rlimit limit{4096, previous.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::vector<char> large(1 << 16);
  std::string error = write(path, {{"x", DType::U8, {1 << 16}, large}});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &previous), 0);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(error, path + ": cannot write: File too large");
  EXPECT_EQ(contentOf(path), content);
  EXPECT_EQ(countFiles(), 1u);
}

TEST_F(SafeTensorsFile, RefusesTensorsThatCannotBeStored) {
  std::string path = pathOf("x.safetensors");
  TensorView x = makeTensor("x", DType::U8, {1}, 1);
  EXPECT_EQ(write(path, {x, x}), path + ": tensor 'x': duplicate name");
  EXPECT_EQ(write(path, {makeTensor("__metadata__", DType::U8, {1}, 1)}),
            path + ": __metadata__: is not a name that a tensor can have");
  EXPECT_EQ(write(path, {makeTensor("\377", DType::U8, {1}, 1)}),
            path + ": tensor '\\xFF': is not a name that a tensor can have");
  EXPECT_EQ(write(path, {makeTensor("x", DType::U8, {-1, -1}, 1)}),
            path + ": tensor 'x': U8 (-1, -1) has a negative dimension");
  EXPECT_EQ(write(path, {makeTensor("x", DType::F16, {2}, 2)}),
            path + ": tensor 'x': has 2 bytes of data, but F16 (2) "
                   "needs 4");
  EXPECT_EQ(countFiles(), 0u);
}

} // namespace
