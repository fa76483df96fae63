//===- ModulesTest.c - Modules, libraries, fat binaries -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"
#include <stdlib.h>

static const char broken[] = ".version 8.0\n.target sm_80\n.address_size 64\n"
                             ".entry k() { frobnicate.b32 %r1; ret; }\n";
static const char ofOtherChip[] =
    ".version 9.0\n.target sm_120a\n.address_size 64\n"
    ".visible .entry k() { ret; }\n";

/// CUjit_option.
enum {
  JitWallTime = 2,
  JitInfoLog = 3,
  JitInfoLogSize = 4,
  JitErrorLog = 5,
  JitErrorLogSize = 6,
  JitOptimizationLevel = 7,
};

static void testOptions(void) {
  Handle module = NULL;
  char info[64] = "before", error[512] = "before";
  int options[] = {JitInfoLog,      JitInfoLogSize,       JitErrorLog,
                   JitErrorLogSize, JitOptimizationLevel, JitWallTime};
  void *values[] = {info,      (void *)sizeof(info),
                    error,     (void *)sizeof(error),
                    (void *)4, NULL};
  EXPECT(Success, cuModuleLoadDataEx(&module, kernels, 6, options, values));
  CHECK(info[0] == 0 && error[0] == 0);
  CHECK((uintptr_t)values[1] == 0 && (uintptr_t)values[3] == 0);
  float milliseconds = -1;
  memcpy(&milliseconds, &values[5], 4);
  CHECK(milliseconds >= 0);
  EXPECT(Success, cuModuleUnload(module));
  EXPECT(InvalidHandle, cuModuleUnload(module));

  values[1] = (void *)sizeof(info);
  values[3] = (void *)sizeof(error);
  EXPECT(InvalidPTX, cuModuleLoadDataEx(&module, broken, 4, options, values));
  CHECK(strstr(error, "frobnicate") != NULL);
  CHECK((uintptr_t)values[3] == strlen(error));
  // A log that is too short is cut.
  memset(error, 'x', sizeof(error));
  values[3] = (void *)8;
  EXPECT(InvalidPTX, cuModuleLoadDataEx(&module, broken, 4, options, values));
  CHECK(strlen(error) == 7 && error[8] == 'x' && (uintptr_t)values[3] == 7);

  options[0] = 99;
  EXPECT(InvalidValue,
         cuModuleLoadDataEx(&module, kernels, 4, options, values));
  EXPECT(InvalidValue, cuModuleLoadDataEx(&module, kernels, 1, NULL, NULL));
}

void testModules(void) {
  Fixture fixture = setUp();
  Handle function = NULL, module = NULL;
  Address address = 0;
  size_t size = 0;
  unsigned count = 0, value = 0;
  EXPECT(Success, cuModuleGetFunctionCount(&count, fixture.module));
  CHECK(count == 5);
  EXPECT(NotFound, cuModuleGetFunction(&function, fixture.module, "nothing"));
  EXPECT(InvalidValue, cuModuleGetFunction(&function, fixture.module, NULL));
  EXPECT(InvalidHandle, cuModuleGetFunction(&function, NULL, "scale"));
  EXPECT(Success,
         cuModuleGetGlobal_v2(&address, &size, fixture.module, "counter"));
  CHECK(size == 4);
  EXPECT(Success, cuMemcpyDtoH_v2(&value, address, 4));
  CHECK(value == 41);
  EXPECT(Success, launch(getFunction(fixture, "count"), 32, NULL));
  EXPECT(Success, cuMemcpyDtoH_v2(&value, address, 4));
  CHECK(value == 73);
  EXPECT(Success, cuModuleGetGlobal_v2(NULL, &size, fixture.module, "table"));
  CHECK(size == 16);
  EXPECT(InvalidValue,
         cuModuleGetGlobal_v2(NULL, NULL, fixture.module, "table"));
  EXPECT(NotFound,
         cuModuleGetGlobal_v2(&address, &size, fixture.module, "scale"));

  EXPECT(InvalidPTX, cuModuleLoadData(&module, broken));
  EXPECT(InvalidPTX, cuModuleLoadData(&module, "no PTX at all"));
  EXPECT(NoBinaryForGPU, cuModuleLoadData(&module, ofOtherChip));
  EXPECT(NoBinaryForGPU, cuModuleLoadData(&module, "\177ELF\2\1\1 machine"));
  EXPECT(InvalidImage, cuModuleLoadData(&module, ""));
  EXPECT(InvalidValue, cuModuleLoadData(&module, NULL));
  EXPECT(InvalidValue, cuModuleLoadData(NULL, kernels));
  EXPECT(FileNotFound, cuModuleLoad(&module, "nothing/there.ptx"));
  testOptions();

  // A module is of its context.
  Handle other = NULL;
  EXPECT(Success, cuCtxCreate_v2(&other, 0, 0));
  EXPECT(InvalidHandle,
         cuModuleGetFunction(&function, fixture.module, "scale"));
  EXPECT(Success, cuCtxDestroy_v2(other));
  EXPECT(Success, cuModuleUnload(fixture.module));
  EXPECT(InvalidValue, cuMemcpyDtoH_v2(&value, address, 4));
  tearDown(fixture);
}

void testLibraries(void) {
  Handle library = NULL, kernel = NULL, function = NULL, context = NULL;
  Address counter = 0;
  size_t size = 0;
  unsigned count = 0, value = 0;
  const char *name = NULL;
  // Without a context.
  EXPECT(Success,
         cuLibraryLoadData(&library, kernels, NULL, NULL, 0, NULL, NULL, 0));
  EXPECT(Success, cuLibraryGetKernelCount(&count, library));
  CHECK(count == 5);
  EXPECT(Success, cuLibraryGetKernel(&kernel, library, "count"));
  EXPECT(NotFound, cuLibraryGetKernel(&function, library, "nothing"));
  EXPECT(Success, cuKernelGetName(&name, kernel));
  CHECK(strcmp(name, "count") == 0);
  EXPECT(InvalidContext, cuKernelGetFunction(&function, kernel));
  EXPECT(InvalidPTX,
         cuLibraryLoadData(&function, broken, NULL, NULL, 0, NULL, NULL, 0));

  // Each context has variables of its own; kernels are launched as functions.
  for (int i = 0; i < 2; ++i) {
    EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
    EXPECT(Success, launch(kernel, 32, NULL));
    EXPECT(Success, cuKernelGetFunction(&function, kernel));
    EXPECT(Success, launch(function, 32, NULL));
    EXPECT(Success, cuLibraryGetGlobal(&counter, &size, library, "counter"));
    EXPECT(Success, cuMemcpyDtoH_v2(&value, counter, 4));
    CHECK(value == 41 + 64);
    EXPECT(Success, cuCtxDestroy_v2(context));
  }
  EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
  EXPECT(Success, cuKernelSetAttribute(8, 100000, kernel, 0));
  EXPECT(Success, cuKernelGetFunction(&function, kernel));
  int bytes = 0;
  EXPECT(Success, cuFuncGetAttribute(&bytes, 8, function));
  CHECK(bytes == 100000);
  EXPECT(Success, cuLibraryUnload(library));
  EXPECT(InvalidHandle, cuLibraryUnload(library));
  EXPECT(InvalidHandle, launch(function, 32, NULL));
  EXPECT(InvalidHandle, launch(kernel, 32, NULL));
  EXPECT(Success, cuCtxDestroy_v2(context));
}

//===----------------------------------------------------------------------===//
// Fat binaries
//===----------------------------------------------------------------------===//

typedef struct {
  uint32_t magic;
  uint16_t version, headerBytes;
  uint64_t bytes;
} FatHeader;

typedef struct {
  uint16_t kind, version;
  uint32_t headerBytes;
  uint64_t payloadBytes;
  uint32_t compressedBytes, options;
  uint16_t minor, major;
  uint32_t chip, nameOffset, nameBytes;
  uint64_t flags, zero, uncompressedBytes;
} FatEntry;

/// Appends an entry, whose payload is padded to a multiple of 8.
static void append(char *fat, uint16_t kind, uint32_t chip, uint64_t flags,
                   const char *payload) {
  FatHeader *header = (FatHeader *)fat;
  if (!header->magic) {
    FatHeader empty = {0xBA55ED50, 1, sizeof(FatHeader), 0};
    *header = empty;
  }
  FatEntry entry = {0};
  entry.kind = kind;
  entry.version = 0x101;
  entry.headerBytes = sizeof(entry);
  entry.payloadBytes = (strlen(payload) + 8) / 8 * 8;
  entry.major = 8;
  entry.chip = chip;
  entry.flags = 0x11 | flags;
  char *next = fat + sizeof(FatHeader) + header->bytes;
  memcpy(next, &entry, sizeof(entry));
  memset(next + sizeof(entry), 0, entry.payloadBytes);
  strcpy(next + sizeof(entry), payload);
  header->bytes += sizeof(entry) + entry.payloadBytes;
}

static int loadFat(const char *fat, unsigned *numFunctions) {
  Handle module = NULL;
  int result = cuModuleLoadData(&module, fat);
  if (result != Success)
    return result;
  EXPECT(Success, cuModuleGetFunctionCount(numFunctions, module));
  return cuModuleUnload(module);
}

void testFatBinaries(void) {
  static const char older[] = ".version 7.0\n.target sm_75\n.address_size 64\n"
                              ".visible .entry only() { ret; }\n";
  Handle context = NULL;
  unsigned count = 0;
  EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
  char *fat = calloc(1, 1 << 16);

  // Machine code alone, and what it is for is said.
  append(fat, 2, 100, 0, "\177ELF");
  EXPECT(NoBinaryForGPU, loadFat(fat, &count));
  // PTX beside it, the newest that the chip loads.
  append(fat, 1, 75, 0, older);
  EXPECT(Success, loadFat(fat, &count));
  CHECK(count == 1);
  append(fat, 1, 80, 0, kernels);
  append(fat, 1, 120, 0, ofOtherChip);
  EXPECT(Success, loadFat(fat, &count));
  CHECK(count == 5);
  // By the wrapper that objects have.
  struct {
    uint32_t magic, version;
    const void *data, *files;
  } wrapper = {0x466243B1, 1, fat, NULL};
  EXPECT(Success, loadFat((const char *)&wrapper, &count));
  CHECK(count == 5);
  wrapper.data = NULL;
  EXPECT(InvalidImage, loadFat((const char *)&wrapper, &count));

  // Compressed by LZ4, as older versions of nvcc do; and damaged Zstandard.
  memset(fat, 0, 1 << 16);
  append(fat, 1, 80, 0x2000, "compressed");
  EXPECT(NoBinaryForGPU, loadFat(fat, &count));
  memset(fat, 0, 1 << 16);
  append(fat, 1, 80, 0x8000, "compressed");
  ((FatEntry *)(fat + sizeof(FatHeader)))->compressedBytes = 10;
  EXPECT(NoBinaryForGPU, loadFat(fat, &count));
  ((FatEntry *)(fat + sizeof(FatHeader)))->compressedBytes = 1 << 20;
  EXPECT(NoBinaryForGPU, loadFat(fat, &count));
  // Sizes that lead beyond the end.
  memset(fat, 0, 1 << 16);
  append(fat, 1, 80, 0, kernels);
  ((FatEntry *)(fat + sizeof(FatHeader)))->payloadBytes = (uint64_t)-64;
  EXPECT(InvalidImage, loadFat(fat, &count));
  ((FatHeader *)fat)->bytes = 10;
  EXPECT(InvalidImage, loadFat(fat, &count));
  ((FatHeader *)fat)->headerBytes = 0;
  EXPECT(InvalidImage, loadFat(fat, &count));
  free(fat);
  EXPECT(Success, cuCtxDestroy_v2(context));
}
