// Two layers of different formats with a gelu between, and what is between them
// as further results.
func.func @f(
    %x: tensor<?x96xbf16> {fp4.name = "x"},
    %w0: tensor<64x96xf4E2M1FN> {fp4.name = "w0"},
    %s0: tensor<64x3xf8E8M0FNU> {fp4.name = "s0"},
    %w1: tensor<11x64xf4E2M1FN> {fp4.name = "w1"},
    %s1: tensor<11x4xf8E4M3FN> {fp4.name = "s1"},
    %gs: f32 {fp4.name = "gs"}, %ss: f32 {fp4.name = "ss"})
    -> (tensor<?x64xbf16> {fp4.name = "hidden"},
        tensor<?x64xbf16> {fp4.name = "activation"},
        tensor<?x11xbf16> {fp4.name = "y"}) {
  %hidden = fp4.quant_linear group_size(32) ins(%x : tensor<?x96xbf16>)
      weight(%w0, %s0 : tensor<64x96xf4E2M1FN>, tensor<64x3xf8E8M0FNU>)
      weight_global_scale(%gs) activation_global_scale(%gs)
      activation_scale_scale(%ss) -> tensor<?x64xbf16>
  %activation = func.call @gelu(%hidden)
      : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %y = fp4.quant_linear group_size(16) ins(%activation : tensor<?x64xbf16>)
      weight(%w1, %s1 : tensor<11x64xf4E2M1FN>, tensor<11x4xf8E4M3FN>)
      weight_global_scale(%gs) activation_global_scale(%gs)
      activation_scale_scale(%ss) -> tensor<?x11xbf16>
  return %hidden, %activation, %y
      : tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x11xbf16>
}

// 0.5 v (1 + tanh(sqrt(2 / pi) (v + 0.044715 v^3))), in f32.
func.func private @gelu(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x64xbf16>
  %empty = tensor.empty(%m) : tensor<?x64xbf16>
  %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x64xbf16>) outs(%empty : tensor<?x64xbf16>) {
    ^bb0(%in: bf16, %out: bf16):
      %half = arith.constant 0.5 : f32
      %one = arith.constant 1.0 : f32
      %cubic = arith.constant 0.044715 : f32
      %root = arith.constant 0.797884583 : f32
      %v = arith.extf %in : bf16 to f32
      %v2 = arith.mulf %v, %v : f32
      %v3 = arith.mulf %v2, %v : f32
      %c = arith.mulf %v3, %cubic : f32
      %s = arith.addf %v, %c : f32
      %r = arith.mulf %s, %root : f32
      %t = math.tanh %r : f32
      %p = arith.addf %t, %one : f32
      %h = arith.mulf %v, %half : f32
      %g = arith.mulf %h, %p : f32
      %y = arith.truncf %g : f32 to bf16
      linalg.yield %y : bf16
  } -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
