// Forms that have no kernel: the error says what to run first.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --convert-fp4-to-simt

func.func @tensors(%c: tensor<2x32xi8>, %s: tensor<2x2xf8E8M0FNU>, %g: f32, %o: tensor<2x64xf32>) -> tensor<2x64xf32> {
  // expected-error @below {{'fp4.dequantize' op is on tensors; bufferize first}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x32xi8>, tensor<2x2xf8E8M0FNU>) global_scale(%g) outs(%o : tensor<2x64xf32>) {strategy = "simt"}
  return %0 : tensor<2x64xf32>
}

// -----

func.func @layer(%x: tensor<2x64xf32>, %w: tensor<48x32xi8>, %s: tensor<48x2xf8E8M0FNU>, %g: f32) -> tensor<2x48xf32> {
  // expected-error @below {{'fp4.quant_linear' op is not lowered; run --fp4-decompose-quant-linear first}}
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>) weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) {strategy = "simt"} -> tensor<2x48xf32>
  return %y : tensor<2x48xf32>
}

// -----

// Before bufferization, which could not do it.
func.func @codes(%c: tensor<2x64xf4E2M1FN>, %s: tensor<2x2xf8E8M0FNU>, %g: f32, %o: tensor<2x64xf32>) -> tensor<2x64xf32> {
  // expected-error @below {{'fp4.dequantize' op has codes that are not packed, of type 'tensor<2x64xf4E2M1FN>'; run --fp4-pack-codes first}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x64xf4E2M1FN>, tensor<2x2xf8E8M0FNU>) global_scale(%g) outs(%o : tensor<2x64xf32>) {strategy = "simt"}
  return %0 : tensor<2x64xf32>
}

// -----

// Operands are counted with the scalars.
func.func @host(%c: memref<2x32xi8, 1>, %s: memref<2x2xf8E8M0FNU, 1>, %g: f32, %o: memref<2x64xf32>) {
  // expected-error @below {{'fp4.dequantize' op operand #3 of a simt op is in memory space 0; device memory is space 1}}
  fp4.dequantize group_size(32) ins(%c, %s : memref<2x32xi8, 1>, memref<2x2xf8E8M0FNU, 1>) global_scale(%g) outs(%o : memref<2x64xf32>) {strategy = "simt"}
  return
}

// -----

func.func @shared(%a: memref<130x4xf8E8M0FNU, 3>, %o: memref<2x1x32x4x4xf8E8M0FNU, 1>) {
  // expected-error @below {{'fp4.convert_scale_layout' op operand #0 of a simt op is in memory space 3; device memory is space 1}}
  fp4.convert_scale_layout ins(%a : memref<130x4xf8E8M0FNU, 3>) outs(%o : memref<2x1x32x4x4xf8E8M0FNU, 1>) {strategy = "simt"}
  return
}

// -----

// Device memory has one name here, the integer.
func.func @named(%a: memref<130x4xf8E8M0FNU, #gpu.address_space<global>>, %o: memref<2x1x32x4x4xf8E8M0FNU, 1>) {
  // expected-error @below {{op operand #0 of a simt op is in memory space #gpu.address_space<global>; device memory is space 1}}
  fp4.convert_scale_layout ins(%a : memref<130x4xf8E8M0FNU, #gpu.address_space<global>>) outs(%o : memref<2x1x32x4x4xf8E8M0FNU, 1>) {strategy = "simt"}
  return
}

// -----

#odd = affine_map<(i, j) -> (i floordiv 2, j, i mod 2)>
func.func @not_strided(%c: memref<4x32xi8, #odd, 1>, %s: memref<4x2xf8E8M0FNU, 1>, %g: f32, %o: memref<4x64xf32, 1>) {
  // expected-error @below {{'fp4.dequantize' op has a memref whose layout is not strided, of type 'memref<4x32xi8}}
  fp4.dequantize group_size(32) ins(%c, %s : memref<4x32xi8, #odd, 1>, memref<4x2xf8E8M0FNU, 1>) global_scale(%g) outs(%o : memref<4x64xf32, 1>) {strategy = "simt"}
  return
}

// -----

func.func @in_kernel(%a: memref<130x4xf8E8M0FNU, 1>, %o: memref<2x1x32x4x4xf8E8M0FNU, 1>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    // expected-error @below {{'fp4.convert_scale_layout' op of strategy simt is inside of a kernel; it becomes a kernel of its own}}
    fp4.convert_scale_layout ins(%a : memref<130x4xf8E8M0FNU, 1>) outs(%o : memref<2x1x32x4x4xf8E8M0FNU, 1>) {strategy = "simt"}
    gpu.terminator
  }
  return
}
