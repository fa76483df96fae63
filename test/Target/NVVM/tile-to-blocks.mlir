// Products for tensor cores become loops over blocks: 128 rows by all columns up to 128, by 128, and from 4096 on by 256.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-tile-to-blocks))' | FileCheck %s

// CHECK-LABEL: func.func @narrow(
// CHECK-SAME:    %[[A:.*]]: memref<?x32xi8, 1>, %[[SA:[^:]*]]: memref<?x1x32x4x4xf8E4M3FN, 1>
// CHECK:         %[[M:.*]] = memref.dim %[[A]]
// CHECK:         scf.forall (%[[I:.*]]) = (0) to (%[[M]]) step (128) {
// CHECK:           %[[ROWS:.*]] = affine.min #{{.*}}(%[[I]])[%[[M]]]
// CHECK:           memref.subview %[[A]][%[[I]], 0] [%[[ROWS]], 32] [1, 1]
// CHECK:           memref.subview %[[SA]]
// CHECK:           memref.subview %{{.*}}[0, 0] [48, 32] [1, 1]
// CHECK:           memref.subview %{{.*}}[%[[I]], 0] [%[[ROWS]], 48] [1, 1]
// CHECK:           fp4.scaled_matmul {{.*}} {strategy = "tcgen05"}
// CHECK:         } {mapping = [#gpu.block<x>]}
func.func @narrow(%a: memref<?x32xi8, 1>, %sa: memref<?x1x32x4x4xf8E4M3FN, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E4M3FN, 1>, %g: f32, %y: memref<?x48xbf16, 1>) {
  fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<?x32xi8, 1>, memref<?x1x32x4x4xf8E4M3FN, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E4M3FN, 1>) alpha(%g) outs(%y : memref<?x48xbf16, 1>) {strategy = "tcgen05"}
  return
}

// 200 columns: 128, and 72 in the second block.
// CHECK-LABEL: func.func @middle(
// CHECK:         scf.forall (%{{.*}}, %[[J:.*]]) = (0, 0) to (%{{.*}}, 200) step (128, 128) {
// CHECK:           %[[COLUMNS:.*]] = affine.min #{{.*}}(%[[J]])
// CHECK:           memref.subview %{{.*}}[%[[J]], 0] [%[[COLUMNS]], 32] [1, 1] : memref<200x32xi8, 1>
// CHECK:         } {mapping = [#gpu.block<x>, #gpu.block<y>]}
func.func @middle(%a: memref<?x32xi8, 1>, %sa: memref<?x1x32x4x4xf8E4M3FN, 1>, %b: memref<200x32xi8, 1>, %sb: memref<2x1x32x4x4xf8E4M3FN, 1>, %g: f32, %y: memref<?x200xbf16, 1>) {
  fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<?x32xi8, 1>, memref<?x1x32x4x4xf8E4M3FN, 1>) rhs(%b, %sb : memref<200x32xi8, 1>, memref<2x1x32x4x4xf8E4M3FN, 1>) alpha(%g) outs(%y : memref<?x200xbf16, 1>) {strategy = "tcgen05"}
  return
}

// 4095 columns are still tiles of 128; 4096 are tiles of 256, with two tiles of scales.
// CHECK-LABEL: func.func @wide(
// CHECK:         scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (512, 4095) step (128, 128) {
// CHECK:         scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (512, 4096) step (128, 256) {
// CHECK:           memref.subview %{{.*}}[%{{.*}}, 0, 0, 0, 0] [2, 1, 32, 4, 4] [1, 1, 1, 1, 1]
// CHECK:           memref.subview %{{.*}}[%{{.*}}, %{{.*}}] [128, 256] [1, 1] : memref<512x4096xbf16, 1>
func.func @wide(%a: memref<512x32xi8, 1>, %sa: memref<4x1x32x4x4xf8E4M3FN, 1>, %b: memref<4095x32xi8, 1>, %c: memref<4096x32xi8, 1>, %sb: memref<32x1x32x4x4xf8E4M3FN, 1>, %g: f32, %y: memref<512x4095xbf16, 1>, %z: memref<512x4096xbf16, 1>) {
  fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<512x32xi8, 1>, memref<4x1x32x4x4xf8E4M3FN, 1>) rhs(%b, %sb : memref<4095x32xi8, 1>, memref<32x1x32x4x4xf8E4M3FN, 1>) alpha(%g) outs(%y : memref<512x4095xbf16, 1>) {strategy = "tcgen05"}
  fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<512x32xi8, 1>, memref<4x1x32x4x4xf8E4M3FN, 1>) rhs(%c, %sb : memref<4096x32xi8, 1>, memref<32x1x32x4x4xf8E4M3FN, 1>) alpha(%g) outs(%z : memref<512x4096xbf16, 1>) {strategy = "tcgen05"}
  return
}

// Other strategies are none of its business.
// CHECK-LABEL: func.func @simt(
// CHECK-NOT:     scf.forall
// CHECK:         return
func.func @simt(%a: memref<4x32xi8, 1>, %sa: memref<4x4xf8E4M3FN, 1>, %g: f32, %y: memref<4x4xbf16, 1>) {
  fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<4x32xi8, 1>, memref<4x4xf8E4M3FN, 1>) rhs(%a, %sa : memref<4x32xi8, 1>, memref<4x4xf8E4M3FN, 1>) alpha(%g) outs(%y : memref<4x4xbf16, 1>) {strategy = "simt"}
  return
}
