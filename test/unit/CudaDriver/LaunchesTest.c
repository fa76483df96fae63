//===- LaunchesTest.c - Launches and their failures -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"
#include <dlfcn.h>

void testLaunches(void) {
  Fixture fixture = setUp();
  Handle scale = getFunction(fixture, "scale");
  Address in = 0, out = 0;
  unsigned words[200], got[200], factor = 3;
  for (unsigned i = 0; i < 200; ++i)
    words[i] = i * i;
  EXPECT(Success, cuMemAlloc_v2(&in, sizeof(words)));
  EXPECT(Success, cuMemAlloc_v2(&out, sizeof(words)));
  EXPECT(Success, cuMemcpyHtoD_v2(in, words, sizeof(words)));
  void *arguments[] = {&out, &in, &factor};
  EXPECT(Success,
         cuLaunchKernel(scale, 4, 1, 1, 50, 1, 1, 0, NULL, arguments, NULL));
  EXPECT(Success, cuMemcpyDtoH_v2(got, out, sizeof(got)));
  static const unsigned table[] = {2, 3, 5, 7};
  for (unsigned i = 0; i < 200; ++i)
    if (!CHECK(got[i] == i * i * 3 + table[i % 4]))
      break;

  // As one buffer, in which parameters are aligned.
  struct {
    Address out, in;
    unsigned factor;
  } buffer = {out, in, 5};
  size_t size = 20;
  void *extra[] = {(void *)1, &buffer, (void *)2, &size, NULL};
  EXPECT(Success,
         cuLaunchKernel(scale, 4, 1, 1, 50, 1, 1, 0, NULL, NULL, extra));
  EXPECT(Success, cuMemcpyDtoH_v2(got, out, sizeof(got)));
  CHECK(got[9] == 81 * 5 + 3);
  size = 19;
  EXPECT(InvalidValue,
         cuLaunchKernel(scale, 4, 1, 1, 50, 1, 1, 0, NULL, NULL, extra));
  EXPECT(InvalidValue,
         cuLaunchKernel(scale, 4, 1, 1, 50, 1, 1, 0, NULL, arguments, extra));
  extra[0] = (void *)3;
  EXPECT(InvalidValue,
         cuLaunchKernel(scale, 4, 1, 1, 50, 1, 1, 0, NULL, NULL, extra));

  // Sizes that no chip takes, and arguments that there are none of.
  EXPECT(InvalidValue,
         cuLaunchKernel(scale, 0, 1, 1, 50, 1, 1, 0, NULL, arguments, NULL));
  EXPECT(InvalidValue,
         cuLaunchKernel(scale, 1, 65536, 1, 1, 1, 1, 0, NULL, arguments, NULL));
  EXPECT(InvalidValue, launch(scale, 1025, arguments));
  EXPECT(InvalidValue, launch(scale, 0, arguments));
  EXPECT(InvalidValue, launch(getFunction(fixture, "count"), 65, NULL));
  EXPECT(InvalidValue, launch(scale, 1, NULL));
  arguments[1] = NULL;
  EXPECT(InvalidValue, launch(scale, 1, arguments));
  arguments[1] = (void *)64;
  EXPECT(InvalidValue, launch(scale, 1, arguments));
  EXPECT(InvalidHandle, launch(NULL, 1, NULL));
  EXPECT(InvalidHandle, launch(fixture.context, 1, NULL));
  EXPECT(InvalidHandle, cuLaunchKernel(getFunction(fixture, "count"), 1, 1, 1,
                                       1, 1, 1, 0, (Handle)0x55, NULL, NULL));

  // Dynamic shared memory has to be allowed.
  Handle touch = getFunction(fixture, "touch");
  unsigned offset = 99999;
  void *touched[] = {&offset};
  EXPECT(InvalidValue,
         cuLaunchKernel(touch, 1, 1, 1, 1, 1, 1, 100000, NULL, touched, NULL));
  EXPECT(Success, cuFuncSetAttribute(touch, 8, 100000));
  EXPECT(Success,
         cuLaunchKernel(touch, 1, 1, 1, 1, 1, 1, 100000, NULL, touched, NULL));
  EXPECT(Success, cuCtxSynchronize());

  // 2 blocks of 1024 threads on each of 148 multiprocessors.
  Handle count = getFunction(fixture, "count");
  EXPECT(Success,
         cuLaunchCooperativeKernel(count, 148, 1, 1, 64, 1, 1, 0, NULL, NULL));
  EXPECT(CooperativeLaunchTooLarge,
         cuLaunchCooperativeKernel(count, 148 * 32 + 1, 1, 1, 64, 1, 1, 0, NULL,
                                   NULL));
  tearDown(fixture);
}

static const char clusters[] =
    ".version 8.0\n.target sm_90\n.address_size 64\n"
    ".visible .entry ranks(.param .u64 out) {\n"
    "  .reg .b32 %r<4>; .reg .b64 %d<4>;\n"
    "  ld.param.u64 %d1, [out]; mov.u32 %r1, %ctaid.x;\n"
    "  mov.u32 %r2, %cluster_ctarank; mul.wide.u32 %d2, %r1, 4;\n"
    "  add.u64 %d1, %d1, %d2; st.global.u32 [%d1], %r2;\n"
    "  ret;\n"
    "}\n"
    ".visible .entry pairs() .reqnctapercluster 2, 1, 1 { ret; }\n";

void testClusters(void) {
  Fixture fixture = setUp();
  Handle module = NULL, ranks = NULL, pairs = NULL;
  Address out = 0;
  unsigned got[16] = {0};
  int value = 0;
  EXPECT(Success, cuModuleLoadData(&module, clusters));
  EXPECT(Success, cuModuleGetFunction(&ranks, module, "ranks"));
  EXPECT(Success, cuModuleGetFunction(&pairs, module, "pairs"));
  EXPECT(Success, cuMemAlloc_v2(&out, sizeof(got)));
  void *arguments[] = {&out};
  Attribute attributes[2] = {{4, 0, {4, 1, 1}}, {6, 0, {1}}};
  Config config = {.gridX = 16,
                   .gridY = 1,
                   .gridZ = 1,
                   .blockX = 1,
                   .blockY = 1,
                   .blockZ = 1};
  config.attributes = attributes;
  config.count = 2;
  EXPECT(Success, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  EXPECT(Success, cuMemcpyDtoH_v2(got, out, sizeof(got)));
  for (unsigned i = 0; i < 16; ++i)
    CHECK(got[i] == i % 4);
  // 8 blocks on any chip, 16 if the function allows them.
  attributes[0].value[0] = 16;
  EXPECT(InvalidClusterSize, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  EXPECT(Success, cuFuncSetAttribute(ranks, 14, 1));
  EXPECT(Success, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  attributes[0].value[0] = 5;
  EXPECT(InvalidValue, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  attributes[0].value[0] = 0;
  EXPECT(InvalidValue, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  // Attributes that there are not.
  attributes[0].id = 18;
  EXPECT(InvalidValue, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  attributes[0].id = 13;
  EXPECT(NotSupported, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  config.attributes = NULL;
  EXPECT(InvalidValue, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  EXPECT(InvalidValue, cuLaunchKernelEx(NULL, ranks, arguments, NULL));
  config.count = 0;
  EXPECT(Success, cuLaunchKernelEx(&config, ranks, arguments, NULL));

  EXPECT(Success, cuFuncGetAttribute(&value, 11, pairs));
  CHECK(value == 2);
  EXPECT(NotPermitted, cuFuncSetAttribute(pairs, 11, 4));
  EXPECT(Success, cuLaunchKernel(pairs, 4, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL));
  EXPECT(InvalidValue,
         cuLaunchKernel(pairs, 3, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL));
  EXPECT(Success, cuFuncSetAttribute(ranks, 11, 2));
  EXPECT(Success, cuFuncSetAttribute(ranks, 12, 1));
  EXPECT(Success, cuFuncSetAttribute(ranks, 13, 1));
  EXPECT(Success, cuLaunchKernelEx(&config, ranks, arguments, NULL));
  EXPECT(Success, cuMemcpyDtoH_v2(got, out, sizeof(got)));
  CHECK(got[2] == 0 && got[3] == 1);
  tearDown(fixture);
}

/// The launch itself goes well, and every later call fails, until there is
/// another context.
static void testFailure(int expected, const char *name, Address where,
                        int isWhere) {
  Fixture fixture = setUp();
  Handle event = NULL;
  Address address = 0;
  int device = -1;
  EXPECT(Success, cuEventCreate(&event, 0));
  void *arguments[] = {&where};
  EXPECT(Success,
         launch(getFunction(fixture, name), 1, isWhere ? arguments : NULL));
  EXPECT(expected, cuCtxSynchronize());
  EXPECT(expected, cuMemAlloc_v2(&address, 4));
  EXPECT(expected, cuStreamSynchronize(NULL));
  EXPECT(expected, cuEventRecord(event, NULL));
  // These are not about what the context does.
  EXPECT(Success, cuDeviceGet(&device, 0));
  tearDown(fixture);
}

void testFailures(void) {
  testFailure(IllegalAddress, "store", 0, 1);
  testFailure(IllegalAddress, "store", 0x123400, 1);
  testFailure(LaunchFailed, "stop", 0, 0);
  Fixture fixture = setUp();
  Address address = 0;
  EXPECT(Success, cuMemAlloc_v2(&address, 8));
  ++address;
  void *arguments[] = {&address};
  EXPECT(Success, launch(getFunction(fixture, "store"), 1, arguments));
  EXPECT(MisalignedAddress, cuCtxSynchronize());
  tearDown(fixture);

  static const char asserts[] =
      ".version 8.0\n.target sm_80\n.address_size 64\n"
      ".extern .func __assertfail(.param .b64 m, .param .b64 f, .param .b32 l,"
      " .param .b64 n, .param .b64 s);\n"
      ".global .align 1 .b8 text[4] = {110, 111, 33, 0};\n"
      ".visible .entry k() {\n"
      "  .reg .b64 %d<2>; .reg .b32 %r<2>;\n"
      "  mov.u64 %d1, text; mov.u32 %r1, 12;\n"
      "  { .param .b64 m; .param .b64 f; .param .b32 l; .param .b64 n;\n"
      "    .param .b64 s;\n"
      "    st.param.b64 [m], %d1; st.param.b64 [f], %d1;\n"
      "    st.param.b32 [l], %r1; st.param.b64 [n], %d1;\n"
      "    st.param.b64 [s], 1;\n"
      "    call.uni __assertfail, (m, f, l, n, s); }\n"
      "  ret;\n}\n";
  Handle module = NULL, function = NULL;
  fixture = setUp();
  EXPECT(Success, cuModuleLoadData(&module, asserts));
  EXPECT(Success, cuModuleGetFunction(&function, module, "k"));
  EXPECT(Success, launch(function, 1, NULL));
  EXPECT(Assert, cuCtxSynchronize());
  tearDown(fixture);
}

/// What a kernel prints is on stdout once the launch is synchronized.
void testOutput(void) {
  static const char prints[] =
      ".version 8.0\n.target sm_80\n.address_size 64\n"
      ".extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);\n"
      // "it is %d\n"
      ".global .align 1 .b8 text[10] = {105, 116, 32, 105, 115, 32, 37, 100,"
      " 10, 0};\n"
      ".visible .entry k(.param .u32 number) {\n"
      "  .local .align 8 .b8 depot[8];\n"
      "  .reg .b64 %d<4>; .reg .b32 %r<3>;\n"
      "  mov.u64 %d1, depot; cvta.local.u64 %d2, %d1;\n"
      "  ld.param.u32 %r1, [number]; st.local.u32 [%d1], %r1;\n"
      "  mov.u64 %d3, text; cvta.global.u64 %d3, %d3;\n"
      "  { .param .b64 f; .param .b64 a; .param .b32 r;\n"
      "    st.param.b64 [f], %d3; st.param.b64 [a], %d2;\n"
      "    call.uni (r), vprintf, (f, a); ld.param.b32 %r2, [r]; }\n"
      "  ret;\n}\n";
  Fixture fixture = setUp();
  Handle module = NULL, function = NULL;
  int number = 1729;
  void *arguments[] = {&number};
  EXPECT(Success, cuModuleLoadData(&module, prints));
  EXPECT(Success, cuModuleGetFunction(&function, module, "k"));
  EXPECT(Success, launch(function, 1, arguments));
  EXPECT(Success, cuCtxSynchronize());
  tearDown(fixture);
}

//===----------------------------------------------------------------------===//
// Nothing but null pointers and zeros
//===----------------------------------------------------------------------===//

typedef int (*Anything)(size_t, size_t, size_t, size_t, size_t, size_t, size_t,
                        size_t, size_t, size_t, size_t, size_t);

void testNulls(void *library) {
  static const char *const symbols[] = {
#define FP4_ENTRY(NAME, SYMBOL, VERSION, STREAMS) #SYMBOL,
#define FP4_REFUSED(NAME, SYMBOL, VERSION, STREAMS, REASON) #SYMBOL,
#include "EntryPoints.def"
  };
  for (int hasContext = 0; hasContext < 2; ++hasContext)
    for (unsigned i = 0; i < sizeof(symbols) / sizeof(*symbols); ++i) {
      Handle context = NULL;
      if (hasContext)
        EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
      Anything entry;
      *(void **)&entry = dlsym(library, symbols[i]);
      if (CHECK(entry != NULL))
        entry(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      if (hasContext)
        cuCtxDestroy_v2(context);
      EXPECT(Success, cuCtxSetCurrent(NULL));
    }
}
