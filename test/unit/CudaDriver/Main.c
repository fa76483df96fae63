//===- Main.c - Runs the tests of the simulated driver --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"
#include <dlfcn.h>
#include <stdlib.h>

#define DEFINE(NAME, PARAMETERS) int(*NAME) PARAMETERS;
API(DEFINE)
#undef DEFINE

int numFailures;

void expectResult(int expected, int got, const char *call, const char *file,
                  int line) {
  if (expected == got)
    return;
  printf("%s:%d: %s is %d, expected %d\n", file, line, call, got, expected);
  ++numFailures;
}

int check(int condition, const char *text, const char *file, int line) {
  if (!condition) {
    printf("%s:%d: not so: %s\n", file, line, text);
    ++numFailures;
  }
  return condition;
}

const char kernels[] =
    ".version 8.0\n"
    ".target sm_80\n"
    ".address_size 64\n"
    ".global .align 4 .u32 counter = 41;\n"
    ".const .align 4 .u32 table[4] = {2, 3, 5, 7};\n"
    ".extern .shared .align 16 .b8 dynamic[];\n"
    // out[i] = a[i] * factor + table[i % 4]
    ".visible .entry scale(.param .u64 out, .param .u64 in,\n"
    "                      .param .u32 factor) {\n"
    "  .reg .b32 %r<8>; .reg .b64 %d<8>;\n"
    "  ld.param.u64 %d1, [out]; ld.param.u64 %d2, [in];\n"
    "  ld.param.u32 %r1, [factor];\n"
    "  mov.u32 %r2, %tid.x; mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x;\n"
    "  mad.lo.u32 %r2, %r3, %r4, %r2;\n"
    "  mul.wide.u32 %d3, %r2, 4;\n"
    "  add.u64 %d2, %d2, %d3; add.u64 %d1, %d1, %d3;\n"
    "  ld.global.u32 %r5, [%d2];\n"
    "  and.b32 %r6, %r2, 3; mul.wide.u32 %d4, %r6, 4;\n"
    "  mov.u64 %d5, table; add.u64 %d5, %d5, %d4; ld.const.u32 %r6, [%d5];\n"
    "  mad.lo.u32 %r5, %r5, %r1, %r6;\n"
    "  st.global.u32 [%d1], %r5;\n"
    "  ret;\n"
    "}\n"
    ".visible .entry count() .maxntid 64, 1, 1 {\n"
    "  .reg .b32 %r<2>;\n"
    "  .shared .align 4 .b8 fixed[256];\n"
    "  atom.global.add.u32 %r1, [counter], 1; mov.u32 %r1, fixed;\n"
    "  ret;\n"
    "}\n"
    // The byte at `offset` in dynamic shared memory.
    ".visible .entry touch(.param .u32 offset) {\n"
    "  .reg .b32 %r<4>;\n"
    "  ld.param.u32 %r1, [offset]; mov.u32 %r2, dynamic;\n"
    "  add.u32 %r2, %r2, %r1; st.shared.u8 [%r2], %r1;\n"
    "  ret;\n"
    "}\n"
    // A word at an address of no memory, or of no word.
    ".visible .entry store(.param .u64 where) {\n"
    "  .reg .b64 %d<2>; .reg .b32 %r<2>;\n"
    "  ld.param.u64 %d1, [where]; mov.u32 %r1, 1;\n"
    "  st.global.u32 [%d1], %r1;\n"
    "  ret;\n"
    "}\n"
    ".visible .entry stop() { trap; }\n";

Fixture setUp(void) {
  Fixture fixture = {0};
  EXPECT(Success, cuCtxCreate_v2(&fixture.context, 0, 0));
  EXPECT(Success, cuModuleLoadData(&fixture.module, kernels));
  return fixture;
}

void tearDown(Fixture fixture) {
  EXPECT(Success, cuCtxDestroy_v2(fixture.context));
}

Handle getFunction(Fixture fixture, const char *name) {
  Handle function = NULL;
  EXPECT(Success, cuModuleGetFunction(&function, fixture.module, name));
  return function;
}

int launch(Handle function, unsigned threads, void **arguments) {
  return cuLaunchKernel(function, 1, 1, 1, threads, 1, 1, 0, NULL, arguments,
                        NULL);
}

void testBeforeInit(void);
void testDevices(void);
void testEntryPoints(void *library);
void testContexts(void);
void testModules(void);
void testLibraries(void);
void testFatBinaries(void);
void testFunctions(void);
void testOccupancy(void);
void testAllocations(void);
void testHostMemory(void);
void testCopies(void);
void testFills(void);
void testPointers(void);
void testPools(void);
void testStreams(void);
void testEvents(void);
void testLaunches(void);
void testClusters(void);
void testFailures(void);
void testTensorMaps(void);
void testOutput(void);
void testThreads(void);
void testNulls(void *library);

int main(int argc, char **argv) {
  void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (!library) {
    printf("usage: %s libcuda.so.1\n%s\n", argv[0], argc == 2 ? dlerror() : "");
    return 2;
  }
#define RESOLVE(NAME, PARAMETERS)                                              \
  if (!(*(void **)&NAME = dlsym(library, #NAME))) {                            \
    printf("there is no " #NAME "\n");                                         \
    return 2;                                                                  \
  }
  API(RESOLVE)
#undef RESOLVE
  testBeforeInit();
  testDevices();
  testEntryPoints(library);
  testContexts();
  testModules();
  testLibraries();
  testFatBinaries();
  testFunctions();
  testOccupancy();
  testAllocations();
  testHostMemory();
  testCopies();
  testFills();
  testPointers();
  testPools();
  testStreams();
  testEvents();
  testLaunches();
  testClusters();
  testFailures();
  testTensorMaps();
  testOutput();
  testThreads();
  testNulls(library);
  printf("%d failures\n", numFailures);
  return numFailures != 0;
}
