// What moves small floats without giving them a value passes, and is not changed; so does arithmetic on wider floats.

// RUN: fp4-opt %s --mlir-print-op-generic > %t.before
// RUN: fp4-opt %s --fp4-check-small-floats --mlir-print-op-generic > %t.after
// RUN: cmp %t.before %t.after

func.func @moved(%p: i1, %b: i8, %s: tensor<4xf8E8M0FNU>, %c: f8E4M3FN) -> (tensor<4xf8E8M0FNU>, f8E4M3FN, f8E8M0FNU) {
  %0 = arith.constant dense<1.0> : tensor<4xf8E8M0FNU>
  %1 = arith.select %p, %0, %s : tensor<4xf8E8M0FNU>
  %2 = arith.bitcast %b : i8 to f8E8M0FNU
  return %1, %c, %2 : tensor<4xf8E8M0FNU>, f8E4M3FN, f8E8M0FNU
}

func.func @wider(%x: bf16, %y: tensor<4xf16>) -> (f32, tensor<4xf16>) {
  %0 = arith.extf %x : bf16 to f32
  %1 = arith.addf %0, %0 : f32
  %2 = math.exp %y : tensor<4xf16>
  return %1, %2 : f32, tensor<4xf16>
}

func.func @fp4(%c: tensor<64xf4E2M1FN>, %s: tensor<2xf8E8M0FNU>, %g: f32, %o: tensor<64xf32>) -> tensor<64xf32> {
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<64xf4E2M1FN>, tensor<2xf8E8M0FNU>) global_scale(%g) outs(%o : tensor<64xf32>)
  return %0 : tensor<64xf32>
}
