// Weights go through panels as wide as the registers of a CPU hold columns, and back.

// RUN: fp4-opt %s --fp4-pack-weights="triple=x86_64-linux-gnu cpu=znver4" | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: fp4-opt %s --fp4-pack-weights="triple=x86_64-linux-gnu cpu=haswell" | FileCheck %s --check-prefixes=CHECK,HALF
// RUN: fp4-opt %s --fp4-pack-weights="triple=x86_64-linux-gnu cpu=x86-64" | FileCheck %s --check-prefixes=CHECK,SMALL
// RUN: fp4-opt %s --fp4-pack-weights="triple=aarch64-linux-gnu cpu=cortex-a76" | FileCheck %s --check-prefixes=CHECK,SMALL

// 40 rows are more than one panel of 32: the rest of the second is bytes of zero, in codes and in scales. They are
// five panels of 8, which need no padding.
// CHECK-LABEL: func.func @product(
// CHECK-SAME:    %[[W:.*]]: tensor<40x64xi8>, %[[S:.*]]: tensor<40x4xf8E8M0FNU>
// WIDE:          %[[PW:.*]] = linalg.pack %[[W]] padding_value(%c0_i8 : i8) inner_dims_pos = [0, 1] inner_tiles = [32, 4] into %{{.*}} : tensor<40x64xi8> -> tensor<2x16x32x4xi8>
// WIDE:          %[[UW:.*]] = linalg.unpack %[[PW]] inner_dims_pos = [0, 1] inner_tiles = [32, 4]
// WIDE:          %[[ZERO:.*]] = arith.constant 5.877470e-39 : f8E8M0FNU
// WIDE:          %[[PS:.*]] = linalg.pack %[[S]] padding_value(%[[ZERO]] : f8E8M0FNU) inner_dims_pos = [0] inner_tiles = [32] into %{{.*}} : tensor<40x4xf8E8M0FNU> -> tensor<2x4x32xf8E8M0FNU>
// HALF:          linalg.pack %[[W]] padding_value({{.*}} -> tensor<3x16x16x4xi8>
// SMALL:         %[[PW:.*]] = linalg.pack %[[W]] inner_dims_pos = [0, 1] inner_tiles = [8, 4] into %{{.*}} : tensor<40x64xi8> -> tensor<5x16x8x4xi8>
// SMALL:         linalg.pack %[[S]] inner_dims_pos = [0] inner_tiles = [8] into %{{.*}} : tensor<40x4xf8E8M0FNU> -> tensor<5x4x8xf8E8M0FNU>
// CHECK:         %[[US:.*]] = linalg.unpack
// WIDE:          fp4.scaled_matmul {{.*}} rhs(%[[UW]], %[[US]] :
func.func @product(%w: tensor<40x64xi8>, %sw: tensor<40x4xf8E8M0FNU>, %a: tensor<?x64xi8>, %sa: tensor<?x4xf8E8M0FNU>, %alpha: f32, %y: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<?x64xi8>, tensor<?x4xf8E8M0FNU>) rhs(%w, %sw : tensor<40x64xi8>, tensor<40x4xf8E8M0FNU>) alpha(%alpha) outs(%y : tensor<?x40xf32>) {strategy = "vector"}
  return %0 : tensor<?x40xf32>
}

// Other strategies take weights as they are.
// CHECK-LABEL: func.func @reference(
// CHECK-NOT:     linalg.pack
func.func @reference(%w: tensor<40x64xi8>, %sw: tensor<40x4xf8E8M0FNU>, %a: tensor<?x64xi8>, %sa: tensor<?x4xf8E8M0FNU>, %alpha: f32, %y: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<?x64xi8>, tensor<?x4xf8E8M0FNU>) rhs(%w, %sw : tensor<40x64xi8>, tensor<40x4xf8E8M0FNU>) alpha(%alpha) outs(%y : tensor<?x40xf32>) {strategy = "reference"}
  return %0 : tensor<?x40xf32>
}
