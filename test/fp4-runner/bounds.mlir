// The allowance for cancellation is known after one product and not after two,
// wherever the first one stands.

// RUN: fp4-runner %s --entry=one --compare=reference | FileCheck %s --check-prefix=ONE
// RUN: fp4-runner %s --entry=two --compare=reference | FileCheck %s --check-prefix=TWO
// RUN: fp4-runner %s --entry=branch --compare=reference | FileCheck %s --check-prefix=TWO

// ONE: 0 of 16 elements differ; 0 by more than 1 ulp + 2^-22 sum |terms|
// TWO: 0 of 16 elements differ; 0 by more than 1 ulp{{$}}

func.func private @layer(%x: tensor<1x16xbf16>) -> tensor<1x16xbf16> {
  %w = arith.constant dense<1.0> : tensor<16x16xf4E2M1FN>
  %s = arith.constant dense<1.0> : tensor<16x1xf8E4M3FN>
  %g = arith.constant 1.0 : f32
  %y = fp4.quant_linear group_size(16) ins(%x : tensor<1x16xbf16>)
      weight(%w, %s : tensor<16x16xf4E2M1FN>, tensor<16x1xf8E4M3FN>)
      weight_global_scale(%g) activation_global_scale(%g)
      activation_scale_scale(%g) -> tensor<1x16xbf16>
  return %y : tensor<1x16xbf16>
}

func.func @one() -> tensor<1x16xbf16> {
  %x = arith.constant dense<1.0> : tensor<1x16xbf16>
  %y = call @layer(%x) : (tensor<1x16xbf16>) -> tensor<1x16xbf16>
  return %y : tensor<1x16xbf16>
}

func.func @two() -> tensor<1x16xbf16> {
  %x = arith.constant dense<1.0> : tensor<1x16xbf16>
  %h = call @layer(%x) : (tensor<1x16xbf16>) -> tensor<1x16xbf16>
  %y = call @layer(%h) : (tensor<1x16xbf16>) -> tensor<1x16xbf16>
  return %y : tensor<1x16xbf16>
}

func.func @branch() -> tensor<1x16xbf16> {
  %x = arith.constant dense<1.0> : tensor<1x16xbf16>
  %true = arith.constant true
  %h = scf.if %true -> tensor<1x16xbf16> {
    %0 = func.call @layer(%x) : (tensor<1x16xbf16>) -> tensor<1x16xbf16>
    scf.yield %0 : tensor<1x16xbf16>
  } else {
    scf.yield %x : tensor<1x16xbf16>
  }
  %y = call @layer(%h) : (tensor<1x16xbf16>) -> tensor<1x16xbf16>
  return %y : tensor<1x16xbf16>
}
