// Arithmetic on floats of 8 bits or fewer, wherever it hides.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --fp4-check-small-floats

// The rounding of this conversion depends on the lowering.
func.func @truncate(%x: f32) -> f4E2M1FN {
  // expected-error @below {{'arith.truncf' op computes with 'f4E2M1FN'}}
  // expected-note @below {{only fp4 ops give floats of 8 bits or fewer a value; convert with fp4.dequantize or fp4.quantize_pack}}
  %0 = arith.truncf %x : f32 to f4E2M1FN
  return %0 : f4E2M1FN
}

// -----

// Byte 0 would become 0, and not 2^-127.
func.func @extend(%s: tensor<4xf8E8M0FNU>) -> tensor<4xf32> {
  // expected-error @below {{'arith.extf' op computes with 'tensor<4xf8E8M0FNU>'}}
  // expected-note @below {{only fp4 ops give floats of 8 bits or fewer a value}}
  %0 = arith.extf %s : tensor<4xf8E8M0FNU> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @vector_add(%s: vector<4xf8E4M3FN>) -> vector<4xf8E4M3FN> {
  // expected-error @below {{'arith.addf' op computes with 'vector<4xf8E4M3FN>'}}
  // expected-note @below {{only fp4 ops}}
  %0 = arith.addf %s, %s : vector<4xf8E4M3FN>
  return %0 : vector<4xf8E4M3FN>
}

// -----

// A result that is no float does not make it right.
func.func @compare(%s: f8E5M2) -> i1 {
  // expected-error @below {{'arith.cmpf' op computes with 'f8E5M2'}}
  // expected-note @below {{only fp4 ops}}
  %0 = arith.cmpf olt, %s, %s : f8E5M2
  return %0 : i1
}

// -----

func.func @math(%s: f6E3M2FN) -> f6E3M2FN {
  // expected-error @below {{'math.absf' op computes with 'f6E3M2FN'}}
  // expected-note @below {{only fp4 ops}}
  %0 = math.absf %s : f6E3M2FN
  return %0 : f6E3M2FN
}

// -----

// In the body of another op.
func.func @body(%x: tensor<4xf8E4M3FN>, %o: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf8E4M3FN>) outs(%o : tensor<4xf32>) {
  ^bb0(%in: f8E4M3FN, %out: f32):
    // expected-error @below {{'arith.extf' op computes with 'f8E4M3FN'}}
    // expected-note @below {{only fp4 ops}}
    %1 = arith.extf %in : f8E4M3FN to f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
