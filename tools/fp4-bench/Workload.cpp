//===- Workload.cpp - What is timed ---------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Workload.h"
#include "Measure.h"
#include "fp4/Runner/Elements.h"
#include "fp4/Support/Error.h"
#include "mlir/Parser/Parser.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::bench;

/// What the entries are compiled for.
static constexpr Target kTarget = Target::CPU;
const StringRef bench::kTargetName = "cpu";

const Format bench::kMX = {"mx",        32,   "f8E8M0FNU",
                           1.0f / 3.0f, 4.0f, {127, 129}, // 1 to 4
                           {120, 124}};
const Format bench::kNV = {"nv",        16,   "f8E4M3FN",
                           0.1f,        6.0f, {0x44, 0x4c}, // 3 to 6
                           {0x14, 0x1c}};

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

// $n, $k, $g, $c, $b and $s stand for N, K, the group size, the columns of
// scales, the block size of the transform, and the type of scales.

static constexpr StringRef kMatmul = R"mlir(
func.func @entry(
    %a: tensor<?x$kxf4E2M1FN> {fp4.name = "x.e2m1"},
    %as: tensor<?x$cx$s> {fp4.name = "x.scale_quant"},
    %w: tensor<$nx$kxf4E2M1FN> {fp4.param = "e2m1"},
    %ws: tensor<$nx$cx$s> {fp4.param = "scale_quant"},
    %wg: f32 {fp4.param = "weight_global_scale"},
    %ag: f32 {fp4.param = "activation_global_scale"})
    -> (tensor<?x$nxbf16> {fp4.name = "y"}) {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %a, %c0 : tensor<?x$kxf4E2M1FN>
  %alpha = arith.mulf %ag, %wg : f32
  %0 = tensor.empty(%m) : tensor<?x$nxbf16>
  %y = fp4.scaled_matmul group_size($g)
      lhs(%a, %as : tensor<?x$kxf4E2M1FN>, tensor<?x$cx$s>)
      rhs(%w, %ws : tensor<$nx$kxf4E2M1FN>, tensor<$nx$cx$s>)
      alpha(%alpha) outs(%0 : tensor<?x$nxbf16>)
  return %y : tensor<?x$nxbf16>
}
)mlir";

static constexpr StringRef kForward = R"mlir(
func.func @entry(
    %x: tensor<?x$kxbf16> {fp4.name = "x"},
    %w: tensor<$nx$kxf4E2M1FN> {fp4.param = "e2m1"},
    %ws: tensor<$nx$cx$s> {fp4.param = "scale_quant"},
    %t: tensor<$bx$bxbf16> {fp4.param = "transform"},
    %wg: f32 {fp4.param = "weight_global_scale"},
    %ag: f32 {fp4.param = "activation_global_scale"},
    %as: f32 {fp4.param = "activation_scale_scale"})
    -> (tensor<?x$nxbf16> {fp4.name = "y"}) {
  %y = fp4.quant_linear group_size($g) ins(%x : tensor<?x$kxbf16>)
      weight(%w, %ws : tensor<$nx$kxf4E2M1FN>, tensor<$nx$cx$s>)
      transform(%t : tensor<$bx$bxbf16>)
      weight_global_scale(%wg) activation_global_scale(%ag)
      activation_scale_scale(%as) -> tensor<?x$nxbf16>
  return %y : tensor<?x$nxbf16>
}
)mlir";

static constexpr StringRef kQuantize = R"mlir(
func.func @entry(
    %x: tensor<?x$kxbf16> {fp4.name = "x"},
    %ag: f32 {fp4.param = "activation_global_scale"},
    %as: f32 {fp4.param = "activation_scale_scale"})
    -> (tensor<?x$kxf4E2M1FN> {fp4.name = "e2m1"},
        tensor<?x$cx$s> {fp4.name = "scale_quant"}) {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x$kxbf16>
  %0 = tensor.empty(%m) : tensor<?x$kxf4E2M1FN>
  %1 = tensor.empty(%m) : tensor<?x$cx$s>
  %codes, %scales = fp4.quantize_pack group_size($g)
      ins(%x : tensor<?x$kxbf16>) global_scale(%ag) scale_scale(%as)
      outs(%0, %1 : tensor<?x$kxf4E2M1FN>, tensor<?x$cx$s>)
  return %codes, %scales : tensor<?x$kxf4E2M1FN>, tensor<?x$cx$s>
}
)mlir";

std::string bench::formatModule(EntryKind kind, const Format &format,
                                Shape shape) {
  StringRef text = kind == EntryKind::Matmul    ? kMatmul
                   : kind == EntryKind::Forward ? kForward
                                                : kQuantize;
  std::string module;
  while (!text.empty()) {
    auto [before, after] = text.split('$');
    module += before;
    if (after.empty())
      break;
    switch (after.front()) {
    case 'n':
      module += std::to_string(shape.n);
      break;
    case 'k':
      module += std::to_string(shape.k);
      break;
    case 'c':
      module += std::to_string(shape.k / format.groupSize);
      break;
    case 's':
      module += format.scaleType;
      break;
    default: // g, and b: one block of the transform is one group
      module += std::to_string(format.groupSize);
    }
    text = after.drop_front();
  }
  return module;
}

/// Codes and scales of `rows` rows.
static double getPackedBytes(const Format &format, int64_t rows, int64_t k) {
  return double(rows) * k / 2 + double(rows) * k / format.groupSize;
}

double bench::getWeightBytes(const Format &format, Shape shape) {
  return getPackedBytes(format, shape.n, shape.k);
}

double bench::getQuantizationBytes(const Format &format, Shape shape) {
  return 2.0 * shape.m * shape.k + getPackedBytes(format, shape.m, shape.k);
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

static uint16_t toBF16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/// Any byte is two codes.
static void fillCodes(MutableArrayRef<char> bytes, std::mt19937_64 &random) {
  while (!bytes.empty()) {
    uint64_t bits = random();
    size_t count = std::min(bytes.size(), sizeof(bits));
    std::memcpy(bytes.data(), &bits, count);
    bytes = bytes.drop_front(count);
  }
}

static void fillScales(MutableArrayRef<char> bytes,
                       std::pair<uint8_t, uint8_t> range,
                       std::mt19937_64 &random) {
  std::uniform_int_distribution<int> scale(range.first, range.second);
  for (char &byte : bytes)
    byte = scale(random);
}

/// Normal values, each row with a size of its own.
static void fillActivations(MutableArrayRef<uint16_t> values, int64_t k,
                            std::mt19937_64 &random) {
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> exponent(-2, 2);
  float size = 1;
  for (auto [i, value] : llvm::enumerate(values)) {
    if (i % k == 0)
      size = std::exp2(exponent(random));
    value = toBF16(size * normal(random));
  }
}

/// A Hadamard matrix, scaled to be orthogonal.
static void fillTransform(MutableArrayRef<uint16_t> values, int64_t size) {
  for (auto [i, value] : llvm::enumerate(values)) {
    bool negative = llvm::popcount(i / size & i % size) % 2;
    value = toBF16((negative ? -1 : 1) / std::sqrt(float(size)));
  }
}

static llvm::Expected<HostTensor> makeArgument(const EntryValue &value,
                                               const Format &format, int64_t m,
                                               std::mt19937_64 &random) {
  SmallVector<int64_t> shape = value.shape();
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size))
      size = m;
  auto tensor = HostTensor::create(value.name, value.dtype(), shape);
  if (!tensor)
    return tensor.takeError();
  MutableArrayRef<char> bytes(tensor->data(), tensor->view().data.size());
  MutableArrayRef<uint16_t> halves(reinterpret_cast<uint16_t *>(bytes.data()),
                                   bytes.size() / 2);
  StringRef name = value.name;
  if (name.ends_with("e2m1"))
    fillCodes(bytes, random);
  else if (name == "scale_quant")
    fillScales(bytes, format.weightScales, random);
  else if (name == "x.scale_quant")
    fillScales(bytes, format.activationScales, random);
  else if (name == "x")
    fillActivations(halves, shape.back(), random);
  else if (name == "transform")
    fillTransform(halves, shape.back());
  else
    *reinterpret_cast<float *>(bytes.data()) =
        name.ends_with("global_scale") ? format.globalScale : format.scaleScale;
  return tensor;
}

//===----------------------------------------------------------------------===//
// Workload
//===----------------------------------------------------------------------===//

/// Parses the module. MLIR reports what is wrong.
static llvm::Expected<OwningOpRef<ModuleOp>>
parse(MLIRContext *context, EntryKind kind, const Format &format, Shape shape) {
  auto module =
      parseSourceString<ModuleOp>(formatModule(kind, format, shape), context);
  if (!module)
    return makeError("cannot parse a module of fp4-bench");
  return std::move(module);
}

/// Looks at elements all over a result: numbers, and not all the same.
static llvm::Error checkResult(const TensorView &result) {
  constexpr size_t kMaxElements = 4096;
  size_t size = getNumElements(result), count = std::min(size, kMaxElements);
  bool differs = false;
  for (size_t i = 0; i < count; ++i) {
    size_t index = i * (size / count) + i * (size % count) / count;
    double value = getValue(result, index);
    if (!std::isfinite(value))
      return makeError("result '{0}' holds {1} at element {2}", result.name,
                       value, index);
    differs |= value != getValue(result, 0);
  }
  if (!differs)
    return makeError("the elements of result '{0}' are all the same",
                     result.name);
  return llvm::Error::success();
}

llvm::Expected<Workload> Workload::create(MLIRContext *context, EntryKind kind,
                                          const Format &format, Shape shape) {
  auto module = parse(context, kind, format, shape);
  if (!module)
    return module.takeError();
  auto signature = getSignature(**module, "entry");
  if (!signature)
    return signature.takeError();
  auto entry = CompiledEntry::compile(**module, *signature, kTarget);
  if (!entry)
    return entry.takeError();

  Workload workload(std::move(*entry));
  std::mt19937_64 random(0);
  for (const EntryValue &value : signature->arguments) {
    auto tensor = makeArgument(value, format, shape.m, random);
    if (!tensor)
      return tensor.takeError();
    workload.views.push_back(tensor->view());
    workload.arguments.push_back(std::move(*tensor));
  }
  if (llvm::Error error = workload.entry.prepare(workload.views))
    return std::move(error);
  auto results = workload.entry.createResults(workload.views);
  if (!results)
    return results.takeError();
  workload.results = std::move(*results);
  // What is not written is seen: NaN, or the same everywhere.
  for (const HostTensor &result : workload.results)
    std::memset(result.data(), 0xff, result.view().data.size());
  if (llvm::Error error = workload.run())
    return error;
  for (const HostTensor &result : workload.results)
    if (llvm::Error error = checkResult(result.view()))
      return error;
  return std::move(workload);
}

llvm::Error Workload::run() { return entry.run(views, results); }

llvm::Expected<double> bench::timeCompilation(MLIRContext *context,
                                              const Format &format,
                                              Shape shape) {
  auto module = parse(context, EntryKind::Forward, format, shape);
  if (!module)
    return module.takeError();
  auto signature = getSignature(**module, "entry");
  if (!signature)
    return signature.takeError();
  double start = getSeconds();
  auto entry = CompiledEntry::compile(**module, *signature, kTarget);
  if (!entry)
    return entry.takeError();
  return getSeconds() - start;
}
