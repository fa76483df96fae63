// A module says what CPU it is for: by its triple and data layout, and by the name and features of each function that
// has code.

// RUN: fp4-opt %s --fp4-attach-cpu="triple=aarch64-linux-gnu cpu=cortex-a76 features=+i8mm,-sve" | FileCheck %s --check-prefixes=CHECK,NAMED
// RUN: fp4-opt %s --fp4-attach-cpu="triple=aarch64-linux-gnu" | FileCheck %s --check-prefixes=CHECK,BASELINE
// RUN: fp4-opt %s --fp4-attach-cpu | FileCheck %s --check-prefix=HOST

// CHECK:    module attributes {llvm.data_layout = "e-m:e-{{.*}}", llvm.target_triple = "aarch64-unknown-linux-gnu"}
// HOST:     module attributes {llvm.data_layout = "{{.*}}", llvm.target_triple = "{{[^ ]+}}"}
// CHECK:    llvm.func @external(f32){{$}}
// NAMED:    llvm.func @f() attributes {target_cpu = "cortex-a76", target_features = #llvm.target_features<["+i8mm", "-sve"]>} {
// BASELINE: llvm.func @f() attributes {target_cpu = "generic"} {
// HOST:     llvm.func @f() attributes {target_cpu = "{{[^ ]+}}", target_features = #llvm.target_features<["
llvm.func @external(f32)
llvm.func @f() {
  llvm.return
}
