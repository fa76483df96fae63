//===- Elements.cpp - Elements of tensors, for people ---------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/Elements.h"
#include "fp4/Support/Codecs.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::fp4;

bool fp4::isFloat(DType dtype) {
  return dtype == DType::F64 || dtype == DType::F32 || dtype == DType::F16 ||
         dtype == DType::BF16;
}

size_t fp4::getNumElements(const TensorView &tensor) {
  return tensor.data.size() / (bitWidth(tensor.dtype) / 8);
}

uint64_t fp4::getBits(const TensorView &tensor, size_t index) {
  size_t bytes = bitWidth(tensor.dtype) / 8;
  uint64_t bits = 0; // files and hosts are little-endian
  std::memcpy(&bits, tensor.data.data() + index * bytes, bytes);
  return bits;
}

double fp4::getValue(const TensorView &tensor, size_t index) {
  uint64_t bits = getBits(tensor, index);
  switch (tensor.dtype) {
  case DType::F64:
    return llvm::bit_cast<double>(bits);
  case DType::F32:
    return llvm::bit_cast<float>(uint32_t(bits));
  case DType::F16:
    return decodeF16(bits);
  case DType::BF16:
    return decodeBF16(bits);
  case DType::F8_E4M3:
    return decodeE4M3(bits);
  case DType::F8_E8M0:
    return decodeE8M0(bits);
  case DType::I8:
    return int8_t(bits);
  case DType::I16:
    return int16_t(bits);
  case DType::I32:
    return int32_t(bits);
  case DType::I64:
    return int64_t(bits);
  default:
    return bits;
  }
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static void printElement(llvm::raw_ostream &os, const TensorView &tensor,
                         size_t index) {
  switch (tensor.dtype) {
  case DType::F64:
    os << llvm::format("%.17g", getValue(tensor, index));
    return;
  case DType::I64:
    os << int64_t(getBits(tensor, index));
    return;
  case DType::U64:
    os << getBits(tensor, index);
    return;
  default:
    os << llvm::format("%.9g", getValue(tensor, index));
  }
}

/// Prints dimension `dim` on, from element `index` on; returns the next
/// element.
static size_t printNested(llvm::raw_ostream &os, const TensorView &tensor,
                          size_t dim, size_t index) {
  if (dim == tensor.shape.size()) {
    printElement(os, tensor, index);
    return index + 1;
  }
  os << "[";
  for (int64_t i = 0; i < tensor.shape[dim]; ++i) {
    if (i != 0)
      os << ", ";
    index = printNested(os, tensor, dim + 1, index);
  }
  os << "]";
  return index;
}

void fp4::print(llvm::raw_ostream &os, const TensorView &tensor) {
  constexpr size_t kMaxPrinted = 1024;
  os << tensor.name << " : " << describe(tensor.dtype, tensor.shape);
  size_t count = getNumElements(tensor);
  if (count == 0 || count > kMaxPrinted) {
    os << "\n";
    return;
  }
  os << " = ";
  printNested(os, tensor, 0, 0);
  os << "\n";
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

/// The distance from |value|, finite, to the next larger value of the dtype.
static double getUlp(DType dtype, double value) {
  int mantissaBits = dtype == DType::F16 ? 10 : 7;
  int minExponent = dtype == DType::F16 ? -14 : -126;
  int exponent = value == 0 ? minExponent : std::ilogb(value);
  return std::ldexp(1.0, std::max(exponent, minExponent) - mantissaBits);
}

static std::string describeElement(const TensorView &tensor, size_t index) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printElement(os, tensor, index);
  os << " (0x"
     << llvm::format_hex_no_prefix(getBits(tensor, index),
                                   bitWidth(tensor.dtype) / 4)
     << ")";
  return text;
}

static std::string describePlace(const TensorView &tensor, size_t index) {
  std::vector<std::string> place(tensor.shape.size());
  for (size_t dim = tensor.shape.size(); dim-- > 0;) {
    place[dim] = std::to_string(index % tensor.shape[dim]);
    index /= tensor.shape[dim];
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "[";
  llvm::interleaveComma(place, os);
  os << "]";
  return text;
}

namespace {
/// Goes over the elements and keeps what the report needs.
class Comparer {
public:
  Comparer(const TensorView &actual, const TensorView &expected,
           const TensorView *magnitudes)
      : actual(actual), expected(expected), magnitudes(magnitudes),
        exact(!isFloat(actual.dtype) || !isFloat(expected.dtype)),
        byElement(actual.dtype == DType::F16 || actual.dtype == DType::BF16) {}

  Comparison run() {
    if (actual.shape != expected.shape ||
        (exact && actual.dtype != expected.dtype)) {
      return {false, actual.name + ": is " +
                         describe(actual.dtype, actual.shape) +
                         ", but expected is " +
                         describe(expected.dtype, expected.shape) + "\n"};
    }
    size_t count = getNumElements(actual);
    for (size_t i = 0; i < count; ++i)
      visit(i);
    return summarize(count);
  }

private:
  void visit(size_t i) {
    bool sameBits = actual.dtype == expected.dtype &&
                    getBits(actual, i) == getBits(expected, i);
    if (exact) {
      if (!sameBits)
        addDifference(i, /*excess=*/1, /*outside=*/true);
      return;
    }
    double a = getValue(actual, i), e = getValue(expected, i);
    if (std::isnan(a) && std::isnan(e))
      return;
    if (!std::isfinite(a) || !std::isfinite(e)) {
      if (a != e && !roundsToInfinity(a, e))
        addDifference(i, std::numeric_limits<double>::infinity(),
                      !isNextToInfinity(a, e) && !isNextToInfinity(e, a));
      return;
    }
    double error = std::fabs(a - e);
    squaredError += static_cast<long double>(error) * error;
    squaredNorm += static_cast<long double>(e) * e;
    if (byElement) {
      double bound = getUlp(actual.dtype, e) + getAllowance(i);
      if (error != 0)
        addDifference(i, error / bound, error > bound);
    } else if (error != 0) {
      addDifference(i, error, false);
    }
  }

  /// The largest finite value of the actual dtype.
  double getLargest() const {
    switch (actual.dtype) {
    case DType::F16:
      return 65504.0;
    case DType::BF16:
      return 0x1.fep127;
    case DType::F32:
      return 0x1.fffffep127;
    default:
      return std::numeric_limits<double>::max();
    }
  }

  /// Whether `a` is the infinity that a finite `e` rounds to in the actual
  /// dtype: from half a unit beyond the largest value on.
  bool roundsToInfinity(double a, double e) const {
    if (actual.dtype == DType::F64) // as wide as anything it is compared with
      return false;
    double next = std::ldexp(1.0, std::ilogb(getLargest()) + 1);
    return std::isinf(a) && std::isfinite(e) &&
           std::signbit(a) == std::signbit(e) &&
           std::fabs(e) >= (getLargest() + next) / 2;
  }

  /// Whether `a` is infinite and `b` one unit below it, which a bound of one
  /// unit in the last place allows.
  bool isNextToInfinity(double a, double b) const {
    return byElement && std::isinf(a) && std::isfinite(b) &&
           std::signbit(a) == std::signbit(b) && std::fabs(b) >= getLargest();
  }

  /// What cancellation may add. A sum that overflowed its dtype allows nothing.
  double getAllowance(size_t i) const {
    double magnitude = magnitudes ? getValue(*magnitudes, i) : 0;
    return std::isfinite(magnitude) ? std::ldexp(magnitude, -22) : 0;
  }

  void addDifference(size_t i, double excess, bool outside) {
    if (numDifferent++ == 0)
      first = i;
    numOutside += outside;
    if (numDifferent == 1 || excess > worstExcess) {
      worst = i;
      worstExcess = excess;
    }
  }

  Comparison summarize(size_t count) const {
    Comparison result;
    llvm::raw_string_ostream os(result.report);
    os << actual.name << ": " << numDifferent << " of " << count
       << " elements differ";
    result.isInside = numOutside == 0;
    if (!exact && !byElement) {
      double relative =
          squaredError == 0 ? 0 : std::sqrt(squaredError / squaredNorm);
      // Not <=: a norm of zero under an error is not inside.
      result.isInside &= relative <= 1e-6;
      os << llvm::format("; rel_l2 %.3g, bound 1e-06", relative);
    } else if (!exact) {
      os << "; " << numOutside << " by more than "
         << (magnitudes ? "1 ulp + 2^-22 sum |terms|" : "1 ulp");
    }
    os << (result.isInside ? "\n" : ": OUTSIDE\n");
    if (numDifferent == 0)
      return result;
    describeDifference(os, "first", first);
    describeDifference(os, "worst", worst);
    return result;
  }

  void describeDifference(llvm::raw_ostream &os, const char *which,
                          size_t i) const {
    os << "  " << which << " at " << describePlace(actual, i) << ": "
       << describeElement(actual, i) << ", expected "
       << describeElement(expected, i) << "\n";
  }

  const TensorView &actual, &expected;
  const TensorView *magnitudes;
  const bool exact, byElement;
  size_t numDifferent = 0, numOutside = 0, first = 0, worst = 0;
  double worstExcess = 0;
  // Wide enough for the squares of any f64.
  long double squaredError = 0, squaredNorm = 0;
};
} // namespace

Comparison fp4::compare(const TensorView &actual, const TensorView &expected,
                        const TensorView *magnitudes) {
  return Comparer(actual, expected, magnitudes).run();
}
