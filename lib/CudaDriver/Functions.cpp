//===- Functions.cpp - cuFunc ---------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Functions.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

uint32_t cuda::getStaticShared(const Function &function, const Chip &chip) {
  uint32_t all = function.kernel->staticShared;
  return all - std::min(all, chip.reservedShared);
}

uint32_t cuda::getMaxThreads(const Function &function, const Chip &chip) {
  const ptx::Limits &limits = function.kernel->limits;
  uint64_t threads = chip.maxThreadsPerCTA;
  for (const uint32_t *stated :
       {&limits.maxThreads[0], &limits.requiredThreads[0]})
    if (stated[0])
      threads = std::min<uint64_t>(threads,
                                   uint64_t(stated[0]) * stated[1] * stated[2]);
  return uint32_t(threads);
}

/// PTX has as many registers as it likes, and nobody allocates them here: this
/// is what the PTX bounds them to, or as many as leave a multiprocessor full of
/// threads.
static int getRegisters(const Function &function, const Chip &chip) {
  if (uint32_t stated = function.kernel->limits.maxRegisters)
    return int(stated);
  return int(chip.registersPerSM / chip.maxThreadsPerSM);
}

/// 80 of `.target sm_80`.
static int getTarget(const Function &function) {
  int number = 0;
  for (StringRef target : function.program->module().targets)
    if (target.consume_front("sm_"))
      target.take_while(isDigit).getAsInteger(10, number);
  return number;
}

static int getConstantBytes(const Function &function) {
  uint64_t bytes = 0;
  for (const ptx::Variable &variable : function.program->module().variables)
    if (const Allocation *global =
            variable.space == StateSpace::Const
                ? function.program->findGlobal(variable.name)
                : nullptr)
      bytes += global->size;
  return int(bytes);
}

static CUresult refuseAttribute(const char *name, int attribute) {
  return fail(name, CUDA_ERROR_INVALID_VALUE,
              "there is no function attribute " + Twine(attribute));
}

CUresult cuda::getAttribute(const char *name, const Chip &chip,
                            const Function &function, int attribute,
                            int *value) {
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  const FunctionSettings &settings = function.settings;
  const ptx::Limits &limits = function.kernel->limits;
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = int(getMaxThreads(function, chip));
    break;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    *value = int(getStaticShared(function, chip));
    break;
  case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
    *value = getConstantBytes(function);
    break;
  case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
    *value = int(function.kernel->localBytes);
    break;
  case CU_FUNC_ATTRIBUTE_NUM_REGS:
    *value = getRegisters(function, chip);
    break;
  case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    *value = getTarget(function);
    break;
  case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
    *value = int(chip.number);
    break;
  case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
    *value = 0;
    break;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    *value = settings.maxDynamicShared;
    break;
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    *value = settings.carveout;
    break;
  case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
    *value = limits.explicitCluster && !limits.clusterSize[0];
    break;
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    *value =
        settings.cluster[attribute - CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH];
    break;
  case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    *value = settings.allowsNonPortableCluster;
    break;
  case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    *value = settings.clusterPolicy;
    break;
  default:
    return refuseAttribute(name, attribute);
  }
  return CUDA_SUCCESS;
}

/// Sets a number that has to be in a range.
static CUresult set(const char *name, int attribute, int &setting, int value,
                    int least, int most) {
  if (value < least || value > most)
    return fail(name, CUDA_ERROR_INVALID_VALUE,
                "function attribute " + Twine(attribute) +
                    " expects a value from " + Twine(least) + " to " +
                    Twine(most) + ", but got " + Twine(value));
  setting = value;
  return CUDA_SUCCESS;
}

CUresult cuda::setAttribute(const char *name, const Chip &chip,
                            Function &function, int attribute, int value) {
  FunctionSettings &settings = function.settings;
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    return set(name, attribute, settings.maxDynamicShared, value, 0,
               int(chip.maxSharedPerCTA) -
                   int(getStaticShared(function, chip)));
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    return set(name, attribute, settings.carveout, value, -1, 100);
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    // What was compiled in stays.
    if (function.kernel->limits.clusterSize[0])
      return CUDA_ERROR_NOT_PERMITTED;
    return set(
        name, attribute,
        settings.cluster[attribute - CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH],
        value, 0, int(chip.maxCluster));
  case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    return set(name, attribute, settings.allowsNonPortableCluster, value, 0, 1);
  case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    return set(name, attribute, settings.clusterPolicy, value, 0, 2);
  default:
    return attribute >= 0 &&
                   attribute <=
                       CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE
               ? fail(name, CUDA_ERROR_INVALID_VALUE,
                      "function attribute " + Twine(attribute) +
                          " is only read")
               : refuseAttribute(name, attribute);
  }
}

CUresult cuda::getParameter(const Function &function, size_t index,
                            size_t *offset, size_t *size) {
  const std::vector<Parameter> &parameters = function.kernel->parameters;
  if (!offset || index >= parameters.size())
    return CUDA_ERROR_INVALID_VALUE;
  *offset = parameters[index].offset;
  if (size)
    *size = parameters[index].size;
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// The calls
//===----------------------------------------------------------------------===//

/// Runs a call about a function of the current context.
static CUresult
callWithFunction(CUfunction handle,
                 function_ref<CUresult(Driver &, Function &)> body) {
  return callInContext([&](Driver &driver, Context &context) {
    Function *function = driver.findFunction(context, handle);
    return function ? body(driver, *function) : CUDA_ERROR_INVALID_HANDLE;
  });
}

FP4_CUDA(cuFuncGetAttribute, (int *value, int attribute, CUfunction function)) {
  return callWithFunction(function, [&](Driver &driver, Function &found) {
    return getAttribute("cuFuncGetAttribute", driver.chip(), found, attribute,
                        value);
  });
}

FP4_CUDA(cuFuncSetAttribute, (CUfunction function, int attribute, int value)) {
  return callWithFunction(function, [&](Driver &driver, Function &found) {
    return setAttribute("cuFuncSetAttribute", driver.chip(), found, attribute,
                        value);
  });
}

FP4_CUDA(cuFuncGetParamInfo,
         (CUfunction function, size_t index, size_t *offset, size_t *size)) {
  return callWithFunction(function, [&](Driver &, Function &found) {
    return getParameter(found, index, offset, size);
  });
}

FP4_CUDA(cuFuncGetName, (const char **name, CUfunction function)) {
  return callWithFunction(function, [&](Driver &, Function &found) {
    if (!name)
      return CUDA_ERROR_INVALID_VALUE;
    *name = found.name.c_str();
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuFuncGetModule, (CUmodule * module, CUfunction function)) {
  return callWithFunction(function, [&](Driver &, Function &found) {
    if (!module)
      return CUDA_ERROR_INVALID_VALUE;
    *module = reinterpret_cast<CUmodule>(found.module);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuFuncLoad, (CUfunction function)) {
  return callWithFunction(function,
                          [](Driver &, Function &) { return CUDA_SUCCESS; });
}

FP4_CUDA(cuFuncIsLoaded, (int *state, CUfunction function)) {
  return callWithFunction(function, [&](Driver &, Function &) {
    if (!state)
      return CUDA_ERROR_INVALID_VALUE;
    *state = 1; // CU_FUNCTION_LOADING_STATE_LOADED
    return CUDA_SUCCESS;
  });
}

// Caches are not simulated, and banks are of four bytes.
FP4_CUDA(cuFuncSetCacheConfig, (CUfunction function, int config)) {
  return callWithFunction(function, [&](Driver &, Function &) {
    return config < 0 || config > 3 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
  });
}

FP4_CUDA(cuFuncSetSharedMemConfig, (CUfunction function, int config)) {
  return callWithFunction(function, [&](Driver &, Function &) {
    return config < 0 || config > 2 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
  });
}
