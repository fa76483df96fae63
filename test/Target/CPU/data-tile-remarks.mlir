// What products are made of on which CPU is a remark, with the sizes of the tiles.

// DEFINE: %{cpu} = cpu=znver4
// DEFINE: %{triple} = x86_64-linux-gnu
// DEFINE: %{tile} = fp4-opt %s --fp4-data-tile="triple=%{triple} %{cpu}" --remarks-filter=fp4-data-tile --remark-format=emitRemark -o /dev/null 2>&1
// RUN: %{tile} | FileCheck %s --check-prefix=AVX512
// REDEFINE: %{cpu} = cpu=znver4 features=-avx512vnni,+avxvnni
// RUN: %{tile} | FileCheck %s --check-prefix=AVXVNNI
// REDEFINE: %{cpu} = cpu=haswell
// RUN: %{tile} | FileCheck %s --check-prefix=AVX2
// REDEFINE: %{cpu} = cpu=x86-64-v2
// RUN: %{tile} | FileCheck %s --check-prefix=PORTABLE
// REDEFINE: %{triple} = aarch64-linux-gnu
// REDEFINE: %{cpu} = cpu=cortex-a76
// RUN: %{tile} | FileCheck %s --check-prefix=NEON
// REDEFINE: %{cpu} = cpu=neoverse-v1
// RUN: %{tile} | FileCheck %s --check-prefix=I8MM
// REDEFINE: %{cpu} = cpu=neoverse-v1 features=-i8mm
// RUN: %{tile} | FileCheck %s --check-prefix=NO-I8MM
// REDEFINE: %{cpu} =
// RUN: %{tile} | FileCheck %s --check-prefix=GENERIC

// AVX512:   :[[@LINE+9]]:8: remark: [Passed] cpu-tile | Category:fp4-data-tile | {{.*}}"AVX-512 VNNI"{{.*}}=znver4,{{.*}} batch-rows=8, columns=32, decode-rows=4, prefill-rows=6
// AVXVNNI:  remark: {{.*}}=AVX-VNNI,{{.*}} batch-rows=3, columns=16, decode-rows=2, prefill-rows=3
// AVX2:     remark: {{.*}}=AVX2,{{.*}}=haswell,{{.*}} batch-rows=3, columns=16, decode-rows=2, prefill-rows=3
// PORTABLE: remark: {{.*}}"portable vectors"{{.*}}=x86-64-v2,{{.*}} batch-rows=3, columns=8, decode-rows=2, prefill-rows=3
// NEON:     remark: {{.*}}"NEON dot product"{{.*}}=cortex-a76,{{.*}} batch-rows=6, columns=8, decode-rows=4, prefill-rows=6
// I8MM:     remark: {{.*}}"NEON matrix product"{{.*}}=neoverse-v1,{{.*}} batch-rows=6, columns=8, decode-rows=4, prefill-rows=6
// NO-I8MM:  remark: {{.*}}"NEON dot product"{{.*}}=neoverse-v1,{{.*}} batch-rows=6, columns=8, decode-rows=4, prefill-rows=6
// GENERIC:  remark: {{.*}}"portable vectors"{{.*}}=generic,{{.*}} batch-rows=3, columns=8, decode-rows=2, prefill-rows=3
func.func @f(%a: tensor<1x64xi8>, %sa: tensor<1x4xf8E4M3FN>, %w: tensor<64x64xi8>, %sw: tensor<64x4xf8E4M3FN>, %alpha: f32, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<1x64xi8>, tensor<1x4xf8E4M3FN>) rhs(%w, %sw : tensor<64x64xi8>, tensor<64x4xf8E4M3FN>) alpha(%alpha) outs(%y : tensor<1x64xf32>) {strategy = "vector"}
  return %0 : tensor<1x64xf32>
}
