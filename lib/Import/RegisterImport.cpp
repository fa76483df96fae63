//===- RegisterImport.cpp - Registration of --import-safetensors ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Import/ImportSafeTensors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::fp4;

namespace {
enum class ElementType { BF16, F16, F32 };

/// The options of the translation.
struct ImportCommandLine {
  llvm::cl::OptionCategory category{"Options of --import-safetensors"};
  llvm::cl::opt<std::string> prefix{
      "prefix",
      llvm::cl::desc(
          "What stands in front of the names of the layer's tensors, "
          "as model.layers.0.mlp.up_proj."),
      llvm::cl::cat(category)};
  llvm::cl::opt<ElementType> activationType{
      "activation-type", llvm::cl::desc("Element type of x (default bf16)"),
      getElementTypes(), llvm::cl::init(ElementType::BF16),
      llvm::cl::cat(category)};
  llvm::cl::opt<ElementType> resultType{
      "result-type", llvm::cl::desc("Element type of y (default that of x)"),
      getElementTypes(), llvm::cl::cat(category)};
  llvm::cl::opt<unsigned> rank{"rank", llvm::cl::desc("Rank of x (default 2)"),
                               llvm::cl::init(2), llvm::cl::cat(category)};

  static llvm::cl::ValuesClass getElementTypes() {
    return llvm::cl::values(clEnumValN(ElementType::BF16, "bf16", ""),
                            clEnumValN(ElementType::F16, "f16", ""),
                            clEnumValN(ElementType::F32, "f32", ""));
  }
};
} // namespace

static Type getType(MLIRContext *context, ElementType type) {
  switch (type) {
  case ElementType::BF16:
    return BFloat16Type::get(context);
  case ElementType::F16:
    return Float16Type::get(context);
  case ElementType::F32:
    return Float32Type::get(context);
  }
  return {};
}

/// More dimensions than any framework has; each becomes a loop.
static constexpr unsigned kMaxRank = 16;

static OwningOpRef<Operation *> import(const ImportCommandLine &commandLine,
                                       llvm::SourceMgr &source,
                                       MLIRContext *context) {
  auto error = [](const llvm::Twine &message) -> OwningOpRef<Operation *> {
    llvm::WithColor::error(llvm::errs(), "fp4-translate") << message << "\n";
    return {};
  };
  if (commandLine.rank < 1 || commandLine.rank > kMaxRank)
    return error("--rank must be between 1 and " + llvm::Twine(kMaxRank) +
                 ", but is " + llvm::Twine(commandLine.rank));
  ImportOptions options;
  options.prefix = commandLine.prefix;
  options.rank = commandLine.rank;
  options.activationType = getType(context, commandLine.activationType);
  options.resultType = commandLine.resultType.getNumOccurrences()
                           ? getType(context, commandLine.resultType)
                           : options.activationType;

  llvm::Expected<SafeTensors> file = SafeTensors::parse(
      source.getMemoryBuffer(source.getMainFileID())->getMemBufferRef());
  if (!file)
    return error(llvm::toString(file.takeError()));
  llvm::Expected<ImportedLayer> layer =
      importSafeTensors(context, *file, options);
  if (!layer)
    return error(llvm::toString(layer.takeError()));
  if (!layer->ignored.empty())
    llvm::WithColor::warning(llvm::errs(), "fp4-translate")
        << file->path() << ": ignored, as no part of a layer's state: '"
        << llvm::join(layer->ignored, "', '") << "'\n";
  return OwningOpRef<Operation *>(layer->module.release());
}

void fp4::registerImportSafeTensors() {
  static ImportCommandLine commandLine;
  TranslateToMLIRRegistration registration(
      "import-safetensors",
      "import a QuantLinear layer: its state in a safetensors file",
      [](const std::shared_ptr<llvm::SourceMgr> &source, MLIRContext *context) {
        return import(commandLine, *source, context);
      },
      [](DialectRegistry &registry) {
        registry.insert<FP4Dialect, arith::ArithDialect, func::FuncDialect,
                        tensor::TensorDialect>();
      });
}
