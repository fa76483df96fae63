//===- Describe.cpp - The simulator's layouts for the oracle --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lets a test in Python see where everything lies. An answer is a word that is
// 1 for errors, the number of its bytes, and these: 32-bit words, or text.
//
//   matrix <descriptor>                     start, leading, stride, swizzle
//   operand <descriptor> <K|MN> <type>      nothing
//   addresses <descriptor> <K|MN> <rows> <columns>
//     K: of byte [row][k byte]; MN: of byte [k][mn byte]
//   unpack <type> <bytes>                   the elements of these bytes
//   instruction <bits> <kind> <cta group> <scale block> <ws>
//   accumulator <m> <cta group> <ws> <n> <first lane>
//     of [row][part]: block, lane, first n, n's, A's lane or all ones
//   scales <A|B> <m> <cta group> <n> <rows> <count> <id>
//   copy <shape> <multicast or ->    bytes of a row, and lanes of [row], four
//   each access <shape> <num> <packed> <split>   of [thread][register]: lane,
//   column fragment <A|B|D> <bits> <k>     of [thread][register][part]: row,
//   column scale-threads <A|B> <ids>               of [index][id] move <shape>
//   <num> <transposed> of [thread][register][byte]: thread, byte map bytes,
//   alignment, bytes to fill with tile <shared address> <coordinates>
//     the runs, five words each, and whether the tile can be stored;
//     both with the 128 bytes of a map
//
//===----------------------------------------------------------------------===//

#include "../Requests.h"
#include "fp4/Simulator/Descriptors/InstructionDescriptor.h"
#include "fp4/Simulator/Descriptors/SharedMatrix.h"
#include "fp4/Simulator/Descriptors/TensorMapBits.h"
#include "fp4/Simulator/Descriptors/TensorMemory.h"
#include "fp4/Simulator/Descriptors/WarpMatrix.h"
#include "llvm/ADT/StringSwitch.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4::sim;

using Numbers = std::vector<uint32_t>;

static constexpr unsigned kThreads = 32;

static MmaType parseType(StringRef text) {
  return parseEnum<MmaType>(text, unsigned(MmaType::S32) + 1,
                            [](MmaType type) { return getName(type); });
}

static FragmentMatrix parseMatrix(StringRef text) {
  return StringSwitch<FragmentMatrix>(text)
      .Case("A", FragmentMatrix::A)
      .Case("B", FragmentMatrix::B)
      .Case("D", FragmentMatrix::D);
}

static Expected<Numbers> describeMatrix(Words words) {
  Expected<SharedMatrix> matrix =
      decodeSharedMatrix(parseNumber<uint64_t>(words[1]));
  if (!matrix)
    return matrix.takeError();
  return Numbers{matrix->startAddress, matrix->leadingByteOffset,
                 matrix->strideByteOffset, uint32_t(matrix->swizzle)};
}

static Expected<Numbers> describeOperand(Words words) {
  Expected<SharedMatrix> matrix =
      decodeSharedMatrix(parseNumber<uint64_t>(words[1]));
  if (!matrix)
    return matrix.takeError();
  MatrixMajor major = words[2] == "K" ? MatrixMajor::K : MatrixMajor::MN;
  if (Error error = checkOperand(*matrix, major, parseType(words[3])))
    return error;
  return Numbers();
}

static Expected<Numbers> describeAddresses(Words words) {
  Expected<SharedMatrix> matrix =
      decodeSharedMatrix(parseNumber<uint64_t>(words[1]));
  if (!matrix)
    return matrix.takeError();
  Numbers answer;
  unsigned rows = parseNumber(words[3]), columns = parseNumber(words[4]);
  for (unsigned row = 0; row < rows; ++row)
    for (unsigned column = 0; column < columns; ++column)
      answer.push_back(words[2] == "K"
                           ? getKMajorAddress(*matrix, row, column)
                           : getMNMajorAddress(*matrix, column, row));
  return answer;
}

static Expected<Numbers> describeUnpacking(Words words) {
  std::vector<uint8_t> padded = readArguments<uint8_t>(parseNumber(words[2]));
  std::vector<uint8_t> elements(padded.size());
  unpackElements(parseType(words[1]), padded, elements);
  return Numbers(elements.begin(), elements.end());
}

static Expected<Numbers> describeInstruction(Words words) {
  MmaQualifiers qualifiers;
  qualifiers.kind =
      parseEnum<MmaKind>(words[2], unsigned(MmaKind::MXF4NVF4) + 1,
                         [](MmaKind kind) { return getName(kind); });
  qualifiers.ctaGroup = parseNumber(words[3]);
  qualifiers.scaleBlock = parseNumber(words[4]);
  qualifiers.isWeightStationary = words[5] == "1";
  Expected<InstructionDescriptor> decoded =
      decodeInstructionDescriptor(parseNumber(words[1]), qualifiers);
  if (!decoded)
    return decoded.takeError();
  const MmaModel &model = decoded->model;
  return Numbers{uint32_t(model.a),   uint32_t(model.b),
                 uint32_t(model.d),   model.k,
                 decoded->m,          decoded->n,
                 decoded->negateA,    decoded->negateB,
                 decoded->transposeA, decoded->transposeB,
                 decoded->sfaId,      decoded->sfbId,
                 model.saturate,      uint32_t(model.scale)};
}

static Expected<AccumulatorLayout> parseLayout(Words words) {
  return getAccumulatorLayout(parseNumber(words[0]), parseNumber(words[1]),
                              words[2] == "1");
}

static Expected<Numbers> describeAccumulator(Words words) {
  Expected<AccumulatorLayout> layout = parseLayout(words.slice(1, 3));
  if (!layout)
    return layout.takeError();
  Numbers answer;
  for (unsigned row = 0, m = parseNumber(words[1]); row < m; ++row)
    for (const AccumulatorSpan &span : getAccumulatorRow(
             *layout, parseNumber(words[4]), row, parseNumber(words[5]))) {
      Expected<unsigned> lane = getOperandLane(*layout, span);
      answer.insert(answer.end(), {span.cta, span.lane, span.firstN, span.numN,
                                   lane ? *lane : ~0u});
      if (!lane)
        consumeError(lane.takeError());
    }
  return answer;
}

static Expected<Numbers> describeScales(Words words) {
  StringRef layoutWords[] = {words[2], words[3], "0"};
  Expected<AccumulatorLayout> layout = parseLayout(layoutWords);
  if (!layout)
    return layout.takeError();
  Numbers answer;
  unsigned n = parseNumber(words[4]), id = parseNumber(words[7]);
  for (unsigned row = 0, rows = parseNumber(words[5]); row < rows; ++row)
    for (unsigned i = 0, count = parseNumber(words[6]); i < count; ++i) {
      ScaleLocation location = words[1] == "A"
                                   ? getScaleALocation(row, i, id)
                                   : getScaleBLocation(*layout, n, row, i, id);
      answer.insert(answer.end(),
                    {location.firstPartition, location.numPartitions,
                     location.lane, location.column, location.byte});
    }
  return answer;
}

static Expected<Numbers> describeCopy(Words words) {
  Expected<CopyShape> shape =
      parseCopyShape(words[1], words[2] == "-" ? "" : words[2]);
  if (!shape)
    return shape.takeError();
  Numbers answer = {getNumCopyBytes(*shape)};
  for (unsigned row = 0; row < getNumCopyRows(*shape); ++row) {
    auto lanes = getCopyLanes(*shape, row);
    answer.insert(answer.end(), lanes.begin(), lanes.end());
    answer.resize(1 + (row + 1) * 4, ~0u);
  }
  return answer;
}

static Expected<Numbers> describeAccess(Words words) {
  AccessShape shape = StringSwitch<AccessShape>(words[1])
                          .Case("32x32b", AccessShape::L32x32b)
                          .Case("16x64b", AccessShape::L16x64b)
                          .Case("16x128b", AccessShape::L16x128b)
                          .Case("16x256b", AccessShape::L16x256b)
                          .Case("16x32bx2", AccessShape::L16x32bx2);
  Expected<unsigned> registers =
      getNumAccessRegisters(shape, parseNumber(words[2]));
  if (!registers)
    return registers.takeError();
  unsigned split = parseNumber(words[4]);
  Numbers answer;
  for (unsigned thread = 0; thread < kThreads; ++thread)
    for (unsigned reg = 0; reg < *registers; ++reg) {
      TensorMemoryWord word =
          words[3] == "1" ? getPackedAccessWord(shape, thread, reg, split)
                          : getAccessWord(shape, thread, reg, split);
      answer.insert(answer.end(), {word.lane, word.column});
    }
  return answer;
}

static Expected<Numbers> describeFragment(Words words) {
  FragmentMatrix matrix = parseMatrix(words[1]);
  unsigned bits = parseNumber(words[2]);
  unsigned registers =
      getNumFragmentRegisters(matrix, bits, parseNumber(words[3]));
  Numbers answer;
  for (unsigned thread = 0; thread < kThreads; ++thread)
    for (unsigned reg = 0; reg < registers; ++reg)
      for (unsigned part = 0; part < 32 / bits; ++part) {
        MatrixElement element =
            getFragmentElement(matrix, bits, thread, reg, part);
        answer.insert(answer.end(), {element.row, element.column});
      }
  return answer;
}

static Expected<Numbers> describeScaleThreads(Words words) {
  FragmentMatrix matrix = parseMatrix(words[1]);
  Numbers answer;
  for (unsigned i = 0, n = matrix == FragmentMatrix::A ? 16 : 8; i < n; ++i)
    for (unsigned id = 0, ids = parseNumber(words[2]); id < ids; ++id)
      answer.push_back(getScaleThread(matrix, i, id));
  return answer;
}

static Expected<Numbers> describeMove(Words words) {
  MatrixShape shape = StringSwitch<MatrixShape>(words[1])
                          .Case("m8n8", MatrixShape::M8N8)
                          .Case("m8n16", MatrixShape::M8N16)
                          .Case("m16n16", MatrixShape::M16N16)
                          .Case("m16n8", MatrixShape::M16N8);
  Expected<unsigned> registers =
      getNumMatrixRegisters(shape, parseNumber(words[2]));
  if (!registers)
    return registers.takeError();
  Numbers answer;
  for (unsigned thread = 0; thread < kThreads; ++thread)
    for (unsigned reg = 0; reg < *registers; ++reg)
      for (unsigned part = 0; part < 4; ++part) {
        MatrixByte byte =
            getMatrixByte(shape, words[3] == "1", thread, reg, part);
        answer.insert(answer.end(), {byte.addressThread, byte.byte});
      }
  return answer;
}

static Expected<TensorMap> readMap() {
  std::vector<uint8_t> bytes = readArguments<uint8_t>(tensorMapBytes);
  TensorMapWords words;
  std::memcpy(words.data(), bytes.data(), tensorMapUsedBytes);
  return decodeTensorMap(words);
}

static Expected<Numbers> describeMap() {
  Expected<TensorMap> map = readMap();
  if (!map)
    return map.takeError();
  if (Error error = verifyTensorMap(*map))
    return error;
  Numbers answer = {getTileBytes(*map), getTileAlignment(*map)};
  for (uint8_t byte : getFillPattern(*map))
    answer.push_back(byte);
  return answer;
}

static Expected<Numbers> describeTile(Words words) {
  Expected<TensorMap> map = readMap();
  if (!map)
    return map.takeError();
  std::vector<int32_t> coordinates;
  for (StringRef word : words.drop_front(2))
    coordinates.push_back(parseNumber<int32_t>(word));
  Numbers answer;
  Error error = visitTile(
      *map, coordinates, parseNumber(words[1]), [&](const TileRun &run) {
        answer.insert(answer.end(), {run.isInside, run.sharedAddress, run.bytes,
                                     uint32_t(run.globalAddress),
                                     uint32_t(run.globalAddress >> 32)});
      });
  if (error)
    return error;
  Error notStored = checkTileStore(*map, coordinates);
  answer.push_back(!notStored);
  consumeError(std::move(notStored));
  return answer;
}

/// The requests that are words alone, and how many.
struct Request {
  StringLiteral name;
  size_t words;
  Expected<Numbers> (*describe)(Words);
};
static constexpr Request requests[] = {
    {"matrix", 2, describeMatrix},
    {"operand", 4, describeOperand},
    {"addresses", 5, describeAddresses},
    {"unpack", 3, describeUnpacking},
    {"instruction", 6, describeInstruction},
    {"accumulator", 6, describeAccumulator},
    {"scales", 8, describeScales},
    {"copy", 3, describeCopy},
    {"access", 5, describeAccess},
    {"fragment", 4, describeFragment},
    {"scale-threads", 3, describeScaleThreads},
    {"move", 4, describeMove},
};

static Expected<Numbers> describe(Words words) {
  if (words[0] == "map")
    return describeMap();
  if (words[0] == "tile" && words.size() > 2)
    return describeTile(words);
  for (const Request &request : requests)
    if (request.name == words[0] && request.words == words.size())
      return request.describe(words);
  fail("there is no " + words[0] + " with as many arguments");
}

int main() {
  answerRequests([](Words words) {
    Expected<Numbers> answer = describe(words);
    if (answer) {
      writeAnswer<uint32_t>({0, uint32_t(4 * answer->size())});
      writeAnswer<uint32_t>(*answer);
      return;
    }
    std::string message = toString(answer.takeError());
    writeAnswer<uint32_t>({1, uint32_t(message.size())});
    writeAnswer<char>({message.data(), message.size()});
  });
  return 0;
}
