//===- TileLoadTest.cpp - Tile loads on a device --------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Launches the kernel of tile-load.mlir, given as PTX, and compares what the
// loads left in shared memory with the address functions of the PTX ISA,
// written out here: the 128-byte swizzle, boxes of scales, zeros outside.
//
//===----------------------------------------------------------------------===//

#include "fp4/Runtime/Runtime.h"
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {
constexpr int64_t kRows = 200, kBytes = 1000, kPitch = 1008;
constexpr int64_t kRowTiles = 3, kColumnTiles = 5, kAtom = 512;

/// A memref in the arguments of a kernel: pointer twice, offset, sizes,
/// strides.
struct MemRef {
  std::vector<int64_t> words;
  MemRef(void *data, const std::vector<int64_t> &shape) {
    words = {reinterpret_cast<int64_t>(data), reinterpret_cast<int64_t>(data),
             0};
    words.insert(words.end(), shape.begin(), shape.end());
    std::vector<int64_t> strides(shape.size(), 1);
    for (size_t i = shape.size() - 1; i-- > 0;)
      strides[i] = strides[i + 1] * shape[i + 1];
    words.insert(words.end(), strides.begin(), strides.end());
  }
  void append(std::vector<void *> &params) {
    for (int64_t &word : words)
      params.push_back(&word);
  }
};

int fail(const char *what) {
  std::fprintf(stderr, "TileLoadTest: %s\n", what);
  return 1;
}

int compare(const char *name, const std::vector<uint8_t> &actual,
            const std::vector<uint8_t> &expected) {
  for (size_t i = 0; i < expected.size(); ++i)
    if (actual[i] != expected[i]) {
      std::fprintf(stderr, "TileLoadTest: %s[%zu] is %d, expected %d\n", name,
                   i, actual[i], expected[i]);
      return 1;
    }
  return 0;
}
} // namespace

int main(int argc, char **argv) {
  if (argc != 2)
    return fail("expects the path of the PTX");
  std::ifstream file(argv[1]);
  std::string ptx((std::istreambuf_iterator<char>(file)),
                  std::istreambuf_iterator<char>());
  if (fp4rtOpen(nullptr, 0))
    return fail(fp4rtError());

  std::vector<uint8_t> codes(kRows * kPitch);
  std::vector<uint8_t> scales(kRowTiles * kColumnTiles * kAtom);
  uint32_t seed = 1;
  for (std::vector<uint8_t> *data : {&codes, &scales})
    for (uint8_t &byte : *data) {
      seed = seed * 1664525 + 1013904223;
      byte = (seed >> 24) | 1; // never zero: zeros are the fill's
    }
  auto upload = [](const std::vector<uint8_t> &data) {
    void *device = fp4rtAlloc(data.size());
    fp4rtCopyToDevice(device, data.data(), data.size());
    return device;
  };
  std::vector<uint8_t> tile(128 * 128, 0xee), boxes(2 * 4 * kAtom, 0xee);
  void *codesOnDevice = upload(codes), *scalesOnDevice = upload(scales);
  void *tileOnDevice = upload(tile), *boxesOnDevice = upload(boxes);

  alignas(64) char codesMap[128], scalesMap[128];
  const int64_t codesDims[] = {kBytes, kRows}, codesStrides[] = {kPitch};
  const int32_t codesBox[] = {128, 128};
  fp4rtEncodeTensorMap(codesMap, codesOnDevice, 0, 2, codesDims, codesStrides,
                       codesBox, /*swizzle=*/3, /*l2Promotion=*/2, 0);
  const int64_t scalesDims[] = {256, 2, kColumnTiles, kRowTiles};
  const int64_t scalesStrides[] = {256, kAtom, kColumnTiles * kAtom};
  const int32_t scalesBox[] = {256, 2, 4, 2};
  fp4rtEncodeTensorMap(scalesMap, scalesOnDevice, 0, 4, scalesDims,
                       scalesStrides, scalesBox, /*swizzle=*/0,
                       /*l2Promotion=*/2, 0);

  std::vector<void *> params = {codesMap, scalesMap};
  MemRef out(tileOnDevice, {128, 128}), outs(boxesOnDevice, {2, 4, kAtom});
  out.append(params);
  outs.append(params);
  FP4RTModule module = {ptx.c_str(), int64_t(ptx.size()), "tile-load", nullptr};
  FP4RTKernel kernel = {&module, "tile_load", nullptr, 0};
  fp4rtLaunch(&kernel, 1, 1, 1, 128, 1, 1, 0, 0, 0, 20480, 0, params.data());
  fp4rtCopyToHost(tile.data(), tileOnDevice, tile.size());
  fp4rtCopyToHost(boxes.data(), boxesOnDevice, boxes.size());
  if (const char *error = fp4rtError())
    return fail(error);

  std::vector<uint8_t> expectedTile(tile.size()), expectedBoxes(boxes.size());
  for (int64_t r = 0; r < 128; ++r)
    for (int64_t b = 0; b < 128; ++b) {
      int64_t address = r * 128 + b, row = 128 + r, byte = 896 + b;
      expectedTile[address ^ (((address >> 7) & 7) << 4)] =
          row < kRows && byte < kBytes ? codes[row * kPitch + byte] : 0;
    }
  for (int64_t r = 0; r < 2; ++r)
    for (int64_t c = 0; c < 4; ++c)
      for (int64_t i = 0; i < kAtom; ++i)
        expectedBoxes[(r * 4 + c) * kAtom + i] =
            2 + r < kRowTiles && 3 + c < kColumnTiles
                ? scales[((2 + r) * kColumnTiles + 3 + c) * kAtom + i]
                : 0;
  int failed = compare("codes", tile, expectedTile) |
               compare("scales", boxes, expectedBoxes);
  fp4rtClose();
  if (!failed)
    std::printf("tile loads: %zu and %zu bytes as expected\n", tile.size(),
                boxes.size());
  return failed;
}
