// A layer in a loop, with a weight that a branch picks in each iteration, gives
// what the same layers give one after the other.

// RUN: fp4-runner %s --entry=loop --output=%t.loop
// RUN: fp4-runner %s --entry=unrolled --output=%t.unrolled
// RUN: cmp %t.loop %t.unrolled
// RUN: fp4-runner %s --entry=unrolled | FileCheck %s

// By hand: the scale of a row of ones is 1/6 rounded to e4m3, 0.171875; each one
// is code 7, 6 * 0.171875 = 1.03125, and the sum of 16 of them 16.5. The scale of
// that is 2.75, exactly, and 16 * 16.5 * -0.5 = -132.
// CHECK: y : F32 (2, 16) = {{\[\[}}-132, -132

func.func private @layer(%x: tensor<2x16xf32>, %w: tensor<16x16xf4E2M1FN>) -> tensor<2x16xf32> {
  %s = arith.constant dense<1.0> : tensor<16x1xf8E4M3FN>
  %g = arith.constant 1.0 : f32
  %ss = arith.constant 6.0 : f32
  %y = fp4.quant_linear group_size(16) ins(%x : tensor<2x16xf32>)
      weight(%w, %s : tensor<16x16xf4E2M1FN>, tensor<16x1xf8E4M3FN>)
      weight_global_scale(%g) activation_global_scale(%g)
      activation_scale_scale(%ss) -> tensor<2x16xf32>
  return %y : tensor<2x16xf32>
}

func.func @loop() -> (tensor<2x16xf32> {fp4.name = "y"}) {
  %x = arith.constant dense<1.0> : tensor<2x16xf32>
  %w0 = arith.constant dense<1.0> : tensor<16x16xf4E2M1FN>
  %w1 = arith.constant dense<-0.5> : tensor<16x16xf4E2M1FN>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %y = scf.for %i = %c0 to %c2 step %c1 iter_args(%h = %x) -> tensor<2x16xf32> {
    %isFirst = arith.cmpi eq, %i, %c0 : index
    %w = scf.if %isFirst -> tensor<16x16xf4E2M1FN> {
      scf.yield %w0 : tensor<16x16xf4E2M1FN>
    } else {
      scf.yield %w1 : tensor<16x16xf4E2M1FN>
    }
    %next = func.call @layer(%h, %w)
        : (tensor<2x16xf32>, tensor<16x16xf4E2M1FN>) -> tensor<2x16xf32>
    scf.yield %next : tensor<2x16xf32>
  }
  return %y : tensor<2x16xf32>
}

func.func @unrolled() -> (tensor<2x16xf32> {fp4.name = "y"}) {
  %x = arith.constant dense<1.0> : tensor<2x16xf32>
  %w0 = arith.constant dense<1.0> : tensor<16x16xf4E2M1FN>
  %w1 = arith.constant dense<-0.5> : tensor<16x16xf4E2M1FN>
  %h = call @layer(%x, %w0)
      : (tensor<2x16xf32>, tensor<16x16xf4E2M1FN>) -> tensor<2x16xf32>
  %y = call @layer(%h, %w1)
      : (tensor<2x16xf32>, tensor<16x16xf4E2M1FN>) -> tensor<2x16xf32>
  return %y : tensor<2x16xf32>
}
