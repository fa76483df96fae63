// Functions of layers are inlined: the lowering of entries that call each other
// depends on it.

// RUN: fp4-opt %s --inline | FileCheck %s

func.func @dequantize(%c: tensor<8x32xf4E2M1FN>, %s: tensor<8x1xf8E8M0FNU>,
                      %g: f32) -> tensor<8x32xf32> {
  %e = tensor.empty() : tensor<8x32xf32>
  %x = fp4.dequantize group_size(32) ins(%c, %s : tensor<8x32xf4E2M1FN>, tensor<8x1xf8E8M0FNU>)
      global_scale(%g) outs(%e : tensor<8x32xf32>)
  return %x : tensor<8x32xf32>
}

// CHECK-LABEL: func.func @caller
// CHECK-NOT: call
// CHECK: fp4.dequantize
func.func @caller(%c: tensor<8x32xf4E2M1FN>, %s: tensor<8x1xf8E8M0FNU>,
                  %g: f32) -> tensor<8x32xf32> {
  %x = call @dequantize(%c, %s, %g)
      : (tensor<8x32xf4E2M1FN>, tensor<8x1xf8E8M0FNU>, f32) -> tensor<8x32xf32>
  return %x : tensor<8x32xf32>
}
