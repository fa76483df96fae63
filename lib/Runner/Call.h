//===- Call.h - Calls of compiled entries -----------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNNER_CALL_H
#define FP4_LIB_RUNNER_CALL_H

#include "CheckedCall.h"
#include "Engine.h"
#include "fp4/Runner/Signature.h"

namespace mlir::fp4 {

/// The C wrapper of a function of the module.
inline std::string getWrapperName(StringRef function) {
  return ("_mlir_ciface_" + function).str();
}

/// The arguments of a call of a C wrapper: scalars by value, tensors by a
/// pointer to a memref descriptor.
class Call {
public:
  void addScalar(const char *data) {
    arguments.push_back({const_cast<char *>(data), 0});
  }

  void addMemRef(const char *data, ArrayRef<int64_t> shape) {
    // { allocated, aligned, offset, sizes[rank], strides[rank] }
    size_t place = words.size();
    arguments.push_back({nullptr, place});
    words.resize(place + 3 + 2 * shape.size());
    int64_t *sizes = &words[place + 3];
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      sizes[i] = shape[i];
      sizes[shape.size() + i] = stride;
      stride *= shape[i];
    }
    setData(place, data);
  }

  void add(const EntryValue &value, const TensorView &tensor) {
    if (isa<RankedTensorType>(value.type))
      // A tensor of rank 0 may be stored with shape (1).
      addMemRef(tensor.data.data(), value.shape().empty()
                                        ? ArrayRef<int64_t>()
                                        : ArrayRef<int64_t>(tensor.shape));
    else
      addScalar(tensor.data.data());
  }

  /// Gives an argument that is a tensor another place and number of rows.
  void setRows(size_t argument, const char *data, int64_t rows) {
    size_t place = arguments[argument].place;
    setData(place, data);
    words[place + 3] = rows;
  }

  llvm::Error invoke(Engine::PackedFunction function) {
    SmallVector<void *, 16> descriptors, pointers;
    descriptors.reserve(arguments.size());
    for (auto [scalar, place] : arguments) {
      descriptors.push_back(words.data() + place);
      pointers.push_back(scalar ? scalar : &descriptors.back());
    }
    return callChecked(function, pointers.data());
  }

  llvm::Error invoke(Engine &engine, StringRef function) {
    auto packed = engine.lookupPacked(getWrapperName(function));
    if (!packed)
      return packed.takeError();
    return invoke(*packed);
  }

private:
  void setData(size_t place, const char *data) {
    words[place] = words[place + 1] = reinterpret_cast<intptr_t>(data);
  }

  struct Argument {
    void *scalar; ///< Null if it is a tensor.
    size_t place; ///< Of its descriptor, in `words`.
  };
  SmallVector<Argument, 16> arguments;
  SmallVector<int64_t, 64> words;
};

} // namespace mlir::fp4

#endif // FP4_LIB_RUNNER_CALL_H
