// Loops over blocks become launches: the grid is what each loop's bounds and step give, whichever dimension it is mapped to.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-blocks-to-launch))' | FileCheck %s --check-prefixes=CHECK,T128
// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-blocks-to-launch{threads=1024}))' | FileCheck %s --check-prefixes=CHECK,T1024
// RUN: not fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-blocks-to-launch{threads=0}))' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-blocks-to-launch{threads=1025}))' 2>&1 | FileCheck %s --check-prefix=MANY
// NONE: error: a block has 1 to 1024 threads, but the option 'threads' is 0
// MANY: error: a block has 1 to 1024 threads, but the option 'threads' is 1025

// CHECK-DAG: #[[BLOCKS:.*]] = affine_map<()[s0, s1] -> ((-s0 + s1) ceildiv 4)>
// CHECK-DAG: #[[LESS3:.*]] = affine_map<()[s0] -> (s0 - 3)>
// CHECK-DAG: #[[BY4:.*]] = affine_map<()[s0, s1] -> (s0 + s1 * 4)>
// CHECK-DAG: #[[BY16:.*]] = affine_map<()[s0] -> (s0 * 16)>
// CHECK-DAG: #[[PLUS3:.*]] = affine_map<()[s0] -> (s0 + 3)>

// CHECK-LABEL: func.func @three(
// CHECK-SAME:    %[[N:.*]]: index, %[[M:.*]]: index, %[[OUT:.*]]: memref<
// CHECK-DAG:     %[[ONE:.*]] = arith.constant 1 : index
// CHECK-DAG:     %[[Z:.*]] = affine.apply #[[BLOCKS]]()[%[[N]], %[[M]]]
// CHECK-DAG:     %[[Y:.*]] = affine.apply #[[LESS3]]()[%[[M]]]
// CHECK-DAG:     %[[X:.*]] = arith.constant 3 : index
// T128-DAG:      %[[T:.*]] = arith.constant 128 : index
// T1024-DAG:     %[[T:.*]] = arith.constant 1024 : index
// CHECK:         gpu.launch blocks(%[[BX:.*]], %[[BY:.*]], %[[BZ:.*]]) in (%{{.*}} = %[[X]], %{{.*}} = %[[Y]], %{{.*}} = %[[Z]])
// CHECK-SAME:      threads({{.*}}) in (%{{.*}} = %[[T]], %{{.*}} = %[[ONE]], %{{.*}} = %[[ONE]])
// CHECK-DAG:       %[[I:.*]] = affine.apply #[[BY4]]()[%[[N]], %[[BZ]]]
// CHECK-DAG:       %[[J:.*]] = affine.apply #[[BY16]]()[%[[BX]]]
// CHECK-DAG:       %[[K:.*]] = affine.apply #[[PLUS3]]()[%[[BY]]]
// CHECK:           memref.store %{{.*}}, %[[OUT]][%[[I]], %[[J]], %[[K]]]
// CHECK:           gpu.terminator
func.func @three(%n: index, %m: index, %out: memref<?x?x?xf32, 1>, %v: f32) {
  scf.forall (%i, %j, %k) = (%n, 0, 3) to (%m, 48, %m) step (4, 16, 1) {
    memref.store %v, %out[%i, %j, %k] : memref<?x?x?xf32, 1>
  } {mapping = [#gpu.block<z>, #gpu.block<x>, #gpu.block<y>]}
  return
}

// The launch is named after what of this project it executes.
// CHECK-LABEL: func.func @named(
// CHECK:         gpu.launch {{.*}} function(@convert_scale_layout)
func.func @named(%s: memref<4x2xf8E8M0FNU>, %b: memref<1x1x32x4x4xf8E8M0FNU>) {
  scf.forall (%i) in (1) {
    fp4.convert_scale_layout ins(%s : memref<4x2xf8E8M0FNU>) outs(%b : memref<1x1x32x4x4xf8E8M0FNU>)
  } {mapping = [#gpu.block<x>]}
  return
}

// What is not mapped to the blocks of a grid stays: no mapping, threads, two loops to one dimension, linear ids, results.
// CHECK-LABEL: func.func @others(
// CHECK-NOT:     gpu.launch
// CHECK-COUNT-5: scf.forall
// CHECK-NOT:     gpu.launch
// CHECK:         return
func.func @others(%out: memref<8x8xf32, 1>, %v: f32, %t: tensor<8xf32>) -> tensor<8xf32> {
  scf.forall (%i, %j) in (8, 8) {
    memref.store %v, %out[%i, %j] : memref<8x8xf32, 1>
  }
  scf.forall (%i, %j) in (8, 8) {
    memref.store %v, %out[%i, %j] : memref<8x8xf32, 1>
  } {mapping = [#gpu.thread<x>, #gpu.thread<y>]}
  scf.forall (%i, %j) in (8, 8) {
    memref.store %v, %out[%i, %j] : memref<8x8xf32, 1>
  } {mapping = [#gpu.block<x>, #gpu.block<x>]}
  scf.forall (%i, %j) in (8, 8) {
    memref.store %v, %out[%i, %j] : memref<8x8xf32, 1>
  } {mapping = [#gpu.block<linear_dim_0>, #gpu.block<linear_dim_1>]}
  %0 = scf.forall (%i) in (8) shared_outs(%o = %t) -> tensor<8xf32> {
    %e = tensor.empty() : tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %e into %o[%i] [1] [1] : tensor<1xf32> into tensor<8xf32>
    }
  } {mapping = [#gpu.block<x>]}
  return %0 : tensor<8xf32>
}
