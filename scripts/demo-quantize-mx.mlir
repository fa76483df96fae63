// Quantizes a bf16 weight to MXFP4: groups of 32, power-of-two scales, gs = 1/3, ss = 4.
// The results are the state of a layer, under the names that it is stored by.
func.func @quantize_weight(%w: tensor<4096x4096xbf16> {fp4.name = "weight"})
    -> (tensor<4096x4096xf4E2M1FN> {fp4.name = "e2m1"},
        tensor<4096x128xf8E8M0FNU> {fp4.name = "scale_quant"},
        f32 {fp4.name = "weight_global_scale"},
        f32 {fp4.name = "activation_global_scale"},
        f32 {fp4.name = "activation_scale_scale"}) {
  %gs = arith.constant 0.333333343 : f32
  %ss = arith.constant 4.0 : f32
  %c = tensor.empty() : tensor<4096x4096xf4E2M1FN>
  %s = tensor.empty() : tensor<4096x128xf8E8M0FNU>
  %codes, %scales = fp4.quantize_pack group_size(32)
      ins(%w : tensor<4096x4096xbf16>) global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : tensor<4096x4096xf4E2M1FN>, tensor<4096x128xf8E8M0FNU>)
  return %codes, %scales, %gs, %gs, %ss
      : tensor<4096x4096xf4E2M1FN>, tensor<4096x128xf8E8M0FNU>, f32, f32, f32
}
