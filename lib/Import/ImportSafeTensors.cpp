//===- ImportSafeTensors.cpp - Layers from safetensors files --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Import/ImportSafeTensors.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Support/Error.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;

//===----------------------------------------------------------------------===//
// The stored state, checked
//===----------------------------------------------------------------------===//

static std::string describe(const TensorView &tensor) {
  return fp4::describe(tensor.dtype, tensor.shape);
}

namespace {
/// The state of a layer. Null: not stored.
struct LayerState {
  const TensorView *codes = nullptr;
  const TensorView *scales = nullptr;
  const TensorView *transform = nullptr;
  const TensorView *weightGlobalScale = nullptr;
  const TensorView *activationGlobalScale = nullptr;
  const TensorView *activationScaleScale = nullptr;

  int64_t n() const { return codes->shape[0]; }
  int64_t k() const { return codes->shape[1] * 2; }
  int64_t groupSize() const { return k() / scales->shape[1]; }
};

/// Finds and checks the state of one layer in a file.
class StateReader {
public:
  StateReader(const SafeTensors &file, StringRef prefix)
      : file(file), prefix(prefix) {}

  llvm::Expected<LayerState> read();
  SmallVector<std::string> getIgnored(const LayerState &state) const;

private:
  template <typename... Args>
  llvm::Error error(const TensorView *tensor, const char *format,
                    Args &&...args) const {
    return makeError("{0}: tensor '{1}': {2}", file.path(), tensor->name,
                     llvm::formatv(format, std::forward<Args>(args)...).str());
  }
  llvm::Error missing(StringRef key) const;
  const TensorView *find(StringRef key) const {
    return file.find((prefix + key).str());
  }
  llvm::Error checkScalar(const TensorView *scalar) const;
  llvm::Error checkWeight(const LayerState &state) const;
  llvm::Error checkTransform(const LayerState &state) const;

  const SafeTensors &file;
  StringRef prefix;
};
} // namespace

llvm::Error StateReader::missing(StringRef key) const {
  std::string names;
  constexpr size_t kMaxNames = 12;
  for (const TensorView &tensor : file.tensors().take_front(kMaxNames))
    names += (names.empty() ? "'" : ", '") + tensor.name + "'";
  if (file.tensors().size() > kMaxNames)
    names +=
        llvm::formatv(" and {0} more", file.tensors().size() - kMaxNames).str();
  return makeError("{0}: no tensor '{1}{2}', which a layer must have; the "
                   "file holds {3}",
                   file.path(), prefix, key,
                   names.empty() ? "no tensors" : names);
}

llvm::Error StateReader::checkScalar(const TensorView *scalar) const {
  if (!scalar)
    return llvm::Error::success();
  bool isScalar =
      scalar->shape.empty() || ArrayRef(scalar->shape) == ArrayRef<int64_t>{1};
  if (scalar->dtype != DType::F32 || !isScalar)
    return error(scalar, "expects F32 of shape () or (1), but got {0}",
                 describe(*scalar));
  return llvm::Error::success();
}

llvm::Error StateReader::checkWeight(const LayerState &state) const {
  const TensorView *codes = state.codes, *scales = state.scales;
  if (codes->dtype != DType::U8 || codes->shape.size() != 2)
    return error(codes, "expects U8 of shape (N, K/2), but got {0}",
                 describe(*codes));
  if (codes->shape[1] == 0 || codes->shape[1] > (int64_t(1) << 60))
    return error(codes, "expects K/2 from 1 to 2^60, but got {0}",
                 describe(*codes));
  if ((scales->dtype != DType::F8_E8M0 && scales->dtype != DType::F8_E4M3) ||
      scales->shape.size() != 2)
    return error(scales,
                 "expects F8_E8M0 (mx) or F8_E4M3 (nv) of shape (N, K/G), but "
                 "got {0}",
                 describe(*scales));
  if (scales->shape[0] != state.n())
    return error(scales, "expects {0} rows as in '{1}', but got {2}", state.n(),
                 codes->name, describe(*scales));
  int64_t k = state.k(), groups = scales->shape[1];
  int64_t groupSize = groups == 0 || k % groups != 0 ? 0 : k / groups;
  if (groupSize < 2 || groupSize > 128 || !llvm::isPowerOf2_64(groupSize))
    return error(scales,
                 "expects one scale for each group of K = {0}, a group being a "
                 "power of two between 2 and 128, but got {1}",
                 k, describe(*scales));
  return llvm::Error::success();
}

llvm::Error StateReader::checkTransform(const LayerState &state) const {
  const TensorView *transform = state.transform;
  if (!transform)
    return llvm::Error::success();
  ArrayRef<int64_t> shape = transform->shape;
  if (transform->dtype != DType::BF16 && transform->dtype != DType::F16 &&
      transform->dtype != DType::F32)
    return error(transform, "expects BF16, F16 or F32, but got {0}",
                 stringify(transform->dtype));
  bool isSquare = (shape.size() == 2 || shape.size() == 3) &&
                  shape.back() == shape[shape.size() - 2] && shape.back() > 0;
  if (!isSquare || state.k() % shape.back() != 0 ||
      (shape.size() == 3 && shape[0] != state.k() / shape.back()))
    return error(transform,
                 "expects shape (B, B) or (K/B, B, B) with a B that divides "
                 "K = {0}, but got {1}",
                 state.k(), describe(*transform));
  return llvm::Error::success();
}

llvm::Expected<LayerState> StateReader::read() {
  LayerState state;
  state.codes = find(kCodesKey);
  state.scales = find(kScalesKey);
  state.transform = find(kTransformKey);
  state.weightGlobalScale = find(kWeightGlobalScaleKey);
  state.activationGlobalScale = find(kActivationGlobalScaleKey);
  state.activationScaleScale = find(kActivationScaleScaleKey);
  if (!state.codes)
    return missing(kCodesKey);
  if (!state.scales)
    return missing(kScalesKey);
  if (!state.weightGlobalScale)
    return missing(kWeightGlobalScaleKey);
  if (llvm::Error error = checkWeight(state))
    return error;
  if (llvm::Error error = checkTransform(state))
    return error;
  for (const TensorView *scalar :
       {state.weightGlobalScale, state.activationGlobalScale,
        state.activationScaleScale})
    if (llvm::Error error = checkScalar(scalar))
      return error;
  return state;
}

SmallVector<std::string>
StateReader::getIgnored(const LayerState &state) const {
  SmallVector<std::string> ignored;
  const TensorView *known[] = {state.codes,
                               state.scales,
                               state.transform,
                               state.weightGlobalScale,
                               state.activationGlobalScale,
                               state.activationScaleScale};
  for (const TensorView &tensor : file.tensors())
    if (StringRef(tensor.name).starts_with(prefix) &&
        !llvm::is_contained(known, &tensor))
      ignored.push_back(tensor.name);
  return ignored;
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

namespace {
/// Builds the two functions of a layer.
class LayerBuilder : public ImplicitLocOpBuilder {
public:
  LayerBuilder(ModuleOp module, const LayerState &state,
               const ImportOptions &options)
      : ImplicitLocOpBuilder(module.getLoc(), module.getBodyRegion()),
        state(state), options(options) {
    SmallVector<int64_t> leading(options.rank - 1, ShapedType::kDynamic);
    auto tensorOf = [&](int64_t last, Type element) {
      SmallVector<int64_t> shape = leading;
      shape.push_back(last);
      return RankedTensorType::get(shape, element);
    };
    Type code = Float4E2M1FNType::get(getContext());
    scaleType = state.scales->dtype == DType::F8_E8M0
                    ? Type(Float8E8M0FNUType::get(getContext()))
                    : Type(Float8E4M3FNType::get(getContext()));
    xType = tensorOf(state.k(), options.activationType);
    codesType = tensorOf(state.k(), code);
    scalesType = tensorOf(state.scales->shape[1], scaleType);
    yType = tensorOf(state.n(), options.resultType);
  }

  void buildQuantize();
  void buildForward();

private:
  /// Starts a function of x; its other arguments are added as it asks for them.
  func::FuncOp start(StringRef name);
  void finish(func::FuncOp function, ValueRange results,
              ArrayRef<StringRef> names);
  Value param(const TensorView *tensor, Type type);
  /// Printed as the name of a value under --mlir-use-nameloc-as-prefix.
  Location named(StringRef name) { return NameLoc::get(getStringAttr(name)); }
  Value scalar(const TensorView *tensor) { return param(tensor, getF32Type()); }
  Value transform();
  Value activationGlobalScale();
  Value activationScaleScale();

  const LayerState &state;
  const ImportOptions &options;
  Type scaleType;
  RankedTensorType xType, codesType, scalesType, yType;
  func::FuncOp function;
};
} // namespace

func::FuncOp LayerBuilder::start(StringRef name) {
  function = func::FuncOp::create(*this, name, getFunctionType(xType, {}));
  function.setArgAttr(0, kNameAttrName, getStringAttr("x"));
  setInsertionPointToStart(function.addEntryBlock());
  function.getArgument(0).setLoc(named("x"));
  return function;
}

void LayerBuilder::finish(func::FuncOp function, ValueRange results,
                          ArrayRef<StringRef> names) {
  func::ReturnOp::create(*this, results);
  function.setFunctionType(
      getFunctionType(function.getArgumentTypes(), results.getTypes()));
  for (auto [i, name] : llvm::enumerate(names))
    function.setResultAttr(i, kNameAttrName, getStringAttr(name));
  setInsertionPointAfter(function);
}

Value LayerBuilder::param(const TensorView *tensor, Type type) {
  unsigned index = function.getNumArguments();
  auto attributes = getDictionaryAttr(
      getNamedAttr(kParamAttrName, getStringAttr(tensor->name)));
  // Appending to a function that is being built cannot fail.
  StringRef key = StringRef(tensor->name).drop_front(options.prefix.size());
  (void)function.insertArgument(index, type, attributes, named(key));
  return function.getArgument(index);
}

Value LayerBuilder::transform() {
  if (!state.transform)
    return {};
  DType dtype = state.transform->dtype;
  Type element = dtype == DType::BF16  ? Type(getBF16Type())
                 : dtype == DType::F16 ? Type(getF16Type())
                                       : Type(getF32Type());
  return param(state.transform,
               RankedTensorType::get(state.transform->shape, element));
}

Value LayerBuilder::activationGlobalScale() {
  return scalar(state.activationGlobalScale ? state.activationGlobalScale
                                            : state.weightGlobalScale);
}

Value LayerBuilder::activationScaleScale() {
  if (state.activationScaleScale)
    return scalar(state.activationScaleScale);
  return arith::ConstantOp::create(*this, getF32FloatAttr(1.0f));
}

void LayerBuilder::buildQuantize() {
  func::FuncOp function = start("quantize");
  Value x = function.getArgument(0);
  Value transform = this->transform();
  Value globalScale = activationGlobalScale();
  Value scaleScale = activationScaleScale();

  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(*this, getLoc(), x);
  if (transform) {
    Value empty = tensor::EmptyOp::create(*this, sizes, options.activationType);
    x = BlockTransformOp::create(*this, xType, x, transform, empty,
                                 /*strategy=*/StringAttr())
            .getResult(0);
  }
  Value codes =
      tensor::EmptyOp::create(*this, sizes, codesType.getElementType());
  sizes.back() = getIndexAttr(state.scales->shape[1]);
  Value scales = tensor::EmptyOp::create(*this, sizes, scaleType);
  auto quantize = QuantizePackOp::create(
      *this, TypeRange{codesType, scalesType}, x, globalScale, scaleScale,
      codes, scales, state.groupSize(), Rounding::Even,
      /*strategy=*/StringAttr());
  finish(function, quantize.getResults(), {kCodesKey, kScalesKey});
}

void LayerBuilder::buildForward() {
  func::FuncOp function = start("forward");
  Value codes =
      param(state.codes, RankedTensorType::get({state.n(), state.k()},
                                               codesType.getElementType()));
  Value scales = param(state.scales,
                       RankedTensorType::get(state.scales->shape, scaleType));
  Value transform = this->transform();
  Value weightGlobalScale = scalar(state.weightGlobalScale);
  Value globalScale =
      state.activationGlobalScale ? activationGlobalScale() : weightGlobalScale;
  Value y = QuantLinearOp::create(*this, yType, function.getArgument(0), codes,
                                  scales, transform, weightGlobalScale,
                                  globalScale, activationScaleScale(),
                                  state.groupSize(), Rounding::Even,
                                  /*quantize_strategy=*/StringAttr(),
                                  /*matmul_strategy=*/StringAttr());
  finish(function, y, {"y"});
}

llvm::Expected<ImportedLayer>
fp4::importSafeTensors(MLIRContext *context, const SafeTensors &file,
                       const ImportOptions &options) {
  StateReader reader(file, options.prefix);
  llvm::Expected<LayerState> state = reader.read();
  if (!state)
    return state.takeError();
  context->loadDialect<FP4Dialect, func::FuncDialect>();
  ImportedLayer layer;
  layer.module =
      ModuleOp::create(FileLineColLoc::get(context, file.path(), 0, 0));
  LayerBuilder builder(*layer.module, *state, options);
  builder.buildQuantize();
  builder.buildForward();
  layer.ignored = reader.getIgnored(*state);
  return std::move(layer);
}
