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

// -----

// A pointer to an entry would have its old type.
func.func @pointed_at(%x: f32) -> f32 { return %x : f32 }

func.func private @points(%x: f32) -> f32 {
  // expected-error @below {{'func.constant' op refers to the entry 'pointed_at' and was not inlined}}
  %0 = func.constant @pointed_at : (f32) -> f32
  %1 = func.call_indirect %0(%x) : (f32) -> f32
  return %1 : f32
}

// -----

// A caller would get the sizes from the wrong function.
// expected-error @below {{'func.func' op needs the name 'taken.result_shapes' for the function of its result sizes, but the module has it already}}
func.func @taken(%x: tensor<?xf32>) -> tensor<?xf32> { return %x : tensor<?xf32> }

func.func private @taken.result_shapes() { return }

// -----

// expected-error @below {{argument #1 of an entry has 'bufferization.buffer_layout', but buffers of entries are contiguous}}
func.func @layout(%a: f32, %x: tensor<2x4xf32> {bufferization.buffer_layout = strided<[1, 2]>}) { return }

// -----

// LLVM makes calls of memset out of loops, private functions included.
// expected-error @below {{'func.func' op has the name of a library function, which lowered code may call}}
func.func private @memset(%x: f32) -> f32 { return %x : f32 }
