// Entries whose host side differs: control flow around layers, results that are
// no layer's, parameters that are re-laid, and weights that layers share.

func.func private @layer(
    %x: tensor<?x64xf32>, %w: tensor<64x64xf4E2M1FN>, %s: tensor<64x4xf8E4M3FN>,
    %gs: f32, %ss: f32) -> tensor<?x64xf32> {
  %y = fp4.quant_linear group_size(16) ins(%x : tensor<?x64xf32>)
      weight(%w, %s : tensor<64x64xf4E2M1FN>, tensor<64x4xf8E4M3FN>)
      weight_global_scale(%gs) activation_global_scale(%gs)
      activation_scale_scale(%ss) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

func.func @for(
    %x: tensor<?x64xf32> {fp4.name = "x"}, %w: tensor<64x64xf4E2M1FN> {fp4.param = "w"},
    %s: tensor<64x4xf8E4M3FN> {fp4.param = "s"}, %gs: f32 {fp4.param = "gs"},
    %ss: f32 {fp4.param = "ss"}) -> (tensor<?x64xf32> {fp4.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %y = scf.for %i = %c0 to %c3 step %c1 iter_args(%h = %x) -> tensor<?x64xf32> {
    %next = func.call @layer(%h, %w, %s, %gs, %ss)
        : (tensor<?x64xf32>, tensor<64x64xf4E2M1FN>, tensor<64x4xf8E4M3FN>, f32, f32)
        -> tensor<?x64xf32>
    scf.yield %next : tensor<?x64xf32>
  }
  return %y : tensor<?x64xf32>
}

func.func @if(
    %x: tensor<?x64xf32> {fp4.name = "x"}, %scale: f32 {fp4.name = "scale"},
    %w: tensor<64x64xf4E2M1FN> {fp4.param = "w"},
    %s: tensor<64x4xf8E4M3FN> {fp4.param = "s"}, %gs: f32 {fp4.param = "gs"},
    %ss: f32 {fp4.param = "ss"}) -> (tensor<?x64xf32> {fp4.name = "y"},
                                     tensor<?x64xf32> {fp4.name = "z"}) {
  %zero = arith.constant 0.0 : f32
  %positive = arith.cmpf ogt, %scale, %zero : f32
  %y = scf.if %positive -> tensor<?x64xf32> {
    %0 = func.call @layer(%x, %w, %s, %gs, %ss)
        : (tensor<?x64xf32>, tensor<64x64xf4E2M1FN>, tensor<64x4xf8E4M3FN>, f32, f32)
        -> tensor<?x64xf32>
    scf.yield %0 : tensor<?x64xf32>
  } else {
    scf.yield %x : tensor<?x64xf32>
  }
  %z = scf.if %positive -> tensor<?x64xf32> {
    scf.yield %x : tensor<?x64xf32>
  } else {
    %0 = func.call @layer(%x, %w, %s, %gs, %ss)
        : (tensor<?x64xf32>, tensor<64x64xf4E2M1FN>, tensor<64x4xf8E4M3FN>, f32, f32)
        -> tensor<?x64xf32>
    scf.yield %0 : tensor<?x64xf32>
  }
  return %y, %z : tensor<?x64xf32>, tensor<?x64xf32>
}

// An input, a parameter and a scalar as results, and one tensor twice.
func.func @returns(
    %x: tensor<?x64xf32> {fp4.name = "x"}, %w: tensor<64x64xf4E2M1FN> {fp4.param = "w"},
    %s: tensor<64x4xf8E4M3FN> {fp4.param = "s"}, %gs: f32 {fp4.param = "gs"},
    %ss: f32 {fp4.param = "ss"}) -> (tensor<?x64xf32> {fp4.name = "same"},
        tensor<64x4xf8E4M3FN> {fp4.name = "scales"}, f32 {fp4.name = "square"},
        tensor<?x64xf32> {fp4.name = "y"}, tensor<?x64xf32> {fp4.name = "again"}) {
  %square = arith.mulf %gs, %gs : f32
  %y = func.call @layer(%x, %w, %s, %gs, %ss)
      : (tensor<?x64xf32>, tensor<64x64xf4E2M1FN>, tensor<64x4xf8E4M3FN>, f32, f32)
      -> tensor<?x64xf32>
  return %x, %s, %square, %y, %y
      : tensor<?x64xf32>, tensor<64x4xf8E4M3FN>, f32, tensor<?x64xf32>, tensor<?x64xf32>
}

// Nothing for the device to do.
func.func @identity(%x: tensor<?x64xf32> {fp4.name = "x"})
    -> (tensor<?x64xf32> {fp4.name = "same"}) {
  return %x : tensor<?x64xf32>
}

// One weight, two layers, and an element-wise sum on the host.
func.func @shared(
    %x: tensor<?x64xf32> {fp4.name = "x"}, %w: tensor<64x64xf4E2M1FN> {fp4.param = "w"},
    %s: tensor<64x4xf8E4M3FN> {fp4.param = "s"}, %gs: f32 {fp4.param = "gs"},
    %ss: f32 {fp4.param = "ss"}) -> (tensor<?x64xf32> {fp4.name = "y"}) {
  %0 = func.call @layer(%x, %w, %s, %gs, %ss)
      : (tensor<?x64xf32>, tensor<64x64xf4E2M1FN>, tensor<64x4xf8E4M3FN>, f32, f32)
      -> tensor<?x64xf32>
  %sum = arith.addf %0, %x : tensor<?x64xf32>
  %1 = func.call @layer(%sum, %w, %s, %gs, %ss)
      : (tensor<?x64xf32>, tensor<64x64xf4E2M1FN>, tensor<64x4xf8E4M3FN>, f32, f32)
      -> tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}

// Scales of a parameter that are re-laid, which happens once: @prepared.prepare.
func.func @prepared(
    %x: tensor<?x64xf32> {fp4.name = "x"}, %w: tensor<64x64xf4E2M1FN> {fp4.param = "w"},
    %s: tensor<64x4xf8E4M3FN> {fp4.param = "s"}, %gs: f32 {fp4.param = "gs"},
    %ss: f32 {fp4.param = "ss"}) -> (tensor<?x64xf32> {fp4.name = "y"}) {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x64xf32>
  %e = tensor.empty() : tensor<1x1x32x4x4xf8E4M3FN>
  %blocked = fp4.convert_scale_layout ins(%s : tensor<64x4xf8E4M3FN>)
      outs(%e : tensor<1x1x32x4x4xf8E4M3FN>)
  %ec = tensor.empty(%m) : tensor<?x64xf4E2M1FN>
  %es = tensor.empty(%m) : tensor<?x4xf8E4M3FN>
  %ey = tensor.empty(%m) : tensor<?x64xf32>
  %c, %cs = fp4.quantize_pack group_size(16) ins(%x : tensor<?x64xf32>)
      global_scale(%gs) scale_scale(%ss)
      outs(%ec, %es : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
  %y = fp4.scaled_matmul group_size(16) lhs(%c, %cs : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
      rhs(%w, %blocked : tensor<64x64xf4E2M1FN>, tensor<1x1x32x4x4xf8E4M3FN>)
      alpha(%gs) outs(%ey : tensor<?x64xf32>)
  return %y : tensor<?x64xf32>
}
