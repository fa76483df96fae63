// Codes of activations to bytes, and what the sums of their groups start with and are scaled by.

// RUN: fp4-opt %s --convert-fp4-to-vector="triple=x86_64-linux-gnu cpu=haswell" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: fp4-opt %s --convert-fp4-to-vector="triple=aarch64-linux-gnu cpu=cortex-a76" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,NEON

// Rows beyond the last one repeat it. The even elements of a group, then the odd ones.
// CHECK-LABEL: func.func private @fp4.pack_lhs(
// CHECK-SAME:    %[[C:[a-z0-9]+]]: memref<?x32xi8>, %[[S:[a-z0-9]+]]: memref<?x2xf8E4M3FN>, %[[V:[a-z0-9]+]]: memref<?x2x4x32xi8>, %[[T:[a-z0-9]+]]: memref<?x2x2x4xi32>, %[[F:[a-z0-9]+]]: memref<?x4xf64>, %[[W:[a-z0-9]+]]: memref<?xi8>)
// CHECK:         %[[LAST:.*]] = arith.subi %{{.*}}, %c1 : index
// CHECK:         memref.store %c0_i8, %[[W]]
// CHECK:         %[[ROW:.*]] = arith.minui %{{.*}}, %[[LAST]] : index
// CHECK:         vector.load %[[C]][%[[ROW]],
// AVX2:          %[[EVEN:.*]] = llvm.call_intrinsic "llvm.x86.ssse3.pshuf.b.128"
// AVX2:          %[[ODD:.*]] = llvm.call_intrinsic "llvm.x86.ssse3.pshuf.b.128"
// NEON:          %[[EVEN:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v16i8"
// NEON:          %[[ODD:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v16i8"
// CHECK:         vector.store %[[EVEN]], %[[V]][{{.*}}, %c0]
// CHECK:         vector.store %[[ODD]], %[[V]][{{.*}}, %c16]
// CHECK:         vector.reduction <add>
// CHECK:         memref.load %[[S]][%[[ROW]],
// CHECK:         memref.store {{.*}}, %[[T]][{{.*}}, %c0, %{{.*}}]
// CHECK:         memref.store {{.*}}, %[[T]][{{.*}}, %c1, %{{.*}}]
// CHECK:         memref.store %{{.*}}, %[[F]]
// CHECK-LABEL: func.func @nv(
// CHECK:         call @fp4.pack_lhs(
func.func @nv(%c: memref<?x32xi8>, %s: memref<?x2xf8E4M3FN>, %v: memref<?x2x4x32xi8>, %t: memref<?x2x2x4xi32>, %f: memref<?x4xf64>, %w: memref<?xi8>) {
  fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : memref<?x32xi8>, memref<?x2xf8E4M3FN>) outs(%v, %t, %f, %w : memref<?x2x4x32xi8>, memref<?x2x2x4xi32>, memref<?x4xf64>, memref<?xi8>)
  return
}
