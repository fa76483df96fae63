// The whole way: a layer becomes the LLVM dialect with the instructions of a CPU, threads by OpenMP, and a function that
// lays its weight out once. Conversions are no calls of a library.

// DEFINE: %{cpu} =
// DEFINE: %{lower} = fp4-opt %s --fp4-lower-to-cpu="%{cpu}"
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=znver4
// RUN: %{lower} | tee %t.mlir | FileCheck %s --check-prefixes=CHECK,AVX512 --implicit-check-not=unrealized
// RUN: mlir-translate %t.mlir --mlir-to-llvmir | llc -o - | FileCheck %s --check-prefix=ASM512
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=alderlake
// RUN: %{lower} | tee %t.mlir | FileCheck %s --check-prefixes=CHECK,AVXVNNI
// RUN: mlir-translate %t.mlir --mlir-to-llvmir | llc -o - | FileCheck %s --check-prefix=ASMVNNI
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=haswell
// RUN: %{lower} | mlir-translate --mlir-to-llvmir | llc -o - | FileCheck %s --check-prefix=ASMAVX2 --implicit-check-not=__trunc
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=x86-64
// RUN: %{lower} | mlir-translate --mlir-to-llvmir | llc -o - | FileCheck %s --check-prefix=ASMSSE2 --implicit-check-not=__trunc --implicit-check-not=ymm --implicit-check-not=pshufb
// REDEFINE: %{cpu} = triple=aarch64-linux-gnu cpu=cortex-a76
// RUN: %{lower} | mlir-translate --mlir-to-llvmir | llc -o - | FileCheck %s --check-prefix=ASMNEON
// REDEFINE: %{cpu} = triple=aarch64-linux-gnu
// RUN: %{lower} | mlir-translate --mlir-to-llvmir | llc -o - | FileCheck %s --check-prefix=ASMGENERIC --implicit-check-not=sdot

// CHECK: llvm.target_triple = "x86_64-unknown-linux-gnu"
// AVX512-DAG: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// AVXVNNI-DAG: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"
// CHECK-DAG: llvm.func @forward.prepare({{.*}} attributes {{.*}}target_cpu
// CHECK-DAG: llvm.func @forward({{.*}} attributes {{.*}}target_cpu
// CHECK-DAG: omp.parallel
// CHECK-DAG: omp.wsloop

// ASM512: vpdpbusd {{.*}}%zmm
// ASMVNNI: {vex} vpdpbusd {{.*}}%ymm
// ASMAVX2: vpmaddubsw {{.*}}%ymm
// ASMSSE2: pmullw
// ASMNEON: sdot v{{[0-9]+}}.4s, v{{[0-9]+}}.16b
// ASMGENERIC: {{[us]mull|mla}}
func.func @forward(%x: tensor<?x64xbf16> {fp4.name = "x"}, %w: tensor<40x64xf4E2M1FN> {fp4.param = "e2m1"}, %s: tensor<40x2xf8E8M0FNU> {fp4.param = "scale_quant"}, %g: f32 {fp4.param = "g"}) -> (tensor<?x40xbf16> {fp4.name = "y"}) {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>) weight(%w, %s : tensor<40x64xf4E2M1FN>, tensor<40x2xf8E8M0FNU>) weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x40xbf16>
  return %y : tensor<?x40xbf16>
}
