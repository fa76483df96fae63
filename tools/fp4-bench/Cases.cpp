//===- Cases.cpp - What is measured, and what it is held to ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cases.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::bench;

//===----------------------------------------------------------------------===//
// Bars and shapes
//===----------------------------------------------------------------------===//

namespace {
/// The least ratios to the roofs.
struct Bars {
  double matmul, forward, decode, smallBatch, quantize;
};

struct Shapes {
  SmallVector<Shape> prefill;
  /// Of sizes that nothing in the code is a multiple of.
  SmallVector<Shape> odd;
  Shape decode;
  SmallVector<int64_t> smallBatches;
  Shape quantize;
  SmallVector<int64_t> tokens;
  Shape tokensLayer;
};
} // namespace

static constexpr Bars kMXBars = {0.70, 0.60, 0.90, 0.70, 0.70};
static constexpr Bars kNVBars = {0.60, 0.50, 0.90, 0.65, 0.60};

/// What a token may cost more in the next larger batch.
static constexpr double kPerTokenRise = 1.05;

static Shapes getShapes(bool quick) {
  if (quick)
    return {{{16, 64, 256}, {16, 64, 512}},
            {{3, 65, 96}},
            {1, 128, 512},
            {8},
            {64, 0, 256},
            {2, 4},
            {1, 64, 256}};
  return {{{512, 4096, 4096}, {512, 4096, 14336}},
          {{513, 4097, 4128}, {511, 4095, 2080}, {97, 4097, 2080}},
          {1, 16384, 14336},
          {8, 16},
          {8192, 0, 8192},
          {16, 32, 64, 128, 256, 512, 1024, 2048},
          {1, 4096, 4096}};
}

Shape bench::getCompiledShape(bool quick) {
  Shape shape = getShapes(quick).prefill.front();
  return {1, shape.n, shape.k};
}

double bench::getOperations(Shape shape) {
  return 2.0 * shape.m * shape.n * shape.k;
}

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

namespace {
class CaseBuilder {
public:
  CaseBuilder(std::vector<Case> &cases, const Format &format)
      : cases(cases), format(format) {}

  void add(StringRef what, EntryKind entry, Shape shape, Work work,
           double least) {
    addAny(what, CaseKind::Roofline, entry, shape, work,
           Bar{least, /*isUpper=*/false});
  }

  void addAny(StringRef what, CaseKind kind, EntryKind entry, Shape shape,
              Work work, std::optional<Bar> bar) {
    std::string size =
        shape.n ? llvm::formatv("{0}x{1}x{2}", shape.m, shape.n, shape.k).str()
                : llvm::formatv("{0}x{1}", shape.m, shape.k).str();
    cases.push_back({llvm::formatv("{0}/{1}/{2}", format.name, what, size),
                     &format, kind, entry, shape, work, bar});
  }

private:
  std::vector<Case> &cases;
  const Format &format;
};
} // namespace

static void addRooflineCases(CaseBuilder &builder, const Format &format,
                             const Shapes &shapes, const Bars &bars) {
  auto operations = [](Shape shape) {
    Work work;
    work.int8Operations = getOperations(shape);
    return work;
  };
  for (Shape shape : shapes.prefill)
    builder.add("matmul", EntryKind::Matmul, shape, operations(shape),
                bars.matmul);
  for (Shape shape : shapes.prefill)
    builder.add("forward", EntryKind::Forward, shape, operations(shape),
                bars.forward);
  for (Shape shape : shapes.odd)
    builder.addAny("odd", CaseKind::Roofline, EntryKind::Forward, shape,
                   operations(shape), std::nullopt);

  Work weight;
  weight.bytesRead = getWeightBytes(format, shapes.decode);
  builder.add("decode", EntryKind::Forward, shapes.decode, weight, bars.decode);
  for (int64_t m : shapes.smallBatches) {
    Shape shape = {m, shapes.decode.n, shapes.decode.k};
    Work work = weight;
    work.int8Operations = getOperations(shape);
    builder.add("small-batch", EntryKind::Forward, shape, work,
                bars.smallBatch);
  }

  Work copied;
  copied.bytesCopied = getQuantizationBytes(format, shapes.quantize);
  builder.add("quantize", EntryKind::Quantize, shapes.quantize, copied,
              bars.quantize);
}

static void addTorchCases(CaseBuilder &builder, const Shapes &shapes) {
  SmallVector<Shape> layers(shapes.prefill);
  layers.push_back(shapes.decode);
  for (int64_t m : shapes.smallBatches)
    layers.push_back({m, shapes.decode.n, shapes.decode.k});
  for (Shape shape : layers) {
    builder.addAny("torch-dequantize", CaseKind::TorchDequantize,
                   EntryKind::Forward, shape, {}, std::nullopt);
    builder.addAny("torch-dense", CaseKind::TorchDense, EntryKind::Forward,
                   shape, {}, std::nullopt);
  }
}

std::vector<Case> bench::makeCases(llvm::ArrayRef<const Format *> formats,
                                   bool quick) {
  std::vector<Case> cases;
  Shapes shapes = getShapes(quick);
  for (const Format *format : formats) {
    CaseBuilder builder(cases, *format);
    addRooflineCases(builder, *format, shapes,
                     format == &kMX ? kMXBars : kNVBars);
    for (auto [i, m] : llvm::enumerate(shapes.tokens)) {
      Shape shape = {m, shapes.tokensLayer.n, shapes.tokensLayer.k};
      std::optional<Bar> bar;
      if (i != 0)
        bar = Bar{kPerTokenRise, /*isUpper=*/true};
      builder.addAny("per-token", CaseKind::PerToken, EntryKind::Forward, shape,
                     {}, bar);
    }
    builder.addAny("compile", CaseKind::Compile, EntryKind::Forward,
                   getCompiledShape(quick), {}, Bar{1, /*isUpper=*/true});
    addTorchCases(builder, shapes);
  }
  return cases;
}
