// A product of an input with a parameter, small enough to follow.
func.func @forward(
    %x: tensor<?x32xf32> {fp4.name = "x"},
    %w: tensor<4x32xf4E2M1FN> {fp4.param = "layer.e2m1"},
    %s: tensor<4x1xf8E8M0FNU> {fp4.param = "layer.scale_quant"},
    %g: f32 {fp4.param = "layer.weight_global_scale"})
    -> (tensor<?x4xbf16> {fp4.name = "y"}) {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x32xf32>)
      weight(%w, %s : tensor<4x32xf4E2M1FN>, tensor<4x1xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g)
      activation_scale_scale(%g) -> tensor<?x4xbf16>
  return %y : tensor<?x4xbf16>
}
