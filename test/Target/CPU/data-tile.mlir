// Products become tiles of packed operands, of as many rows and columns as the registers of a CPU hold.

// RUN: fp4-opt %s --split-input-file --fp4-data-tile="triple=x86_64-linux-gnu cpu=znver4" --canonicalize | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: fp4-opt %s --split-input-file --fp4-data-tile="triple=x86_64-linux-gnu cpu=haswell" --canonicalize | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: fp4-opt %s --split-input-file --fp4-data-tile="triple=x86_64-linux-gnu cpu=x86-64" --canonicalize | FileCheck %s --check-prefixes=CHECK,PORTABLE
// RUN: fp4-opt %s --split-input-file --fp4-data-tile="triple=aarch64-linux-gnu cpu=cortex-a76" --canonicalize | FileCheck %s --check-prefixes=CHECK,NEON
// RUN: fp4-opt %s --split-input-file --fp4-data-tile="triple=aarch64-linux-gnu cpu=neoverse-v1" --canonicalize | FileCheck %s --check-prefixes=CHECK,I8MM

// A number of rows that is not known chooses between one row, a few, on some CPUs a batch of up to 64, and more. Where
// the columns' bytes are unsigned they have an offset. Where two rows are multiplied at once, tiles for many are in pairs,
// with the same panels of the weight.
// CHECK-LABEL: func.func @any(
// CHECK-SAME:    %[[A:.*]]: tensor<?x64xi8>, %[[SA:.*]]: tensor<?x4xf8E4M3FN>, %[[W:.*]]: tensor<64x64xi8>, %[[SW:.*]]: tensor<64x4xf8E4M3FN>, %[[ALPHA:.*]]: f32, %[[Y:.*]]: tensor<?x64xf32>)
// CHECK:         %[[PW:.*]] = linalg.pack %[[W]]
// CHECK:         %[[PS:.*]] = linalg.pack %[[SW]]
// CHECK:         %[[M:.*]] = tensor.dim %[[Y]], %c0
// CHECK:         %[[ONE:.*]] = arith.cmpi ule, %[[M]], %c1
// CHECK:         scf.if %[[ONE]]
// AVX512:          %[[P:.*]]:4 = fp4.pack_lhs group_size(32) offset(12) scale_indices ins(%[[A]], %[[SA]] :{{.*}} tensor<?x4x1x32xi8>,
// AVX512:          fp4.packed_matmul group_size(32) offset(12) scale_indices lhs(%[[P]]#0, %[[P]]#1, %[[P]]#2, %[[P]]#3, %[[SA]] :{{.*}} rhs(%{{.*}}, %[[PS]] : tensor<2x16x128xi8>, tensor<2x4x32xf8E4M3FN>) alpha(%[[ALPHA]]) outs(%[[Y]]
// CHECK:         else
// AVX512:        arith.cmpi ule, %[[M]], %c4
// NEON:          arith.cmpi ule, %[[M]], %c4
// I8MM:          arith.cmpi ule, %[[M]], %c4
// AVX2:          arith.cmpi ule, %[[M]], %c2
// PORTABLE:      arith.cmpi ule, %[[M]], %c2
// CHECK:         scf.if
// AVX512:          fp4.pack_lhs group_size(32) offset(12) {{.*}} tensor<?x4x4x32xi8>, tensor<?x4x2x4xi32>, tensor<?x4xf64>, tensor<?xi8>)
// AVX2:            fp4.pack_lhs group_size(32) offset(12) {{.*}} tensor<?x4x2x32xi8>, tensor<?x4x2x2xi32>, tensor<?x2xf64>, tensor<?xi8>)
// AVX2:            fp4.packed_matmul {{.*}} rhs({{.*}} : tensor<4x16x64xi8>, tensor<4x4x16xf8E4M3FN>)
// PORTABLE:        fp4.pack_lhs group_size(32) offset(0) {{.*}} tensor<?x4x2x32xi8>
// PORTABLE:        fp4.packed_matmul {{.*}} rhs({{.*}} : tensor<8x16x32xi8>, tensor<8x4x8xf8E4M3FN>)
// NEON:            fp4.pack_lhs group_size(32) offset(0) {{.*}} tensor<?x4x4x32xi8>
// NEON:            fp4.packed_matmul {{.*}} rhs({{.*}} : tensor<8x16x32xi8>, tensor<8x4x8xf8E4M3FN>)
// I8MM:            fp4.pack_lhs group_size(32) offset(0) ins({{.*}} tensor<?x4x4x32xi8>
// I8MM:            fp4.packed_matmul {{.*}} rhs({{.*}} : tensor<8x16x32xi8>, tensor<8x4x8xf8E4M3FN>)
// CHECK:         else
// AVX512:          arith.cmpi ule, %[[M]], %c64
// AVX512:          scf.if
// AVX512:            fp4.pack_lhs {{.*}} tensor<?x4x8x32xi8>, tensor<?x4x2x8xi32>
// AVX512:          else
// NEON-NOT:        scf.if
// I8MM-NOT:        scf.if
// AVX2-NOT:        scf.if
// PORTABLE-NOT:    scf.if
// AVX512:          fp4.pack_lhs {{.*}} tensor<?x4x6x32xi8>, tensor<?x4x2x6xi32>
// NEON:            fp4.pack_lhs {{.*}} tensor<?x4x6x32xi8>, tensor<?x4x2x6xi32>
// I8MM:            fp4.pack_lhs group_size(32) offset(0) row_pairs ins({{.*}} tensor<?x4x3x64xi8>, tensor<?x4x2x6xi32>
// I8MM:            fp4.packed_matmul group_size(32) offset(0) row_pairs {{.*}} rhs({{.*}} : tensor<8x16x32xi8>, tensor<8x4x8xf8E4M3FN>)
// AVX2:            fp4.pack_lhs {{.*}} tensor<?x4x3x32xi8>, tensor<?x4x2x3xi32>
// PORTABLE:        fp4.pack_lhs {{.*}} tensor<?x4x3x32xi8>, tensor<?x4x2x3xi32>
func.func @any(%a: tensor<?x64xi8>, %sa: tensor<?x4xf8E4M3FN>, %w: tensor<64x64xi8>, %sw: tensor<64x4xf8E4M3FN>, %alpha: f32, %y: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<?x64xi8>, tensor<?x4xf8E4M3FN>) rhs(%w, %sw : tensor<64x64xi8>, tensor<64x4xf8E4M3FN>) alpha(%alpha) outs(%y : tensor<?x64xf32>) {strategy = "vector"}
  return %0 : tensor<?x64xf32>
}

// -----

// What is unpacked from panels of these sizes is not packed again.
// CHECK-LABEL: func.func @panels(
// CHECK-SAME:    %[[P:.*]]: tensor<2x16x32x4xi8>
// AVX512-NOT:    linalg.pack
// AVX512:        %[[R:.*]] = tensor.collapse_shape %[[P]] {{\[\[}}0], [1], [2, 3]] : tensor<2x16x32x4xi8> into tensor<2x16x128xi8>
// AVX512:        fp4.packed_matmul {{.*}} rhs(%[[R]],
// AVX2:          linalg.pack
// CHECK:         return
func.func @panels(%p: tensor<2x16x32x4xi8>, %a: tensor<1x64xi8>, %sa: tensor<1x4xf8E4M3FN>, %ps: tensor<2x4x32xf8E4M3FN>, %alpha: f32, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<64x64xi8>
  %w = linalg.unpack %p inner_dims_pos = [0, 1] inner_tiles = [32, 4] into %e : tensor<2x16x32x4xi8> -> tensor<64x64xi8>
  %es = tensor.empty() : tensor<64x4xf8E4M3FN>
  %s = linalg.unpack %ps inner_dims_pos = [0] inner_tiles = [32] into %es : tensor<2x4x32xf8E4M3FN> -> tensor<64x4xf8E4M3FN>
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<1x64xi8>, tensor<1x4xf8E4M3FN>) rhs(%w, %s : tensor<64x64xi8>, tensor<64x4xf8E4M3FN>) alpha(%alpha) outs(%y : tensor<1x64xf32>) {strategy = "vector"}
  return %0 : tensor<1x64xf32>
}

// -----

// A known number of rows needs no choice.
// CHECK-LABEL: func.func @few(
// CHECK-NOT:     scf.if
// AVX512:        fp4.pack_lhs {{.*}} tensor<1x4x4x32xi8>
// NEON:          fp4.pack_lhs {{.*}} tensor<1x4x4x32xi8>
// AVX2:          fp4.pack_lhs {{.*}} tensor<1x4x3x32xi8>
// PORTABLE:      fp4.pack_lhs {{.*}} tensor<1x4x3x32xi8>
func.func @few(%a: tensor<3x64xi8>, %sa: tensor<3x4xf8E4M3FN>, %w: tensor<64x64xi8>, %sw: tensor<64x4xf8E4M3FN>, %alpha: f32, %y: tensor<3x64xf32>) -> tensor<3x64xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<3x64xi8>, tensor<3x4xf8E4M3FN>) rhs(%w, %sw : tensor<64x64xi8>, tensor<64x4xf8E4M3FN>) alpha(%alpha) outs(%y : tensor<3x64xf32>) {strategy = "vector"}
  return %0 : tensor<3x64xf32>
}

// -----

// CHECK-LABEL: func.func @batch(
// CHECK-NOT:     scf.if
// AVX512:        fp4.pack_lhs {{.*}} tensor<8x4x8x32xi8>
// NEON:          fp4.pack_lhs {{.*}} tensor<11x4x6x32xi8>
// AVX2:          fp4.pack_lhs {{.*}} tensor<22x4x3x32xi8>
// PORTABLE:      fp4.pack_lhs {{.*}} tensor<22x4x3x32xi8>
func.func @batch(%a: tensor<64x64xi8>, %sa: tensor<64x4xf8E4M3FN>, %w: tensor<64x64xi8>, %sw: tensor<64x4xf8E4M3FN>, %alpha: f32, %y: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<64x64xi8>, tensor<64x4xf8E4M3FN>) rhs(%w, %sw : tensor<64x64xi8>, tensor<64x4xf8E4M3FN>) alpha(%alpha) outs(%y : tensor<64x64xf32>) {strategy = "vector"}
  return %0 : tensor<64x64xf32>
}

// -----

// CHECK-LABEL: func.func @many(
// CHECK-NOT:     scf.if
// AVX512:        fp4.pack_lhs {{.*}} tensor<11x4x6x32xi8>
// NEON:          fp4.pack_lhs {{.*}} tensor<11x4x6x32xi8>
// PORTABLE:      fp4.pack_lhs {{.*}} tensor<22x4x3x32xi8>
func.func @many(%a: tensor<65x64xi8>, %sa: tensor<65x4xf8E4M3FN>, %w: tensor<64x64xi8>, %sw: tensor<64x4xf8E4M3FN>, %alpha: f32, %y: tensor<65x64xf32>) -> tensor<65x64xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<65x64xi8>, tensor<65x4xf8E4M3FN>) rhs(%w, %sw : tensor<64x64xi8>, tensor<64x4xf8E4M3FN>) alpha(%alpha) outs(%y : tensor<65x64xf32>) {strategy = "vector"}
  return %0 : tensor<65x64xf32>
}
