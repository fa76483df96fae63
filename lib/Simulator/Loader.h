//===- Loader.h - Makes a program of a module -------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_LOADER_H
#define FP4_LIB_SIMULATOR_LOADER_H

#include "Code.h"
#include "Decoder.h"
#include "fp4/Simulator/Program.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include <map>

namespace mlir::fp4::sim {

/// What is refused, with the lines where it stands.
using Refusals = llvm::MapVector<std::string, std::vector<uint32_t>,
                                 std::map<std::string, unsigned>>;

/// Lays out one variable's bytes: how many, aligned how.
struct VariableLayout {
  uint64_t size;
  uint32_t alignment;
};
llvm::Expected<VariableLayout> layOut(const ptx::Module &module,
                                      const ptx::Variable &variable);

/// The module's scope: variables and functions.
class Loader {
public:
  explicit Loader(Program &program)
      : program(program), code(*program.theCode) {}

  llvm::Error load();

  int32_t constant(uint64_t value, uint64_t high);
  std::optional<uint32_t> findFunction(llvm::StringRef name) const;
  std::optional<uint32_t> findShared(llvm::StringRef name) const;
  uint32_t addShared(const ptx::Variable &variable);
  const Allocation *findGlobal(llvm::StringRef name) const;
  /// A .global or .const variable; those of functions have a name of their own.
  llvm::Expected<Allocation *> addGlobal(const ptx::Variable &variable,
                                         llvm::StringRef name);

  void refuse(const std::string &what, uint32_t line) {
    refusals[what].push_back(line);
  }
  llvm::Error errorAt(ptx::Location location, const llvm::Twine &text) const;

  Program &program;
  Code &code;

private:
  llvm::Error declareFunctions();
  llvm::Error initialise(const ptx::Variable &variable, Allocation &memory);
  llvm::Error layOutKernels();
  llvm::Error reportRefusals() const;

  llvm::StringMap<uint32_t> functions;
  llvm::StringMap<uint32_t> shared;
  std::vector<std::pair<const ptx::Variable *, Allocation *>> toInitialise;
  std::map<std::pair<uint64_t, uint64_t>, int32_t> constants;
  Refusals refusals;
};

/// One function's scopes, and the instructions made of its body.
class FunctionLoader : public NameResolver {
public:
  FunctionLoader(Loader &loader, uint32_t function);

  llvm::Error load();

  std::optional<RegisterRef> findRegister(llvm::StringRef name) override;
  std::optional<Symbol> findSymbol(llvm::StringRef name) override;
  std::optional<RegisterRef> findSpecial(llvm::StringRef name) override;
  const Chip &chip() const override;
  int32_t constant(uint64_t value, uint64_t high) override;
  int32_t temporary(Type type) override;
  bool bindLabel(llvm::StringRef name) override;
  std::optional<uint32_t> findBranchTable(llvm::StringRef name) override;
  void decodeCall(Decoder &decoder) override;

  /// Lays out the parameters and results of a function, as its callers see
  /// them too.
  static llvm::Error layOutSignature(Loader &loader, FunctionCode &function);

private:
  struct Variable {
    StateSpace space;
    uint32_t offset = 0; ///< In the frame, or of an entry's parameter.
    uint32_t size = 0;
    uint32_t shared = 0; ///< Its number.
    const Allocation *global = nullptr;
  };
  struct RegisterRange {
    uint64_t count;
    Type type;
  };
  struct Scope {
    uint32_t parent = ~0u;
    llvm::StringMap<RegisterRef> registers;
    llvm::StringMap<RegisterRange> ranges;
    llvm::StringMap<Variable> variables;
    llvm::StringMap<uint32_t> labels; ///< pcs, once they are known.
    llvm::StringMap<const ptx::Statement *> tables;
    llvm::StringMap<const ptx::Statement *> prototypes;
  };

  llvm::Error declare(const ptx::Variable &variable, Scope &scope);
  llvm::Error declareAll();
  llvm::Error declareParameters();
  llvm::Error decodeAll();
  void decode(const ptx::Instruction &syntax);
  llvm::Error patchLabels();
  void emit(Instruction instruction, llvm::ArrayRef<int32_t> operands);
  int32_t newRegister(Type type);
  uint32_t allocateInFrame(VariableLayout layout);
  template <typename Map>
  auto *find(Map Scope::*map, llvm::StringRef name);
  std::optional<Slot> findCallSlot(const ptx::Operand &operand);

  Loader &loader;
  Code &code;
  FunctionCode &function;
  const ptx::Function &syntax;
  std::vector<Scope> scopes;
  uint32_t current = 0; ///< The scope that is being decoded.
  const ptx::Instruction *decoding = nullptr;

  struct LabelUse {
    uint32_t *target;
    uint32_t instruction; ///< Whose target it is, if `target` is null.
    uint32_t scope;
    llvm::StringRef name;
    uint32_t line;
  };
  std::vector<LabelUse> labelUses;
  bool bindsLabel = false;
  llvm::StringRef label;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_LOADER_H
