//===- DevicesTest.c - Devices, versions, entry points --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"
#include <dlfcn.h>

void testBeforeInit(void) {
  int count = 0, version = 0;
  Handle context = NULL;
  EXPECT(NotInitialized, cuDeviceGetCount(&count));
  EXPECT(NotInitialized, cuCtxGetCurrent(&context));
  EXPECT(InvalidValue, cuInit(1));
  // These need no device.
  EXPECT(Success, cuDriverGetVersion(&version));
  CHECK(version == 13000);
  const char *text = NULL;
  EXPECT(Success, cuGetErrorName(700, &text));
  CHECK(strcmp(text, "CUDA_ERROR_ILLEGAL_ADDRESS") == 0);
  EXPECT(Success, cuGetErrorString(700, &text));
  CHECK(strcmp(text, "an illegal memory access was encountered") == 0);
  EXPECT(InvalidValue, cuGetErrorName(12345, &text));
  CHECK(text == NULL);
  EXPECT(InvalidValue, cuGetErrorName(0, NULL));
  EXPECT(Success, cuInit(0));
  EXPECT(Success, cuInit(0));
}

static int getAttribute(int attribute) {
  int value = -77;
  EXPECT(Success, cuDeviceGetAttribute(&value, attribute, 0));
  return value;
}

void testDevices(void) {
  int count = 0, device = -1, value = 0, minor = 0;
  EXPECT(Success, cuDeviceGetCount(&count));
  CHECK(count == 1);
  EXPECT(Success, cuDeviceGet(&device, 0));
  CHECK(device == 0);
  EXPECT(InvalidDevice, cuDeviceGet(&device, 1));
  EXPECT(InvalidDevice, cuDeviceGet(&device, -1));

  char name[64] = "", few[4] = "xyz", bus[16] = "";
  EXPECT(Success, cuDeviceGetName(name, sizeof(name), 0));
  CHECK(strstr(name, "sm_100a") != NULL);
  EXPECT(Success, cuDeviceGetName(few, sizeof(few), 0));
  CHECK(strlen(few) == 3);
  EXPECT(InvalidValue, cuDeviceGetName(name, 0, 0));
  EXPECT(InvalidDevice, cuDeviceGetName(name, sizeof(name), 1));
  char uuid[16] = {0}, again[16] = {1};
  EXPECT(Success, cuDeviceGetUuid(uuid, 0));
  EXPECT(Success, cuDeviceGetUuid(again, 0));
  CHECK(memcmp(uuid, again, 16) == 0);
  size_t bytes = 0;
  EXPECT(Success, cuDeviceTotalMem_v2(&bytes, 0));
  CHECK(bytes > 1 << 20);

  // What the CUDA C++ Programming Guide has of compute capability 10.0.
  CHECK(getAttribute(75) == 10 && getAttribute(76) == 0);
  EXPECT(Success, cuDeviceComputeCapability(&value, &minor, 0));
  CHECK(value == 10 && minor == 0);
  CHECK(getAttribute(1) == 1024);       // threads of a block
  CHECK(getAttribute(4) == 64);         // z of a block
  CHECK(getAttribute(5) == 2147483647); // x of a grid
  CHECK(getAttribute(6) == 65535);      // y of a grid
  CHECK(getAttribute(8) == 49152);      // shared memory of a block
  CHECK(getAttribute(97) == 232448);    // with opting in
  CHECK(getAttribute(81) == 233472);    // of a multiprocessor
  CHECK(getAttribute(111) == 1024);     // reserved
  CHECK(getAttribute(10) == 32);        // warp
  CHECK(getAttribute(12) == 65536);     // registers of a block
  CHECK(getAttribute(39) == 2048);      // threads of a multiprocessor
  CHECK(getAttribute(106) == 32);       // blocks of a multiprocessor
  CHECK(getAttribute(41) == 1);         // unified addresses
  CHECK(getAttribute(120) == 1);        // clusters
  CHECK(getAttribute(127) == 1);        // tensor maps
  for (int i = 1; i <= 147; ++i)
    EXPECT(Success, cuDeviceGetAttribute(&value, i, 0));
  // One that this CUDA does not know, and what others ask for.
  EXPECT(InvalidValue, cuDeviceGetAttribute(&value, 0, 0));
  EXPECT(InvalidValue, cuDeviceGetAttribute(&value, 150, 0));
  EXPECT(InvalidValue, cuDeviceGetAttribute(&value, -1, 0));
  EXPECT(InvalidValue, cuDeviceGetAttribute(NULL, 1, 0));
  EXPECT(InvalidDevice, cuDeviceGetAttribute(&value, 1, 3));

  EXPECT(Success, cuDeviceGetPCIBusId(bus, sizeof(bus), 0));
  device = -1;
  EXPECT(Success, cuDeviceGetByPCIBusId(&device, bus));
  CHECK(device == 0);
  EXPECT(InvalidDevice, cuDeviceGetByPCIBusId(&device, "0000:00:00.0"));
  EXPECT(Success, cuDeviceCanAccessPeer(&value, 0, 0));
  CHECK(value == 0);
}

void testEntryPoints(void *library) {
  void *entry = NULL;
  int status = -1;
  // By the version of the program, as the manual's example has it.
  EXPECT(Success, cuGetProcAddress_v2("cuMemAlloc", &entry, 13000, 0, &status));
  CHECK(status == 0 && entry == dlsym(library, "cuMemAlloc_v2"));
  EXPECT(Success,
         cuGetProcAddress_v2("cuCtxCreate", &entry, 11000, 0, &status));
  CHECK(entry == dlsym(library, "cuCtxCreate_v2"));
  EXPECT(Success,
         cuGetProcAddress_v2("cuCtxCreate", &entry, 11040, 0, &status));
  CHECK(entry == dlsym(library, "cuCtxCreate_v3"));
  EXPECT(Success,
         cuGetProcAddress_v2("cuCtxCreate", &entry, 13000, 0, &status));
  CHECK(entry == dlsym(library, "cuCtxCreate_v4"));
  // The default stream.
  EXPECT(Success,
         cuGetProcAddress_v2("cuLaunchKernel", &entry, 13000, 2, &status));
  CHECK(entry == dlsym(library, "cuLaunchKernel_ptsz"));
  EXPECT(Success,
         cuGetProcAddress_v2("cuMemcpyHtoD", &entry, 13000, 2, &status));
  CHECK(entry == dlsym(library, "cuMemcpyHtoD_v2_ptds"));
  EXPECT(Success,
         cuGetProcAddress_v2("cuLaunchKernel", &entry, 13000, 1, &status));
  CHECK(entry == dlsym(library, "cuLaunchKernel"));
  EXPECT(Success, cuGetProcAddress_v2("cuMemAlloc", &entry, 13000, 2, NULL));
  CHECK(entry == dlsym(library, "cuMemAlloc_v2"));
  EXPECT(Success,
         cuGetProcAddress_v2_ptsz("cuStreamQuery", &entry, 13000, 0, &status));
  CHECK(entry == dlsym(library, "cuStreamQuery_ptsz"));
  // What is not found is no error of the second version.
  EXPECT(Success, cuGetProcAddress_v2("cuNothing", &entry, 13000, 0, &status));
  CHECK(entry == NULL && status == 1);
  EXPECT(Success,
         cuGetProcAddress_v2("cuLaunchKernelEx", &entry, 11000, 0, &status));
  CHECK(entry == NULL && status == 2);
  EXPECT(InvalidValue, cuGetProcAddress_v2("cuInit", &entry, 99000, 0, NULL));
  EXPECT(InvalidValue, cuGetProcAddress_v2("cuInit", &entry, 13000, 8, NULL));
  EXPECT(InvalidValue, cuGetProcAddress_v2(NULL, &entry, 13000, 0, NULL));
  EXPECT(InvalidValue, cuGetProcAddress_v2("cuInit", NULL, 13000, 0, NULL));
  EXPECT(Success, cuGetProcAddress("cuInit", &entry, 13000, 0));
  CHECK(entry == dlsym(library, "cuInit"));
  EXPECT(NotFound, cuGetProcAddress("cuNothing", &entry, 13000, 0));
  // What is refused is there.
  EXPECT(Success,
         cuGetProcAddress_v2("cuGraphCreate", &entry, 13000, 0, &status));
  CHECK(entry == dlsym(library, "cuGraphCreate"));
  Handle graph = NULL;
  EXPECT(NotSupported, cuGraphCreate(&graph, 0));
  const void *table = NULL;
  EXPECT(NotSupported, cuGetExportTable(&table, "0123456789abcdef"));
}
