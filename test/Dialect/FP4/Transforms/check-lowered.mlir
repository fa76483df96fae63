// What upstream's conversions leave behind is an error, and a lowered module none.

// RUN: fp4-opt %s --fp4-check-lowered --split-input-file --verify-diagnostics

llvm.func @lowered(%x: i64) -> i64 {
  llvm.return %x : i64
}

// -----

llvm.func @left(%x: i64) -> i64 {
  // expected-error @below {{'arith.addi' op cannot be lowered to the LLVM dialect}}
  %0 = arith.addi %x, %x : i64
  llvm.return %0 : i64
}

// -----

llvm.func @cast(%x: i64) {
  // expected-error @below {{'builtin.unrealized_conversion_cast' op is left over from an op that cannot be lowered to the LLVM dialect}}
  %0 = builtin.unrealized_conversion_cast %x : i64 to index
  llvm.return
}
