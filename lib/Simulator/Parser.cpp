//===- Parser.cpp - Parser of PTX modules and functions -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What stands outside of bodies. Directives that say nothing about execution
// (.section, .pragma, .file's dates) are read past.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Parser.h"
#include "Parser.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::ptx;

std::string Instruction::opcode() const {
  std::string text = root.str();
  for (StringRef modifier : modifiers)
    text += "." + modifier.str();
  return text;
}

Expected<Module> ptx::parse(StringRef text, StringRef name) {
  Module module;
  module.name = name.str();
  // Drivers hand PTX on with its terminating zeros.
  module.text = std::make_unique<const std::string>(text.rtrim('\0'));
  Parser parser(module);
  if (!parser.parseModule())
    return makeError("{0}", parser.message);
  return module;
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

bool Parser::failAt(Location location, const Twine &text) {
  if (message.empty())
    message = (module.name + ":" + Twine(location.line) + ":" +
               Twine(location.column) + ": " + text)
                  .str();
  return false;
}

bool Parser::fail(const Twine &expected) {
  std::string found = "the end of the text";
  if (token.kind != Token::Kind::End) {
    found = ("'" + token.text.take_front(40) + "'").str();
    // The text may hold anything, and the message goes to a terminal.
    for (char &c : found)
      c = isPrint(c) ? c : '?';
  }
  return failAt(token.location, "expects " + expected + ", but got " + found);
}

bool Parser::consumeIf(StringRef punctuation) {
  if (!token.is(punctuation))
    return false;
  advance();
  return true;
}

bool Parser::expect(StringRef punctuation) {
  return consumeIf(punctuation) || fail("'" + punctuation + "'");
}

bool Parser::parseWord(StringRef &word, const Twine &what) {
  if (token.kind != Token::Kind::Word)
    return fail(what);
  word = token.text;
  advance();
  return true;
}

bool Parser::parseUnsigned(uint64_t &value, uint64_t max, const Twine &what) {
  Operand number;
  if (token.kind != Token::Kind::Number || !parseNumber(token.text, number) ||
      number.kind != Operand::Kind::Integer || uint64_t(number.value) > max)
    return fail(what);
  value = uint64_t(number.value);
  advance();
  return true;
}

bool Parser::parseUnsigned(uint32_t &value, const Twine &what) {
  uint64_t wide = 0;
  if (!parseUnsigned(wide, UINT32_MAX, what))
    return false;
  value = uint32_t(wide);
  return true;
}

bool Parser::skipBraces() {
  Location begin = token.location;
  if (!expect("{"))
    return false;
  for (uint64_t depth = 1; depth != 0; advance()) {
    if (token.kind == Token::Kind::End)
      return failAt(begin, "expects a '}' that matches this '{'");
    depth += token.is("{");
    depth -= token.is("}");
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

bool Parser::parseModule() {
  if (!token.isSuffix(".version"))
    return fail("'.version' at the start of a module");
  while (token.kind != Token::Kind::End)
    if (!parseTopLevel())
      return false;
  if (module.targets.empty())
    return fail("a '.target'");
  return true;
}

bool Parser::parseVersion() {
  auto [major, minor] = token.text.split('.');
  if (token.kind != Token::Kind::Number ||
      major.getAsInteger(10, module.versionMajor) ||
      minor.getAsInteger(10, module.versionMinor))
    return fail("a version such as 9.0");
  advance();
  return true;
}

bool Parser::parseTarget() {
  module.targetLocation = token.location;
  do {
    StringRef target;
    if (!parseWord(target, "a target such as sm_100a"))
      return false;
    module.targets.push_back(target);
  } while (consumeIf(","));
  return true;
}

bool Parser::parseFile() {
  File file;
  if (!parseUnsigned(file.number, "the number of a file"))
    return false;
  if (token.kind != Token::Kind::String)
    return fail("a file name in quotes");
  file.name = token.text;
  advance();
  module.files.push_back(file);
  while (consumeIf(",")) { // its time and size
    uint64_t ignored;
    if (!parseUnsigned(ignored, UINT64_MAX, "a number"))
      return false;
  }
  return true;
}

bool Parser::parseSection() {
  if (token.kind != Token::Kind::Suffix && token.kind != Token::Kind::Word)
    return fail("the name of a section");
  advance();
  return skipBraces();
}

bool Parser::parseTopLevel() {
  bool isExternal = false;
  while (token.isSuffix(".extern") || token.isSuffix(".visible") ||
         token.isSuffix(".weak") || token.isSuffix(".common")) {
    isExternal |= token.isSuffix(".extern");
    advance();
  }
  if (token.kind != Token::Kind::Suffix)
    return consumeIf(";") || fail("a directive");

  StringRef directive = token.text;
  if (directive == ".entry" || directive == ".func") {
    advance();
    return parseFunction(directive == ".entry", isExternal);
  }
  if (std::optional<StateSpace> space = spaceOf(directive))
    return *space == StateSpace::Reg || *space == StateSpace::Local ||
                   *space == StateSpace::Param
               ? fail("a state space of module scope")
               : parseVariables(module.variables, isExternal) && expect(";");

  advance();
  if (directive == ".version")
    return parseVersion();
  if (directive == ".target")
    return parseTarget();
  if (directive == ".address_size") {
    uint32_t size = 0;
    Location location = token.location;
    return parseUnsigned(size, "an address size") &&
           (size == 64 || failAt(location, "expects an address size of 64, but "
                                           "got " +
                                               Twine(size)));
  }
  if (directive == ".file")
    return parseFile();
  if (directive == ".section")
    return parseSection();
  if (directive == ".loc")
    return parseLoc();
  if (directive == ".pragma") {
    if (token.kind != Token::Kind::String)
      return fail("a string");
    advance();
    return expect(";");
  }
  return failAt(token.location, "unknown directive '" + directive + "'");
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

bool Parser::parseExtents(uint32_t (&extents)[3]) {
  extents[1] = extents[2] = 1;
  for (unsigned i = 0; i < 3; ++i) {
    if (!parseUnsigned(extents[i], "a number"))
      return false;
    if (i == 2 || !consumeIf(","))
      break;
  }
  return true;
}

bool Parser::parseLimits(Limits &limits) {
  while (token.kind == Token::Kind::Suffix) {
    StringRef directive = token.text;
    uint32_t ignored;
    bool good = true;
    advance();
    if (directive == ".maxntid")
      good = parseExtents(limits.maxThreads);
    else if (directive == ".reqntid")
      good = parseExtents(limits.requiredThreads);
    else if (directive == ".reqnctapercluster")
      good = parseExtents(limits.clusterSize);
    else if (directive == ".maxnreg")
      good = parseUnsigned(limits.maxRegisters, "a number of registers");
    else if (directive == ".minnctapersm" || directive == ".maxnctapersm")
      good = parseUnsigned(limits.minCTAs, "a number of CTAs");
    else if (directive == ".maxclusterrank")
      good = parseUnsigned(limits.maxClusterRank, "a number of CTAs");
    else if (directive == ".explicitcluster")
      limits.explicitCluster = true;
    else if (directive == ".noreturn")
      limits.noReturn = true;
    else if (directive == ".abi_preserve" ||
             directive == ".abi_preserve_control")
      good = parseUnsigned(ignored, "a number of registers");
    else if (directive == ".pragma")
      good = (token.kind == Token::Kind::String || fail("a string")) &&
             (advance(), expect(";"));
    else
      return failAt(token.location,
                    "unknown directive '" + directive + "' of a function");
    if (!good)
      return false;
  }
  return true;
}

bool Parser::parseParameters(std::vector<Variable> &parameters) {
  if (!expect("(") || consumeIf(")"))
    return message.empty();
  do {
    Variable parameter;
    if (token.isSuffix(".param"))
      parameter.space = StateSpace::Param;
    else if (!token.isSuffix(".reg"))
      return fail("'.param' or '.reg'");
    advance();
    if (!parseVariableType(parameter) || !parseVariableName(parameter))
      return false;
    parameters.push_back(std::move(parameter));
  } while (consumeIf(","));
  return expect(")");
}

bool Parser::parseFunction(bool isEntry, bool isExternal) {
  Function function;
  function.isEntry = isEntry;
  function.isExternal = isExternal;
  if (!isEntry && token.is("(") && !parseParameters(function.results))
    return false;
  function.location = token.location;
  if (!parseWord(function.name, "the name of a function"))
    return false;
  if (token.is("(") && !parseParameters(function.parameters))
    return false;
  if (!parseLimits(function.limits))
    return false;
  if (!consumeIf(";")) {
    function.hasBody = true;
    if (!parseBody(function))
      return false;
  }
  module.functions.push_back(std::move(function));
  return true;
}
