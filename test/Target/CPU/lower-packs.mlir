// Packing is padding, a reshape and a transposition.

// RUN: fp4-opt %s --fp4-lower-packs | FileCheck %s

// CHECK-LABEL: func.func @codes(
// CHECK-SAME:    %[[W:.*]]: tensor<40x64xi8>, %[[E:.*]]: tensor<2x16x32x4xi8>)
// CHECK:         %[[PAD:.*]] = tensor.pad %[[W]] low[0, 0] high[24, 0]
// CHECK:         %[[WIDE:.*]] = tensor.expand_shape %[[PAD]] {{\[\[}}0, 1], [2, 3]] {{.*}} into tensor<2x32x16x4xi8>
// CHECK:         %[[T:.*]] = linalg.transpose ins(%[[WIDE]] {{.*}} outs(%[[E]] {{.*}} permutation = [0, 2, 1, 3]
// CHECK:         return %[[T]]
func.func @codes(%w: tensor<40x64xi8>, %e: tensor<2x16x32x4xi8>) -> tensor<2x16x32x4xi8> {
  %zero = arith.constant 0 : i8
  %p = linalg.pack %w padding_value(%zero : i8) inner_dims_pos = [0, 1] inner_tiles = [32, 4] into %e : tensor<40x64xi8> -> tensor<2x16x32x4xi8>
  return %p : tensor<2x16x32x4xi8>
}
