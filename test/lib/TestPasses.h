//===- TestPasses.h - Passes that only tests run -------------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TEST_LIB_TESTPASSES_H
#define FP4_TEST_LIB_TESTPASSES_H

namespace mlir::fp4 {

void registerTestLaunchToLoopsPass();

} // namespace mlir::fp4

#endif // FP4_TEST_LIB_TESTPASSES_H
