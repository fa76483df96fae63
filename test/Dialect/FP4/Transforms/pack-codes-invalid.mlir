// Codes in what has no packed form, and in ops that would read bytes as elements.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --fp4-pack-codes

// Half of a byte would belong to the next row.
// expected-error @below {{'func.func' op has codes of type 'tensor<2x63xf4E2M1FN>' that cannot be packed; expects a ranked tensor with an even last dimension}}
func.func @odd(%c: tensor<2x63xf4E2M1FN>) { return }

// -----

// expected-error @below {{has codes of type 'tensor<f4E2M1FN>' that cannot be packed; expects a ranked tensor with an even last dimension}}
func.func private @rank_0(%c: tensor<f4E2M1FN>)

// -----

// expected-error @below {{has codes of type 'tensor<*xf4E2M1FN>' that cannot be packed; expects a ranked tensor with an even last dimension}}
func.func private @unranked() -> tensor<*xf4E2M1FN>

// -----

// expected-error @below {{has codes of type 'f4E2M1FN' that cannot be packed; expects a ranked tensor with an even last dimension}}
func.func @scalar(%c: f4E2M1FN) { return }

// -----

// expected-error @below {{has codes of type 'memref<2x64xf4E2M1FN>' that cannot be packed; expects a ranked tensor with an even last dimension}}
func.func @memref(%c: memref<2x64xf4E2M1FN>) { return }

// -----

// expected-error @below {{has codes of type 'vector<64xf4E2M1FN>' that cannot be packed; expects a ranked tensor with an even last dimension}}
func.func @vector(%c: vector<64xf4E2M1FN>) { return }

// -----

func.func @cast(%c: tensor<2x?xf4E2M1FN>) {
  // expected-error @below {{'tensor.cast' op has codes of type 'tensor<2x63xf4E2M1FN>' that cannot be packed; expects a ranked tensor with an even last dimension}}
  %0 = tensor.cast %c : tensor<2x?xf4E2M1FN> to tensor<2x63xf4E2M1FN>
  return
}

// -----

func.func @constant() -> i1 {
  // expected-error @below {{'arith.constant' op has codes of type 'f4E2M1FN' that cannot be packed; expects a ranked tensor with an even last dimension}}
  %0 = arith.constant 1.0 : f4E2M1FN
  %1 = arith.constant true
  return %1 : i1
}

// -----

// An offset in elements is none in bytes.
func.func @slice(%c: tensor<2x64xf4E2M1FN>) {
  // expected-error @below {{'tensor.extract_slice' op cannot hold codes of type 'tensor<2x64xf4E2M1FN>'}}
  // expected-note @below {{only fp4 ops, functions, scf.for, scf.if, scf.while, a select by one i1, tensor.empty, tensor.dim, tensor.cast and constants can; convert with fp4.dequantize}}
  %0 = tensor.extract_slice %c[0, 1] [2, 32] [1, 1] : tensor<2x64xf4E2M1FN> to tensor<2x32xf4E2M1FN>
  return
}

// -----

// Branches carry values that no pattern converts; structured control flow does.
func.func @branch(%c: tensor<?x64xf4E2M1FN>) -> tensor<?x64xf4E2M1FN> {
  // expected-error @below {{'cf.br' op cannot hold codes of type 'tensor<?x64xf4E2M1FN>'}}
  // expected-note @below {{convert with fp4.dequantize}}
  cf.br ^next(%c : tensor<?x64xf4E2M1FN>)
^next(%d: tensor<?x64xf4E2M1FN>):
  return %d : tensor<?x64xf4E2M1FN>
}

// -----

// One choice for each element is none for each byte.
func.func @select(%p: tensor<64xi1>, %c: tensor<64xf4E2M1FN>) -> tensor<64xf4E2M1FN> {
  // expected-error @below {{'arith.select' op cannot hold codes of type 'tensor<64xf4E2M1FN>'}}
  // expected-note @below {{a select by one i1}}
  %0 = arith.select %p, %c, %c : tensor<64xi1>, tensor<64xf4E2M1FN>
  return %0 : tensor<64xf4E2M1FN>
}

// -----

// The bytes of a resource may be in another order.
func.func @resource() {
  // expected-error @below {{'arith.constant' op expects codes to be given as dense<...>}}
  // expected-error @below {{failed to legalize operation 'arith.constant'}}
  %0 = arith.constant dense_resource<blob> : tensor<2x2xf4E2M1FN>
  return
}

{-# dialect_resources: { builtin: { blob: "0x0800000001020304" } } #-}

// -----

// The op that takes the codes is to blame, and not the body in which they are scalars.
func.func @body(%x: tensor<4xf4E2M1FN>, %o: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'linalg.generic' op cannot hold codes of type 'tensor<4xf4E2M1FN>'}}
  // expected-note @below {{convert with fp4.dequantize}}
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]}
      ins(%x : tensor<4xf4E2M1FN>) outs(%o : tensor<4xf32>) {
    ^bb0(%a: f4E2M1FN, %b: f32):
      %e = arith.extf %a : f4E2M1FN to f32
      linalg.yield %e : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
