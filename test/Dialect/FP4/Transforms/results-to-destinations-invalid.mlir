// What an entry's interface cannot be.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --fp4-results-to-destinations

// expected-error @below {{'func.func' op argument #1 of an entry must be a ranked tensor, an integer, an index or a float, but got 'memref<?x4xf32>'}}
func.func @memref_argument(%a: f32, %x: memref<?x4xf32>) { return }

// -----

// expected-error @below {{argument #0 of an entry must be a ranked tensor, an integer, an index or a float, but got 'tensor<*xf32>'}}
func.func @unranked_argument(%x: tensor<*xf32>) { return }

// -----

// expected-error @below {{'func.func' op result #1 of an entry must be a ranked tensor, an integer, an index or a float, but got 'vector<4xf32>'}}
func.func @vector_result(%x: f32) -> (f32, vector<4xf32>) {
  %0 = arith.constant dense<0.0> : vector<4xf32>
  return %x, %0 : f32, vector<4xf32>
}

// -----

func.func @callee(%x: f32) -> f32 { return %x : f32 }

// A call left over would pass no destinations.
func.func private @caller(%x: f32) -> f32 {
  // expected-error @below {{'func.call' op refers to the entry 'callee' and was not inlined; an entry gives its results in destinations and cannot be called from the module}}
  %0 = func.call @callee(%x) : (f32) -> f32
  return %0 : f32
}

// -----

func.func @recursive(%x: f32) -> f32 {
  // expected-error @below {{'func.call' op refers to the entry 'recursive' and was not inlined; an entry gives its results in destinations and cannot be called from the module}}
  %0 = func.call @recursive(%x) : (f32) -> f32
  return %0 : f32
}
