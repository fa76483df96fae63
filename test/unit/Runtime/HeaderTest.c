//===- HeaderTest.c - The runtime's header is C ---------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Generated code lays these structures out by hand.
//
//===----------------------------------------------------------------------===//

#include "fp4/Runtime/Runtime.h"
#include <stddef.h>

_Static_assert(sizeof(FP4RTModule) == 32, "4 words");
_Static_assert(offsetof(FP4RTModule, size) == 8, "");
_Static_assert(offsetof(FP4RTModule, name) == 16, "");
_Static_assert(offsetof(FP4RTModule, module) == 24, "");

_Static_assert(sizeof(FP4RTKernel) == 32, "4 words, half of the last unused");
_Static_assert(offsetof(FP4RTKernel, name) == 8, "");
_Static_assert(offsetof(FP4RTKernel, function) == 16, "");
_Static_assert(offsetof(FP4RTKernel, dynamicSharedBytes) == 24, "");
