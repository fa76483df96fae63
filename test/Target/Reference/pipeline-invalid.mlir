// What the reference pipeline refuses: the pass that knows why says so.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --fp4-lower-to-reference

// Arithmetic on codes would be rounded as upstream's expansion happens to.
func.func @codes(%x: f32) -> tensor<2xf4E2M1FN> {
  // expected-error @below {{'arith.truncf' op computes with 'f4E2M1FN'}}
  // expected-note @below {{only fp4 ops give floats of 8 bits or fewer a value}}
  %0 = arith.truncf %x : f32 to f4E2M1FN
  %1 = tensor.from_elements %0, %0 : tensor<2xf4E2M1FN>
  return %1 : tensor<2xf4E2M1FN>
}

// -----

func.func @slice(%c: tensor<2x64xf4E2M1FN>) -> tensor<2x32xf4E2M1FN> {
  // expected-error @below {{'tensor.extract_slice' op cannot hold codes of type 'tensor<2x64xf4E2M1FN>'}}
  // expected-note @below {{convert with fp4.dequantize}}
  %0 = tensor.extract_slice %c[0, 0] [2, 32] [1, 1] : tensor<2x64xf4E2M1FN> to tensor<2x32xf4E2M1FN>
  return %0 : tensor<2x32xf4E2M1FN>
}

// -----

// What calls itself cannot be inlined.
func.func @recursive(%x: f32) -> f32 {
  // expected-error @below {{'func.call' op refers to the entry 'recursive' and was not inlined; an entry gives its results in destinations and cannot be called from the module}}
  %0 = func.call @recursive(%x) : (f32) -> f32
  return %0 : f32
}

// -----

// expected-error @below {{argument #0 of an entry must be a ranked tensor, an integer, an index or a float, but got 'memref<2x32xi8>'}}
func.func @memref(%c: memref<2x32xi8>) { return }

// -----

func.func @no_lowering(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @below {{op was not bufferized}}
  %0 = tosa.add %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// An op that no pass of the pipeline lowers is no success.
func.func @left_over(%x: tensor<4xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  // expected-error @below {{'vector.transfer_read' op cannot be lowered to the LLVM dialect}}
  %0 = vector.transfer_read %x[%c0], %zero {in_bounds = [true]} : tensor<4xf32>, vector<4xf32>
  %1 = vector.extract %0[0] : f32 from vector<4xf32>
  return %1 : f32
}
