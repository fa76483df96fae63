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
    pointers.push_back(const_cast<char *>(data));
  }

  void addMemRef(const char *data, ArrayRef<int64_t> shape) {
    // { allocated, aligned, offset, sizes[rank], strides[rank] }
    auto words = std::make_unique<int64_t[]>(3 + 2 * shape.size());
    words[0] = words[1] = reinterpret_cast<intptr_t>(data);
    words[2] = 0;
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      words[3 + i] = shape[i];
      words[3 + shape.size() + i] = stride;
      stride *= shape[i];
    }
    descriptors.push_back(std::move(words));
    auto pointer = std::make_unique<void *>(descriptors.back().get());
    pointers.push_back(pointer.get());
    descriptorPointers.push_back(std::move(pointer));
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

  llvm::Error invoke(Engine &engine, StringRef function) {
    auto packed = engine.lookupPacked(getWrapperName(function));
    if (!packed)
      return packed.takeError();
    return callChecked(*packed, pointers.data());
  }

private:
  SmallVector<void *> pointers;
  std::vector<std::unique_ptr<int64_t[]>> descriptors;
  std::vector<std::unique_ptr<void *>> descriptorPointers;
};

} // namespace mlir::fp4

#endif // FP4_LIB_RUNNER_CALL_H
