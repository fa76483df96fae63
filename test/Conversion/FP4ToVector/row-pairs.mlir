// Rows and columns that are multiplied two by two. What the code computes is tested where it is executed.

// RUN: fp4-opt %s --convert-fp4-to-vector="triple=aarch64-linux-gnu cpu=neoverse-v1" --canonicalize --cse | FileCheck %s

// The weight's bytes and scales are brought into an order once for all tiles of rows: eight elements of two columns, and
// the scales of two columns for each of two rows. A group of 16 is two products for each of three pairs of rows and four
// pairs of columns. The sums of two pairs of columns become those of rows at the end.
// CHECK-LABEL: func.func private @fp4.packed_matmul(
// CHECK:         vector.shuffle %[[S:.*]], %[[S]] [0, 1, 0, 1] : vector<4xi32>, vector<4xi32>
// CHECK:         vector.shuffle %[[S]], %[[S]] [2, 3, 2, 3] : vector<4xi32>, vector<4xi32>
// CHECK:         vector.shuffle %[[E:.*]], %[[O:.*]] [0, 4, 1, 5] : vector<4xi32>, vector<4xi32>
// CHECK:         vector.shuffle %[[E]], %[[O]] [2, 6, 3, 7] : vector<4xi32>, vector<4xi32>
// CHECK-NOT:     sdot
// CHECK-COUNT-24: llvm.call_intrinsic "llvm.aarch64.neon.smmla.v4i32.v16i8"({{.*}}) : (vector<4xi32>, vector<16xi8>, vector<16xi8>)
// CHECK-NOT:     smmla
// CHECK:         vector.shuffle %[[T:.*]], %[[T]] [0, 0, 1, 1] : vector<2xi32>, vector<2xi32>
// CHECK:         vector.shuffle %[[L:.*]], %[[R:.*]] [0, 1, 4, 5] : vector<4xf32>, vector<4xf32>
// CHECK:         vector.shuffle %[[L]], %[[R]] [2, 3, 6, 7] : vector<4xf32>, vector<4xf32>

// Rows have the same order: four even elements and the four odd ones of the same bytes.
// CHECK-LABEL: func.func private @fp4.pack_lhs(
// CHECK-SAME:    %[[V:[a-z0-9]+]]: memref<?x2x3x32xi8>,
// CHECK:         %[[EVEN:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v8i8"
// CHECK:         %[[ODD:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v8i8"
// CHECK:         %[[FIRST:.*]] = vector.shuffle %[[EVEN]], %[[ODD]] [0, 1, 2, 3, 8, 9, 10, 11] : vector<8xi8>, vector<8xi8>
// CHECK:         vector.store %[[FIRST]], %[[V]]
// CHECK:         %[[SECOND:.*]] = vector.shuffle %[[EVEN]], %[[ODD]] [4, 5, 6, 7, 12, 13, 14, 15] : vector<8xi8>, vector<8xi8>
// CHECK:         vector.store %[[SECOND]], %[[V]]
func.func @product(%c: memref<?x16xi8>, %s: memref<?x2xf8E4M3FN>, %v: memref<?x2x3x32xi8>, %t: memref<?x2x2x6xi32>, %f: memref<?x6xf64>, %w: memref<?xi8>, %b: memref<1x4x32xi8>, %sb: memref<1x2x8xf8E4M3FN>, %alpha: f32, %y: memref<?x8xf32>) {
  fp4.pack_lhs group_size(16) offset(0) row_pairs ins(%c, %s : memref<?x16xi8>, memref<?x2xf8E4M3FN>) outs(%v, %t, %f, %w : memref<?x2x3x32xi8>, memref<?x2x2x6xi32>, memref<?x6xf64>, memref<?xi8>)
  fp4.packed_matmul group_size(16) offset(0) row_pairs lhs(%v, %t, %f, %w, %s : memref<?x2x3x32xi8>, memref<?x2x2x6xi32>, memref<?x6xf64>, memref<?xi8>, memref<?x2xf8E4M3FN>) rhs(%b, %sb : memref<1x4x32xi8>, memref<1x2x8xf8E4M3FN>) alpha(%alpha) outs(%y : memref<?x8xf32>)
  return
}
