//===- Loader.cpp - The module's scope of a program -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Loader.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

//===----------------------------------------------------------------------===//
// Program
//===----------------------------------------------------------------------===//

Program::Program(ptx::Module module, const Chip &chip, DeviceMemory &memory)
    : theModule(std::move(module)), theChip(chip), memory(memory),
      theCode(std::make_unique<Code>()) {}

Program::~Program() {
  for (const auto &global : theCode->globals)
    consumeError(memory.free(global.second->base));
}

Expected<std::unique_ptr<Program>>
Program::load(ptx::Module module, const Chip &chip, DeviceMemory &memory) {
  if (Error error = chip.checkTarget(module))
    return std::move(error);
  std::unique_ptr<Program> program(
      new Program(std::move(module), chip, memory));
  Loader loader(*program);
  if (Error error = loader.load())
    return std::move(error);
  return program;
}

const Kernel *Program::findKernel(StringRef name) const {
  for (const Kernel &kernel : theKernels)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

const Allocation *Program::findGlobal(StringRef name) const {
  return theCode->globals.lookup(name);
}

std::vector<std::string> sim::instructionForms(const Chip &chip) {
  std::vector<std::string> forms;
  for (Rows rows : allRows())
    for (const Row &row : rows)
      if (chip.has(row.features))
        forms.push_back(row.pattern.str());
  llvm::sort(forms);
  return forms;
}

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

Error Loader::errorAt(ptx::Location location, const Twine &text) const {
  return makeError("{0}:{1}:{2}: {3}", program.module().name, location.line,
                   location.column, text.str());
}

Expected<VariableLayout> sim::layOut(const ptx::Module &module,
                                     const ptx::Variable &variable) {
  uint64_t element = sizeInBytes(variable.type) * variable.vectorSize;
  uint64_t size = element;
  for (auto [i, extent] : enumerate(variable.extents)) {
    uint64_t count = extent;
    // The first extent may follow from the initialiser.
    if (count == 0 && i == 0 && !variable.initialisers.empty())
      count = divideCeil(variable.initialisers.size() * element, size);
    if (count != 0 && size > (uint64_t(1) << 40) / count)
      return makeError("{0}:{1}:{2}: '{3}' is too large", module.name,
                       variable.location.line, variable.location.column,
                       variable.name);
    size *= count;
  }
  return VariableLayout{
      size, std::max<uint32_t>(variable.alignment, uint32_t(element))};
}

int32_t Loader::constant(uint64_t value, uint64_t high) {
  auto [it, isNew] = constants.insert({{value, high}, 0});
  if (isNew) {
    // A constant of 128 bits takes two slots, and a register's second half is
    // one slot up: the high half comes first here.
    for (uint64_t half : {high, value}) {
      Lanes &lanes = code.constants.emplace_back();
      std::fill(std::begin(lanes.value), std::end(lanes.value), half);
      std::memset(lanes.poison, 0, sizeof(lanes.poison));
    }
    it->second = -int32_t(code.constants.size());
  }
  return it->second;
}

std::optional<uint32_t> Loader::findFunction(StringRef name) const {
  auto it = functions.find(name);
  if (it == functions.end())
    return std::nullopt;
  return it->second;
}

std::optional<uint32_t> Loader::findShared(StringRef name) const {
  auto it = shared.find(name);
  if (it == shared.end())
    return std::nullopt;
  return it->second;
}

uint32_t Loader::addShared(const ptx::Variable &variable) {
  code.sharedVariables.push_back(&variable);
  return uint32_t(code.sharedVariables.size() - 1);
}

const Allocation *Loader::findGlobal(StringRef name) const {
  return code.globals.lookup(name);
}

Expected<Allocation *> Loader::addGlobal(const ptx::Variable &variable,
                                         StringRef name) {
  Expected<VariableLayout> layout = layOut(program.module(), variable);
  if (!layout)
    return layout.takeError();
  Allocation *memory =
      program.memory.allocate(layout->size, name, layout->alignment);
  if (!memory)
    return errorAt(variable.location, "there is no memory for the " +
                                          Twine(layout->size) + " bytes of '" +
                                          name + "'");
  memory->isConstant = variable.space == StateSpace::Const;
  // Variables without a value are zero [PTX 5.4.4].
  std::memset(memory->shadow.get(), 0, layout->size);
  code.globals[name] = memory;
  toInitialise.push_back({&variable, memory});
  return memory;
}

Error Loader::initialise(const ptx::Variable &variable, Allocation &memory) {
  unsigned size = sizeInBytes(variable.type);
  if (variable.initialisers.size() * size > memory.size)
    return errorAt(variable.location,
                   "'" + variable.name + "' has more values than elements");
  for (auto [i, element] : enumerate(variable.initialisers)) {
    uint64_t bits = uint64_t(element.value.value);
    if (element.value.kind == Operand::Kind::Name) {
      if (const Allocation *other = findGlobal(element.value.name))
        bits += other->base;
      else if (auto function = findFunction(element.value.name))
        bits += codeBase + *function * codeStride;
      else
        return errorAt(element.value.location,
                       "expects a global variable or a function as value, but "
                       "got '" +
                           element.value.name + "'");
      if (element.mask)
        bits = (bits & element.mask) >> countr_zero(element.mask);
    } else if (element.value.kind == Operand::Kind::Float64 && size == 4) {
      bits = bit_cast<uint32_t>(float(bit_cast<double>(bits)));
    } else if (element.value.kind == Operand::Kind::Float32 && size == 8) {
      bits = bit_cast<uint64_t>(double(bit_cast<float>(uint32_t(bits))));
    } else if (element.value.kind == Operand::Kind::Sink) {
      return errorAt(element.value.location, "expects a value, but got '_'");
    }
    std::memcpy(memory.data + i * size, &bits, std::min(size, 8u));
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

Error Loader::declareFunctions() {
  for (const ptx::Function &syntax : program.module().functions) {
    auto [it, isNew] =
        functions.insert({syntax.name, uint32_t(code.functions.size())});
    if (!isNew) {
      FunctionCode &known = code.functions[it->second];
      if (!syntax.hasBody)
        continue;
      if (known.syntax->hasBody)
        return errorAt(syntax.location,
                       "'" + syntax.name + "' is defined twice");
      known.syntax = &syntax;
      continue;
    }
    code.functions.emplace_back().syntax = &syntax;
  }
  for (FunctionCode &function : code.functions)
    if (Error error = FunctionLoader::layOutSignature(*this, function))
      return error;
  return Error::success();
}

Error Loader::layOutKernels() {
  for (auto [index, function] : enumerate(code.functions)) {
    if (!function.syntax->isEntry || !function.syntax->hasBody)
      continue;
    Kernel kernel;
    kernel.name = function.syntax->name;
    kernel.function = uint32_t(index);
    kernel.limits = function.syntax->limits;
    kernel.localBytes = function.frameBytes;
    for (auto [slot, variable] :
         zip(function.parameters, function.syntax->parameters)) {
      kernel.parameters.push_back(
          {variable.name, slot.offset, slot.size, variable.type});
      kernel.parameterBytes = slot.offset + slot.size;
    }

    // The shared variables of everything that it can call.
    SmallBitVector reached(code.functions.size());
    SmallVector<uint32_t> work = {uint32_t(index)};
    reached.set(index);
    kernel.sharedOffsets.assign(code.sharedVariables.size(), ~0u);
    uint64_t end = program.chip().reservedShared;
    std::vector<uint32_t> dynamic;
    auto reach = [&](uint32_t callee) {
      if (!reached.test(callee)) {
        reached.set(callee);
        work.push_back(callee);
      }
    };
    while (!work.empty()) {
      const FunctionCode &next = code.functions[work.pop_back_val()];
      for (uint32_t number : next.shared) {
        if (kernel.sharedOffsets[number] != ~0u)
          continue;
        const ptx::Variable &variable = *code.sharedVariables[number];
        Expected<VariableLayout> layout = layOut(program.module(), variable);
        if (!layout)
          return layout.takeError();
        kernel.sharedOffsets[number] = 0;
        if (variable.isExternal || layout->size == 0) {
          dynamic.push_back(number);
          continue;
        }
        end = alignTo(end, layout->alignment);
        kernel.sharedOffsets[number] = uint32_t(end);
        end += layout->size;
        if (end > UINT32_MAX)
          return errorAt(variable.location, "shared memory is too large");
      }
      for (uint32_t callee : next.callees)
        reach(callee);
      if (next.callsAnything)
        for (uint32_t i = 0; i < code.functions.size(); ++i)
          if (!code.functions[i].syntax->isEntry)
            reach(i);
    }
    // All dynamic arrays begin at one place, after the static ones.
    uint32_t alignment = 16;
    for (uint32_t number : dynamic)
      alignment = std::max(alignment, code.sharedVariables[number]->alignment);
    if (!dynamic.empty())
      end = alignTo(end, alignment);
    for (uint32_t number : dynamic)
      kernel.sharedOffsets[number] = uint32_t(end);
    kernel.staticShared = uint32_t(end);
    program.theKernels.push_back(std::move(kernel));
  }
  return Error::success();
}

Error Loader::reportRefusals() const {
  if (refusals.empty())
    return Error::success();
  std::string text;
  raw_string_ostream os(text);
  os << program.module().name << ": " << refusals.size()
     << " kinds of instruction are refused on " << program.chip().name;
  for (const auto &[what, lines] : refusals) {
    os << "\n" << program.module().name << ":" << lines.front() << ": " << what;
    constexpr size_t maxLines = 8;
    ArrayRef<uint32_t> others = ArrayRef(lines).drop_front();
    if (!others.empty())
      os << " (and in line ";
    interleave(others.take_front(maxLines), os, ", ");
    if (others.size() > maxLines)
      os << ", ...";
    if (!others.empty())
      os << ")";
  }
  return makeError("{0}", text);
}

Error Loader::load() {
  if (Error error = declareFunctions())
    return error;
  for (const ptx::Variable &variable : program.module().variables) {
    if (variable.space == StateSpace::Shared) {
      if (!shared.insert({variable.name, addShared(variable)}).second)
        return errorAt(variable.location,
                       "'" + variable.name + "' is declared twice");
      continue;
    }
    if (variable.isExternal)
      return errorAt(variable.location, "external variable '" + variable.name +
                                            "' is defined nowhere");
    if (findGlobal(variable.name))
      return errorAt(variable.location,
                     "'" + variable.name + "' is declared twice");
    Expected<Allocation *> memory = addGlobal(variable, variable.name);
    if (!memory)
      return memory.takeError();
  }
  for (uint32_t i = 0; i < code.functions.size(); ++i)
    if (code.functions[i].syntax->hasBody)
      if (Error error = FunctionLoader(*this, i).load())
        return error;
  for (auto [variable, memory] : toInitialise)
    if (Error error = initialise(*variable, *memory))
      return error;
  if (Error error = reportRefusals())
    return error;
  return layOutKernels();
}
