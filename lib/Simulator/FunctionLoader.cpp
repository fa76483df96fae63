//===- FunctionLoader.cpp - The scopes and instructions of one function ---===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A first pass declares everything, since compilers declare registers after
// their first use too; a second one decodes. Labels are patched last.
//
//===----------------------------------------------------------------------===//

#include "Addressing.h"
#include "Loader.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;
using ptx::Statement;

FunctionLoader::FunctionLoader(Loader &loader, uint32_t index)
    : loader(loader), code(loader.code), function(code.functions[index]),
      syntax(*function.syntax) {}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

/// Frames hold at most this, so that offsets in them never overflow.
static constexpr uint64_t maxFrame = 1 << 24;

Error FunctionLoader::layOutSignature(Loader &loader, FunctionCode &function) {
  const ptx::Function &syntax = *function.syntax;
  uint64_t end = 0;
  uint32_t registers = 0;
  for (auto [variables, slots] :
       {std::pair(&syntax.parameters, &function.parameters),
        std::pair(&syntax.results, &function.results)})
    for (const ptx::Variable &variable : *variables) {
      Expected<VariableLayout> layout =
          layOut(loader.program.module(), variable);
      if (!layout)
        return layout.takeError();
      Slot slot;
      if (variable.space == StateSpace::Reg) {
        slot = {registers, 0, true};
        registers += sizeInBytes(variable.type) > 8 ? 2 : 1;
      } else {
        end = alignTo(end, layout->alignment);
        slot = {uint32_t(end), uint32_t(layout->size), false};
        end += layout->size;
      }
      if (end > maxFrame)
        return loader.errorAt(variable.location, "parameters are too large");
      slots->push_back(slot);
    }
  function.numRegisters = registers;
  // The parameters of a kernel are in memory of their own.
  function.frameBytes = syntax.isEntry ? 0 : uint32_t(end);
  return Error::success();
}

int32_t FunctionLoader::newRegister(Type type) {
  int32_t slot = int32_t(function.numRegisters);
  function.numRegisters += sizeInBytes(type) > 8 ? 2 : 1;
  return slot;
}

uint32_t FunctionLoader::allocateInFrame(VariableLayout layout) {
  uint64_t offset = alignTo(uint64_t(function.frameBytes), layout.alignment);
  function.frameBytes = uint32_t(offset + layout.size);
  return uint32_t(offset);
}

Error FunctionLoader::declareParameters() {
  Scope &scope = scopes.front();
  for (auto [variables, slots] :
       {std::pair(&syntax.parameters, &function.parameters),
        std::pair(&syntax.results, &function.results)})
    for (auto [variable, slot] : zip(*variables, *slots)) {
      if (slot.inRegister) {
        scope.registers[variable.name] = {int32_t(slot.offset), variable.type};
        continue;
      }
      Variable entry;
      entry.space = syntax.isEntry ? StateSpace::Param : StateSpace::Local;
      entry.offset = slot.offset;
      entry.size = slot.size;
      scope.variables[variable.name] = entry;
    }
  return Error::success();
}

Error FunctionLoader::declare(const ptx::Variable &variable, Scope &scope) {
  if (variable.space == StateSpace::Reg) {
    if (variable.vectorSize != 1 || variable.isArray)
      return loader.errorAt(variable.location,
                            "registers that are vectors are not supported");
    if (variable.registers)
      scope.ranges[variable.name] = {variable.registers, variable.type};
    else
      scope.registers[variable.name] = {newRegister(variable.type),
                                        variable.type};
    return Error::success();
  }
  Expected<VariableLayout> layout = layOut(loader.program.module(), variable);
  if (!layout)
    return layout.takeError();
  Variable entry;
  entry.space = variable.space;
  entry.size = uint32_t(std::min<uint64_t>(layout->size, UINT32_MAX));
  switch (variable.space) {
  case StateSpace::Shared:
    entry.shared = loader.addShared(variable);
    break;
  case StateSpace::Global:
  case StateSpace::Const: {
    // Static variables of functions: two may have one name.
    std::string name = (syntax.name + "." + variable.name).str();
    while (loader.findGlobal(name))
      name += "'";
    Expected<Allocation *> memory = loader.addGlobal(variable, name);
    if (!memory)
      return memory.takeError();
    entry.global = *memory;
    break;
  }
  default:
    if (layout->size + function.frameBytes > maxFrame)
      return loader.errorAt(variable.location, "local memory is too large");
    entry.space = StateSpace::Local;
    entry.offset = allocateInFrame(*layout);
    break;
  }
  scope.variables[variable.name] = entry;
  return Error::success();
}

Error FunctionLoader::declareAll() {
  scopes.emplace_back();
  if (Error error = declareParameters())
    return error;
  uint32_t scope = 0;
  for (const Statement &statement : syntax.body) {
    switch (statement.kind) {
    case Statement::Kind::ScopeBegin: {
      Scope inner;
      inner.parent = scope;
      scope = uint32_t(scopes.size());
      scopes.push_back(std::move(inner));
      break;
    }
    case Statement::Kind::ScopeEnd:
      scope = scopes[scope].parent;
      break;
    case Statement::Kind::Variable:
      if (Error error =
              declare(syntax.variables[statement.index], scopes[scope]))
        return error;
      break;
    case Statement::Kind::Label:
      if (!scopes[scope].labels.insert({statement.label, ~0u}).second)
        return loader.errorAt(statement.location, "label '" + statement.label +
                                                      "' is defined twice");
      break;
    case Statement::Kind::BranchTargets:
      scopes[scope].tables[statement.label] = &statement;
      break;
    case Statement::Kind::CallPrototype:
      scopes[scope].prototypes[statement.label] = &statement;
      break;
    case Statement::Kind::Instruction:
      break;
    }
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The entry of that name in the innermost scope that has one.
template <typename Map>
auto *FunctionLoader::find(Map Scope::*map, StringRef name) {
  for (uint32_t i = current; i != ~0u; i = scopes[i].parent) {
    auto it = (scopes[i].*map).find(name);
    if (it != (scopes[i].*map).end())
      return &it->second;
  }
  return static_cast<decltype(&(scopes[0].*map).find(name)->second)>(nullptr);
}

std::optional<RegisterRef> FunctionLoader::findRegister(StringRef name) {
  size_t digits = name.size() - name.rtrim("0123456789").size();
  for (uint32_t i = current; i != ~0u; i = scopes[i].parent) {
    Scope &scope = scopes[i];
    if (auto it = scope.registers.find(name); it != scope.registers.end())
      return it->second;
    // %r12 of `%r<20>`; a prefix may end in digits itself.
    for (size_t n = digits; n != 0; --n) {
      auto it = scope.ranges.find(name.drop_back(n));
      uint64_t number;
      StringRef suffix = name.take_back(n);
      if (it == scope.ranges.end() || (n > 1 && suffix.front() == '0') ||
          suffix.getAsInteger(10, number) || number >= it->second.count)
        continue;
      RegisterRef reg = {newRegister(it->second.type), it->second.type};
      scope.registers[name] = reg;
      return reg;
    }
  }
  return std::nullopt;
}

std::optional<NameResolver::Symbol> FunctionLoader::findSymbol(StringRef name) {
  Instruction move;
  move.syntax = decoding;
  Variable *variable = find(&Scope::variables, name);
  std::optional<uint32_t> shared;
  if (variable && variable->space == StateSpace::Shared)
    shared = variable->shared;
  else if (!variable)
    shared = loader.findShared(name);
  if (shared) {
    if (!is_contained(function.shared, *shared))
      function.shared.push_back(*shared);
    int32_t slot = newRegister(Type::B64);
    move.execute = moveSharedAddress;
    move.target = *shared;
    emit(move, slot);
    return Symbol{StateSpace::Shared, slot};
  }
  if (variable && variable->space == StateSpace::Local) {
    int32_t slot = newRegister(Type::B64);
    move.execute = moveFrameAddress;
    move.offset = variable->offset;
    emit(move, slot);
    return Symbol{StateSpace::Local, slot};
  }
  if (variable && variable->space == StateSpace::Param)
    return Symbol{StateSpace::Param, constant(variable->offset, 0)};
  const Allocation *global =
      variable ? variable->global : loader.findGlobal(name);
  if (global)
    return Symbol{global->isConstant ? StateSpace::Const : StateSpace::Global,
                  constant(global->base, 0)};
  if (std::optional<uint32_t> callee = loader.findFunction(name))
    return Symbol{StateSpace::Global,
                  constant(codeBase + *callee * codeStride, 0)};
  return std::nullopt;
}

std::optional<RegisterRef> FunctionLoader::findSpecial(StringRef name) {
  for (const SpecialRegister &special : specialRegisters()) {
    if (special.name != name)
      continue;
    if (uint32_t missing = special.features & ~chip().features)
      loader.refuse("register '" + name.str() + "' needs " +
                        describeFeatures(missing),
                    decoding->location.line);
    Instruction move;
    move.syntax = decoding;
    move.execute = special.execute;
    int32_t slot = newRegister(special.type);
    emit(move, slot);
    return RegisterRef{slot, special.type};
  }
  return std::nullopt;
}

const Chip &FunctionLoader::chip() const { return loader.program.chip(); }

int32_t FunctionLoader::constant(uint64_t value, uint64_t high) {
  return loader.constant(value, high);
}

int32_t FunctionLoader::temporary(Type type) { return newRegister(type); }

bool FunctionLoader::bindLabel(StringRef name) {
  if (!find(&Scope::labels, name))
    return false;
  bindsLabel = true;
  label = name;
  return true;
}

std::optional<uint32_t> FunctionLoader::findBranchTable(StringRef name) {
  auto *statement = find(&Scope::tables, name);
  if (!statement)
    return std::nullopt;
  uint32_t index = uint32_t(code.branchTables.size());
  code.branchTables.emplace_back((*statement)->targets.size());
  for (auto [i, target] : enumerate((*statement)->targets))
    labelUses.push_back({&code.branchTables.back()[i], 0, current, target.name,
                         (*statement)->location.line});
  return index;
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

void FunctionLoader::emit(Instruction instruction, ArrayRef<int32_t> operands) {
  instruction.operands = operands.copy(code.arena);
  code.instructions.push_back(instruction);
}

void FunctionLoader::decode(const ptx::Instruction &in) {
  decoding = &in;
  bindsLabel = false;
  Instruction out;
  out.syntax = &in;
  Decoder decoder(*this, in, out);
  const Row *row = nullptr;
  uint32_t missing = 0;
  bool knowsRoot = false;
  for (Rows rows : allRows())
    for (const Row &candidate : rows) {
      if (row || candidate.pattern.split(' ').first != in.root)
        continue;
      knowsRoot = true;
      if (!decoder.match(candidate.pattern))
        continue;
      missing = candidate.features & ~loader.program.chip().features;
      if (!missing)
        row = &candidate;
    }
  uint32_t line = in.location.line;
  if (!row) {
    if (missing)
      return loader.refuse("instruction '" + in.opcode() + "' needs " +
                               describeFeatures(missing),
                           line);
    return loader.refuse(
        knowsRoot ? "modifiers of '" + in.opcode() + "' are not supported"
                  : "instruction '" + in.opcode() + "' is not known",
        line);
  }
  decoder.match(row->pattern);
  out.kind = row->kind;
  row->decode(decoder);
  if (!in.guard.empty()) {
    std::optional<RegisterRef> guard = findRegister(in.guard);
    if (!guard || guard->type != Type::Pred)
      decoder.fail("guard '" + in.guard + "' is no predicate");
    else
      out.guard = guard->slot;
    out.hasGuard = true;
    out.guardNegated = in.guardNegated;
  }
  if (!decoder.message.empty())
    return loader.refuse("'" + in.opcode() + "': " + decoder.message, line);
  if (bindsLabel)
    labelUses.push_back(
        {nullptr, uint32_t(code.instructions.size()), current, label, line});
  emit(out, decoder.slots);
}

Error FunctionLoader::decodeAll() {
  uint32_t next = 1;
  current = 0;
  for (const Statement &statement : syntax.body) {
    switch (statement.kind) {
    case Statement::Kind::ScopeBegin:
      current = next++;
      break;
    case Statement::Kind::ScopeEnd:
      current = scopes[current].parent;
      break;
    case Statement::Kind::Label:
      scopes[current].labels[statement.label] =
          uint32_t(code.instructions.size());
      break;
    case Statement::Kind::Instruction:
      decode(syntax.instructions[statement.index]);
      break;
    default:
      break;
    }
  }
  return Error::success();
}

Error FunctionLoader::patchLabels() {
  for (const LabelUse &use : labelUses) {
    current = use.scope;
    uint32_t *pc = find(&Scope::labels, use.name);
    if (!pc)
      return loader.errorAt({use.line, 1}, "unknown label '" + use.name + "'");
    (use.target ? *use.target : code.instructions[use.instruction].target) =
        *pc;
  }
  return Error::success();
}

Error FunctionLoader::load() {
  if (Error error = declareAll())
    return error;
  function.begin = uint32_t(code.instructions.size());
  if (Error error = decodeAll())
    return error;
  // What falls off the end of a body returns.
  Instruction last;
  last.execute = returnFromFunction;
  last.kind = InstructionClass::Control;
  emit(last, {});
  function.end = uint32_t(code.instructions.size());
  return patchLabels();
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// What a call hands over: a .param variable of the caller, or a register.
std::optional<Slot> FunctionLoader::findCallSlot(const Operand &operand) {
  if (operand.kind != Operand::Kind::Name || operand.value != 0)
    return std::nullopt;
  if (Variable *variable = find(&Scope::variables, operand.name);
      variable && variable->space == StateSpace::Local)
    return Slot{variable->offset, variable->size, false};
  if (std::optional<RegisterRef> reg = findRegister(operand.name))
    return Slot{uint32_t(reg->slot), sizeInBytes(reg->type), true};
  return std::nullopt;
}

void FunctionLoader::decodeCall(Decoder &decoder) {
  CallSite site;
  ArrayRef<Operand> operands = decoder.in.operands;
  auto take = [&](std::vector<Slot> &slots) {
    for (const Operand &element : operands.front().elements) {
      std::optional<Slot> slot = findCallSlot(element);
      if (!slot)
        decoder.fail("expects .param variables or registers in a call");
      slots.push_back(slot.value_or(Slot()));
    }
    operands = operands.drop_front();
  };
  auto isList = [&] {
    return !operands.empty() && operands.front().kind == Operand::Kind::List;
  };
  if (isList())
    take(site.results);
  if (operands.empty() || operands.front().kind != Operand::Kind::Name)
    return decoder.fail("expects a function to call");
  const Operand callee = operands.front();
  operands = operands.drop_front();
  if (isList())
    take(site.arguments);

  std::optional<uint32_t> index = loader.findFunction(callee.name);
  if (findRegister(callee.name)) {
    // The prototype or the list of targets says what may be called; what is
    // called is checked when it is.
    function.callsAnything = true;
    decoder.source(callee, Type::B64);
    decoder.out.execute = callByAddress;
  } else if (!index) {
    return decoder.fail("unknown function '" + callee.name + "'");
  } else if (const FunctionCode &target = code.functions[*index];
             !target.syntax->hasBody) {
    for (const SystemFunction &known : systemFunctions())
      if (known.name == callee.name) {
        decoder.out.execute = known.execute;
        if (site.arguments.size() != known.numParameters ||
            site.results.size() != known.numResults)
          decoder.fail("the call of '" + callee.name +
                       "' does not fit its parameters");
      }
    if (!decoder.out.execute)
      return decoder.fail("function '" + callee.name + "' is defined nowhere");
  } else {
    function.callees.push_back(*index);
    site.function = *index;
    decoder.out.execute = callFunction;
  }
  if (index) {
    const FunctionCode &target = code.functions[*index];
    if (!matchesCall(target, site))
      decoder.fail("the call of '" + callee.name +
                   "' does not fit its parameters");
  }
  decoder.out.target = uint32_t(code.calls.size());
  code.calls.push_back(std::move(site));
}
