// Quantizes a bf16 weight to NVFP4: groups of 16, e4m3 scales, gs = 0.1, ss = 6.
// The results are the state of a layer, under the names that it is stored by.
func.func @quantize_weight(%w: tensor<4096x4096xbf16> {fp4.name = "weight"})
    -> (tensor<4096x4096xf4E2M1FN> {fp4.name = "e2m1"},
        tensor<4096x256xf8E4M3FN> {fp4.name = "scale_quant"},
        f32 {fp4.name = "weight_global_scale"},
        f32 {fp4.name = "activation_global_scale"},
        f32 {fp4.name = "activation_scale_scale"}) {
  %gs = arith.constant 0.1 : f32
  %ss = arith.constant 6.0 : f32
  %c = tensor.empty() : tensor<4096x4096xf4E2M1FN>
  %s = tensor.empty() : tensor<4096x256xf8E4M3FN>
  %codes, %scales = fp4.quantize_pack group_size(16)
      ins(%w : tensor<4096x4096xbf16>) global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : tensor<4096x4096xf4E2M1FN>, tensor<4096x256xf8E4M3FN>)
  return %codes, %scales, %gs, %gs, %ss
      : tensor<4096x4096xf4E2M1FN>, tensor<4096x256xf8E4M3FN>, f32, f32, f32
}
