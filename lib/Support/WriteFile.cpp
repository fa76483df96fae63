//===- WriteFile.cpp - Files that are whole or not there ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Support/WriteFile.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

Error mlir::fp4::writeFile(StringRef path,
                           function_ref<void(raw_ostream &)> write) {
  Expected<sys::fs::TempFile> temp = sys::fs::TempFile::create(
      path + ".tmp-%%%%%%", sys::fs::all_read | sys::fs::all_write);
  if (!temp)
    return temp.takeError();
  {
    raw_fd_ostream stream(temp->FD, /*shouldClose=*/false);
    write(stream);
    stream.flush();
    if (std::error_code error = stream.error()) {
      stream.clear_error();
      return joinErrors(errorCodeToError(error), temp->discard());
    }
  }
  return temp->keep(path);
}
