//===- SafeTensorsTest.cpp - Tests of the safetensors reader --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Files are built here byte by byte, so that the reader is not tested against
// the writer alone. Each way in which a file can be malformed has a test of its
// error.
//
//===----------------------------------------------------------------------===//

#include "fp4/Support/SafeTensors.h"
#include "llvm/ADT/Twine.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::fp4;

namespace {

/// The eight bytes of a header length.
std::string lengthBytes(uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i)
    bytes += char(length >> (8 * i));
  return bytes;
}

/// A file with that header and `dataSize` bytes of data: 0, 1, 2, ...
std::string makeFile(StringRef header, size_t dataSize = 0) {
  std::string bytes = lengthBytes(header.size()) + header.str();
  for (size_t i = 0; i < dataSize; ++i)
    bytes += char(i);
  return bytes;
}

Expected<SafeTensors> parseBytes(StringRef bytes) {
  return SafeTensors::parse(MemoryBufferRef(bytes, "in.safetensors"));
}

/// The reader's error for a file with those bytes, or "success".
std::string errorOfBytes(StringRef bytes) {
  Expected<SafeTensors> file = parseBytes(bytes);
  return file ? "success" : toString(file.takeError());
}

std::string errorOf(StringRef header, size_t dataSize = 0) {
  return errorOfBytes(makeFile(header, dataSize));
}

/// The error for a tensor `x` whose entry has those fields.
std::string errorOfEntry(StringRef fields, size_t dataSize = 0) {
  return errorOf(("{\"x\":{" + fields + "}}").str(), dataSize);
}

std::string errorOfShape(StringRef shape, size_t dataSize) {
  return errorOfEntry(("\"dtype\":\"U8\",\"shape\":" + shape +
                       ",\"data_offsets\":[0," + Twine(dataSize) + "]")
                          .str(),
                      dataSize);
}

std::string errorOfOffsets(StringRef offsets) {
  return errorOfEntry(
      ("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + offsets).str(), 4);
}

/// The entry of a U8 vector.
std::string entry(StringRef name, uint64_t begin, uint64_t end) {
  return ("\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" +
          Twine(end - begin) + "],\"data_offsets\":[" + Twine(begin) + "," +
          Twine(end) + "]}")
      .str();
}

//===----------------------------------------------------------------------===//
// Well-formed files
//===----------------------------------------------------------------------===//

TEST(SafeTensorsReader, ReadsTensorsInTheOrderOfTheirData) {
  std::string bytes =
      makeFile(R"({"b":{"data_offsets":[4,6],"shape":[2,2],"dtype":"F4"},)"
               R"("__metadata__":{"format":"pt"},)"
               R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  )",
               6);
  Expected<SafeTensors> file = parseBytes(bytes);
  ASSERT_TRUE(bool(file)) << toString(file.takeError());
  EXPECT_EQ(file->path(), "in.safetensors");
  ASSERT_EQ(file->tensors().size(), 2u);
  EXPECT_EQ(file->tensors()[0].name, "a");
  EXPECT_EQ(file->tensors()[1].name, "b");

  const TensorView *b = file->find("b");
  ASSERT_EQ(b, &file->tensors()[1]);
  EXPECT_EQ(b->dtype, DType::F4);
  EXPECT_EQ(ArrayRef<int64_t>(b->shape), ArrayRef<int64_t>({2, 2}));
  EXPECT_EQ(b->data, ArrayRef<char>({4, 5}));
  EXPECT_EQ(file->find("a")->data.size(), 4u);
  EXPECT_TRUE(file->find("a")->shape.empty());
  EXPECT_EQ(file->find("c"), nullptr);
  EXPECT_EQ(file->find("__metadata__"), nullptr);
}

TEST(SafeTensorsReader, ReadsFilesWithoutData) {
  EXPECT_EQ(errorOf("{}"), "success");
  EXPECT_EQ(errorOf(R"({"__metadata__":{}})"), "success");
  EXPECT_EQ(errorOfShape("[0]", 0), "success");
  EXPECT_EQ(errorOfShape("[3,0,5]", 0), "success");
}

TEST(SafeTensorsReader, ReadsEmptyTensorsBetweenOthers) {
  EXPECT_EQ(errorOf("{" + entry("z", 4, 4) + "," + entry("a", 0, 4) + "," +
                        entry("m", 4, 4) + "," + entry("b", 4, 8) + "," +
                        entry("e", 8, 8) + "}",
                    8),
            "success");
}

TEST(SafeTensorsReader, UnescapesNames) {
  std::string bytes = makeFile("{" + entry("\\u0061\\n\\\"", 0, 1) + "}", 1);
  Expected<SafeTensors> file = parseBytes(bytes);
  ASSERT_TRUE(bool(file)) << toString(file.takeError());
  EXPECT_NE(file->find("a\n\""), nullptr);
}

//===----------------------------------------------------------------------===//
// Malformed headers
//===----------------------------------------------------------------------===//

TEST(SafeTensorsReader, RefusesAFileWithoutAHeaderLength) {
  EXPECT_EQ(errorOfBytes(""), "in.safetensors: expects at least 8 bytes, but "
                              "the file has 0");
  EXPECT_EQ(errorOfBytes("1234567"), "in.safetensors: expects at least 8 "
                                     "bytes, but the file has 7");
}

TEST(SafeTensorsReader, RefusesAHeaderBeyondTheFile) {
  EXPECT_EQ(errorOfBytes(lengthBytes(3) + "{}"),
            "in.safetensors: header length is 3, but only 2 bytes follow");
}

TEST(SafeTensorsReader, RefusesAHeaderBeyondTheLimit) {
  for (uint64_t length : {uint64_t(100'000'001), UINT64_MAX})
    EXPECT_EQ(errorOfBytes(lengthBytes(length) + "{}"),
              "in.safetensors: header length is " + std::to_string(length) +
                  ", but the format's limit is 100000000");
}

TEST(SafeTensorsReader, RefusesAHeaderThatIsNotUTF8) {
  EXPECT_EQ(errorOf("{\"\xff\":{}}"),
            "in.safetensors: header is not UTF-8 at byte 2");
  // An overlong slash, and half of a surrogate pair.
  EXPECT_EQ(errorOf("{\"\xc0\xaf\":{}}"),
            "in.safetensors: header is not UTF-8 at byte 2");
  EXPECT_EQ(errorOf("{\"\xed\xa0\x80\":{}}"),
            "in.safetensors: header is not UTF-8 at byte 2");
}

TEST(SafeTensorsReader, RefusesAHeaderThatIsNotJSON) {
  for (const char *header :
       {"{", "{]", "{\"x\"", "{\"x\":}", "{\"x\":{},}", "{} {}", "{x:{}}",
        "{\"x\":nul}", "{\"x\":\"abc", "{\"x\\", "{\"\\q\":1}", "{'x':1}"}) {
    std::string error = errorOf(header);
    EXPECT_EQ(error.find("in.safetensors: header is not JSON: ["), 0u)
        << header << ": " << error;
  }
  EXPECT_NE(errorOf(StringRef("{}\0", 3)).find("header is not JSON"),
            std::string::npos);
}

TEST(SafeTensorsReader, RefusesAHeaderThatIsNoObject) {
  EXPECT_EQ(errorOf(""),
            "in.safetensors: header is empty, but expects at least '{}'");
  EXPECT_EQ(errorOf("[]"),
            "in.safetensors: expects header to start with '{', but got '['");
  EXPECT_EQ(errorOf(" {}"),
            "in.safetensors: expects header to start with '{', but got ' '");
}

TEST(SafeTensorsReader, RefusesDeepNestingBeforeItIsParsed) {
  const char *expected = "in.safetensors: header nests deeper than 16 levels";
  std::string deep = "{\"x\":" + std::string(1'000'000, '[');
  EXPECT_EQ(errorOf(deep), expected);
  std::string objects = "{";
  for (int i = 0; i < 100'000; ++i)
    objects += "\"x\":{";
  EXPECT_EQ(errorOf(objects), expected);
  // Brackets in strings do not nest.
  EXPECT_EQ(errorOf("{\"__metadata__\":{\"a\":\"\\\"" +
                    std::string(1'000, '[') + "\"}}"),
            "success");
}

TEST(SafeTensorsReader, RefusesDuplicateKeys) {
  std::string x = entry("x", 0, 0);
  EXPECT_EQ(errorOf("{" + x + "," + x + "}"),
            "in.safetensors: duplicate key 'x'");
  EXPECT_EQ(errorOf("{" + x + "," + entry("\\u0078", 0, 0) + "}"),
            "in.safetensors: duplicate key 'x'");
  EXPECT_EQ(errorOfEntry(R"("dtype":"U8","shape":[0],"dtype":"I8")"),
            "in.safetensors: tensor 'x': duplicate key 'dtype'");
  EXPECT_EQ(errorOf(R"({"__metadata__":{"a":"1","b":"2","a":"1"}})"),
            "in.safetensors: __metadata__: duplicate key 'a'");
  EXPECT_EQ(errorOf(R"({"__metadata__":{},"__metadata__":{}})"),
            "in.safetensors: duplicate key '__metadata__'");
  EXPECT_EQ(errorOf(R"({"x":{"a":[{"k":1,"k":2}]}})"),
            "in.safetensors: tensor 'x': duplicate key 'k'");
  // Values are not keys, and the same key may appear in several objects.
  EXPECT_EQ(errorOf("{" + entry("dtype", 0, 0) + "," + x +
                    R"(,"__metadata__":{"x":"x","dtype":"x"}})"),
            "success");
}

TEST(SafeTensorsReader, RefusesMetadataOtherThanStrings) {
  EXPECT_EQ(errorOf(R"({"__metadata__":["a"]})"),
            "in.safetensors: __metadata__: expects an object of strings, but "
            "got [\"a\"]");
  EXPECT_EQ(errorOf(R"({"__metadata__":{"a":1}})"),
            "in.safetensors: __metadata__: expects an object of strings, but "
            "got {\"a\":1}");
}

//===----------------------------------------------------------------------===//
// Malformed entries
//===----------------------------------------------------------------------===//

TEST(SafeTensorsReader, RefusesAnEntryThatIsNoObject) {
  EXPECT_EQ(errorOf(R"({"x":[[1.5]]})"),
            "in.safetensors: tensor 'x': expects an object, but got [[1.5]]");
}

TEST(SafeTensorsReader, RefusesMissingFields) {
  EXPECT_EQ(errorOfEntry(R"("shape":[0],"data_offsets":[0,0])"),
            "in.safetensors: tensor 'x': missing field 'dtype'");
  EXPECT_EQ(errorOfEntry(R"("dtype":"U8","data_offsets":[0,0])"),
            "in.safetensors: tensor 'x': missing field 'shape'");
  EXPECT_EQ(errorOfEntry(R"("dtype":"U8","shape":[0])"),
            "in.safetensors: tensor 'x': missing field 'data_offsets'");
}

TEST(SafeTensorsReader, RefusesUnknownFields) {
  EXPECT_EQ(errorOfEntry(
                R"("dtype":"U8","shape":[0],"data_offsets":[0,0],"strides":1)"),
            "in.safetensors: tensor 'x': unknown field 'strides'");
}

TEST(SafeTensorsReader, RefusesUnknownDTypes) {
  EXPECT_EQ(errorOfEntry(R"("dtype":"F9","shape":[0],"data_offsets":[0,0])"),
            "in.safetensors: tensor 'x': unknown dtype 'F9'");
  EXPECT_EQ(errorOfEntry(R"("dtype":8,"shape":[0],"data_offsets":[0,0])"),
            "in.safetensors: tensor 'x': expects 'dtype' to be a string, but "
            "got 8");
}

TEST(SafeTensorsReader, RefusesShapesThatAreNoArrayOfIntegers) {
  for (const char *shape :
       {"4", "null", "\"4\"", "[\"4\"]", "[null]", "[[4]]", "{\"a\":4}", "1.5"})
    EXPECT_EQ(errorOfShape(shape, 4),
              std::string("in.safetensors: tensor 'x': expects 'shape' to be "
                          "an array of non-negative integers, but got ") +
                  shape);
}

TEST(SafeTensorsReader, RefusesNumbersOtherThanPlainIntegers) {
  for (const char *number :
       {"-1", "1.5", "4.0", "1e3", "4E0", "-0", "-0.0", "+4", "04", "0x4", ".5",
        "9223372036854775808", "18446744073709551616", "1e400"}) {
    std::string array = std::string("[") + number + "]";
    EXPECT_EQ(errorOfShape(array, 4),
              std::string("in.safetensors: tensor 'x': expects 'shape' to hold "
                          "non-negative 64-bit integers, but got ") +
                  number);
    EXPECT_EQ(errorOfOffsets(array),
              std::string("in.safetensors: tensor 'x': expects 'data_offsets' "
                          "to hold non-negative 64-bit integers, but got ") +
                  number);
  }
}

TEST(SafeTensorsReader, RefusesShapesThatOverflow) {
  EXPECT_EQ(errorOfShape("[4294967296,4294967296]", 4),
            "in.safetensors: tensor 'x': U8 (4294967296, 4294967296) "
            "overflows 64 bits");
  // The elements can be counted in 64 bits, but their bits cannot.
  EXPECT_EQ(errorOfShape("[9223372036854775807]", 4),
            "in.safetensors: tensor 'x': U8 (9223372036854775807) "
            "overflows 64 bits");
}

TEST(SafeTensorsReader, RefusesOffsetsThatAreNotTwoIntegers) {
  for (const char *offsets : {"4", "[]", "[4]", "[0,4,4]", "[0,\"4\"]"})
    EXPECT_EQ(errorOfOffsets(offsets),
              std::string("in.safetensors: tensor 'x': expects 'data_offsets' "
                          "to be two non-negative integers, but got ") +
                  offsets);
}

TEST(SafeTensorsReader, RefusesOffsetsThatEndBeforeTheyBegin) {
  EXPECT_EQ(errorOfOffsets("[4,0]"),
            "in.safetensors: tensor 'x': data_offsets [4, 0] end before they "
            "begin");
}

TEST(SafeTensorsReader, RefusesOffsetsBeyondTheData) {
  EXPECT_EQ(errorOfOffsets("[1,5]"),
            "in.safetensors: tensor 'x': data_offsets [1, 5] reach beyond the "
            "4 bytes of data");
  EXPECT_EQ(errorOfOffsets("[0,9223372036854775807]"),
            "in.safetensors: tensor 'x': data_offsets [0, "
            "9223372036854775807] reach beyond the 4 bytes of data");
}

TEST(SafeTensorsReader, RefusesSizesThatDoNotFitTheShape) {
  EXPECT_EQ(errorOfEntry(
                R"("dtype":"BF16","shape":[9,256],"data_offsets":[0,64])", 64),
            "in.safetensors: tensor 'x': data_offsets [0, 64] hold 64 bytes, "
            "but BF16 (9, 256) needs 4608");
  EXPECT_EQ(errorOfEntry(R"("dtype":"F32","shape":[],"data_offsets":[0,8])", 8),
            "in.safetensors: tensor 'x': data_offsets [0, 8] hold 8 bytes, but "
            "F32 () needs 4");
}

TEST(SafeTensorsReader, RefusesPartialBytes) {
  EXPECT_EQ(errorOfEntry(R"("dtype":"F4","shape":[3],"data_offsets":[0,2])", 2),
            "in.safetensors: tensor 'x': F4 (3) needs 12 bits, which "
            "are not whole bytes");
}

//===----------------------------------------------------------------------===//
// Malformed layouts
//===----------------------------------------------------------------------===//

TEST(SafeTensorsReader, RefusesOverlappingTensors) {
  EXPECT_EQ(errorOf("{" + entry("b", 2, 6) + "," + entry("a", 0, 4) + "}", 6),
            "in.safetensors: tensor 'b': data_offsets [2, 6] overlap tensor "
            "'a', which ends at offset 4");
  // Even an empty tensor may not lie inside of another.
  EXPECT_EQ(errorOf("{" + entry("a", 0, 4) + "," + entry("e", 2, 2) + "}", 4),
            "in.safetensors: tensor 'e': data_offsets [2, 2] overlap tensor "
            "'a', which ends at offset 4");
}

TEST(SafeTensorsReader, RefusesHoles) {
  EXPECT_EQ(errorOf("{" + entry("a", 0, 4) + "," + entry("b", 6, 8) + "}", 8),
            "in.safetensors: tensor 'b': data_offsets [6, 8] leave a hole "
            "after offset 4");
  EXPECT_EQ(errorOf("{" + entry("a", 1, 4) + "}", 4),
            "in.safetensors: tensor 'a': data_offsets [1, 4] leave a hole "
            "after offset 0");
}

TEST(SafeTensorsReader, RefusesTrailingBytes) {
  EXPECT_EQ(errorOf("{" + entry("a", 0, 4) + "}", 5),
            "in.safetensors: the tensors end at offset 4, but there are 5 "
            "bytes of data");
  EXPECT_EQ(errorOf("{}", 1), "in.safetensors: the tensors end at offset 0, "
                              "but there are 1 bytes of data");
}

TEST(SafeTensorsReader, ShowsNamesSafely) {
  EXPECT_EQ(errorOf("{\"\\u001b[2J\xc3\xa4\":1}"),
            "in.safetensors: tensor '\\x1B[2J\\xC3\\xA4': expects an object, "
            "but got 1");
  EXPECT_EQ(errorOf("{\"" + std::string(1'000, 'n') + "\":1}"),
            "in.safetensors: tensor '" + std::string(80, 'n') +
                "...': expects an object, but got 1");
}

} // namespace
