// The ops of the data-tiled level, as they are printed and read, on tensors and on memrefs.

// RUN: fp4-opt %s | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --mlir-print-op-generic | fp4-opt | FileCheck %s

// CHECK-LABEL: func.func @pack(
// CHECK:         %{{.*}}:4 = fp4.pack_lhs group_size(32) offset(12) ins(%{{.*}}, %{{.*}} : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
func.func @pack(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) -> tensor<2x2x6x32xi8> {
  %values, %terms, %factors, %wide = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return %values : tensor<2x2x6x32xi8>
}

// CHECK-LABEL: func.func @pack_memrefs(
// CHECK:         fp4.pack_lhs group_size(16) offset(0) ins(%{{.*}}, %{{.*}} : memref<?x16xi8>, memref<?x2xf8E4M3FN>) outs(%{{.*}} : memref<?x2x3x16xi8>, memref<?x2x2x3xi32>, memref<?x3xf64>, memref<?xi8>)
func.func @pack_memrefs(%c: memref<?x16xi8>, %s: memref<?x2xf8E4M3FN>, %v: memref<?x2x3x16xi8>, %t: memref<?x2x2x3xi32>, %f: memref<?x3xf64>, %w: memref<?xi8>) {
  fp4.pack_lhs group_size(16) offset(0) ins(%c, %s : memref<?x16xi8>, memref<?x2xf8E4M3FN>) outs(%v, %t, %f, %w : memref<?x2x3x16xi8>, memref<?x2x2x3xi32>, memref<?x3xf64>, memref<?xi8>)
  return
}

// Two rows together.
// CHECK-LABEL: func.func @pack_pairs(
// CHECK:         %{{.*}}:4 = fp4.pack_lhs group_size(32) offset(0) row_pairs ins(%{{.*}}, %{{.*}} : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x2x3x64xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
func.func @pack_pairs(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x3x64xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) -> tensor<2x2x3x64xi8> {
  %values, %terms, %factors, %wide = fp4.pack_lhs group_size(32) offset(0) row_pairs ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x3x64xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return %values : tensor<2x2x3x64xi8>
}

// CHECK-LABEL: func.func @matmul(
// CHECK:         %{{.*}} = fp4.packed_matmul group_size(32) offset(12) lhs(%{{.*}} : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%{{.*}}, %{{.*}} : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%{{.*}}) outs(%{{.*}} : tensor<10x90xf32>)
func.func @matmul(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %alpha: f32, %out: tensor<10x90xf32>) -> tensor<10x90xf32> {
  %c = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return %c : tensor<10x90xf32>
}

// CHECK-LABEL: func.func @matmul_pairs(
// CHECK:         %{{.*}} = fp4.packed_matmul group_size(32) offset(0) row_pairs lhs(%{{.*}} : tensor<2x2x3x64xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(
func.func @matmul_pairs(%v: tensor<2x2x3x64xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %alpha: f32, %out: tensor<10x90xf32>) -> tensor<10x90xf32> {
  %c = fp4.packed_matmul group_size(32) offset(0) row_pairs lhs(%v, %t, %f, %w, %sa : tensor<2x2x3x64xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return %c : tensor<10x90xf32>
}
