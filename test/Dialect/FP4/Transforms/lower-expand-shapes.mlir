// Expansions that upstream ends the process at become reinterpreted buffers; the others are left to it.

// RUN: fp4-opt %s --fp4-lower-expand-shapes | FileCheck %s
// RUN: fp4-opt %s --fp4-lower-expand-shapes --expand-strided-metadata -o /dev/null

// CHECK: #[[PRODUCT:.*]] = affine_map<()[s0] -> (s0 * 64)>

// CHECK-LABEL: func.func @contiguous(
// CHECK-SAME:    %[[X:.*]]: memref<?x64xf32>, %[[M:.*]]: index, %[[N:.*]]: index)
// CHECK:         %[[BASE:.*]], %{{.*}}, %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata %[[X]]
// CHECK:         %[[STRIDE:.*]] = affine.apply #[[PRODUCT]]()[%[[N]]]
// CHECK:         memref.reinterpret_cast %[[BASE]] to offset: [0], sizes: [%[[M]], %[[N]], 64], strides: [%[[STRIDE]], 64, 1] : memref<f32> to memref<?x?x64xf32{{.*}}>
func.func @contiguous(%x: memref<?x64xf32>, %m: index, %n: index) -> memref<?x?x64xf32> {
  %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [%m, %n, 64] : memref<?x64xf32> into memref<?x?x64xf32>
  return %0 : memref<?x?x64xf32>
}

// CHECK-LABEL: func.func @strided(
// CHECK:         memref.reinterpret_cast
// CHECK-NOT:     memref.expand_shape
func.func @strided(%x: memref<?x64xf32, strided<[?, 1], offset: ?>, 1>, %m: index, %n: index) -> memref<?x3x?x64xf32, strided<[?, ?, ?, 1], offset: ?>, 1> {
  %0 = memref.expand_shape %x [[0, 1, 2], [3]] output_shape [%m, 3, %n, 64] : memref<?x64xf32, strided<[?, 1], offset: ?>, 1> into memref<?x3x?x64xf32, strided<[?, ?, ?, 1], offset: ?>, 1>
  return %0 : memref<?x3x?x64xf32, strided<[?, ?, ?, 1], offset: ?>, 1>
}

// CHECK-LABEL: func.func @one(
// CHECK:         memref.expand_shape
func.func @one(%x: memref<?x64xf32>, %m: index) -> memref<2x?x64xf32> {
  %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [2, %m, 64] : memref<?x64xf32> into memref<2x?x64xf32>
  return %0 : memref<2x?x64xf32>
}
