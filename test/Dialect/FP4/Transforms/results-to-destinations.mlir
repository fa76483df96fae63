// An entry gets destinations for its results, and a second function that says how large they are.

// RUN: fp4-opt %s --fp4-results-to-destinations | FileCheck %s
// RUN: fp4-opt %s --fp4-results-to-destinations --resolve-ranked-shaped-type-result-dims --canonicalize --cse \
// RUN:   | FileCheck %s --check-prefix=SHAPES

// Tensors are materialized, scalars are stored, in the order of the results. Arguments that are tensors are read only,
// whatever they were before. Names are gone: the interface goes by position.
// CHECK-LABEL: func.func @entry(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4xf32> {bufferization.writable = false}, %[[P:[a-z0-9]+]]: i1,
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<2xi8> {bufferization.writable = false},
// CHECK-SAME:    %[[D0:[a-z0-9]+]]: memref<?x4xf32>, %[[D1:[a-z0-9]+]]: memref<i1>, %[[D2:[a-z0-9]+]]: memref<index>, %[[D3:[a-z0-9]+]]: memref<f32>) {
// CHECK:         bufferization.materialize_in_destination %[[X]] in restrict writable %[[D0]]
// CHECK-NEXT:    memref.store %[[P]], %[[D1]][] : memref<i1>
// CHECK-NEXT:    memref.store %{{.*}}, %[[D2]][] : memref<index>
// CHECK-NEXT:    bufferization.materialize_in_destination %{{.*}} in restrict writable %[[D3]] : (tensor<f32>, memref<f32>) -> ()
// CHECK-NEXT:    return{{$}}

// One size for each dimension of each tensor: a scalar has none.
// CHECK-LABEL: func.func @entry.result_shapes(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4xf32> {bufferization.writable = false}, %{{.*}}: i1, %{{.*}}: tensor<2xi8> {bufferization.writable = false}, %[[S:[a-z0-9]+]]: memref<2xindex>) {
// CHECK:         %[[ROWS:.*]] = tensor.dim %[[X]], %{{.*}}
// CHECK-NEXT:    memref.store %[[ROWS]], %[[S]][%c0]
// CHECK:         %[[COLUMNS:.*]] = tensor.dim %[[X]], %{{.*}}
// CHECK-NEXT:    memref.store %[[COLUMNS]], %[[S]][%c1]
// CHECK-NEXT:    return{{$}}
func.func @entry(%x: tensor<?x4xf32> {fp4.name = "x"}, %p: i1, %w: tensor<2xi8> {fp4.param = "w", bufferization.writable = true})
    -> (tensor<?x4xf32> {fp4.name = "y"}, i1, index, tensor<f32>) {
  %c = arith.constant 3 : index
  %s = tensor.empty() : tensor<f32>
  return %x, %p, %c, %s : tensor<?x4xf32>, i1, index, tensor<f32>
}

// The sizes of a layer's result need nothing of the layer.
// SHAPES-LABEL: func.func @layer.result_shapes(
// SHAPES-SAME:    %[[X:[a-z0-9]+]]: tensor<?x64xf32> {{.*}} %[[S:[a-z0-9]+]]: memref<2xindex>)
// SHAPES-NOT:     fp4.
// SHAPES:         %[[M:.*]] = tensor.dim %[[X]], %c0
// SHAPES-NEXT:    memref.store %[[M]], %[[S]][%c0]
// SHAPES-NEXT:    memref.store %c48, %[[S]][%c1]
// SHAPES-NEXT:    return
func.func @layer(%x: tensor<?x64xf32>, %w: tensor<48x64xf4E2M1FN>, %s: tensor<48x2xf8E8M0FNU>, %g: f32) -> tensor<?x48xf32> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xf32>) weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x48xf32>
  return %y : tensor<?x48xf32>
}

// Each way out stores its own results.
// CHECK-LABEL: func.func @two_returns(
// CHECK:       ^bb1:
// CHECK-NEXT:    bufferization.materialize_in_destination %[[A:.*]] in restrict writable %[[D:.*]] :
// CHECK-NEXT:    return
// CHECK:       ^bb2:
// CHECK-NEXT:    bufferization.materialize_in_destination %{{.*}} in restrict writable %[[D]] :
// CHECK-NEXT:    return
func.func @two_returns(%p: i1, %a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  cf.cond_br %p, ^left, ^right
^left:
  return %a : tensor<4xf32>
^right:
  return %b : tensor<4xf32>
}

// No results, no sizes.
// CHECK-LABEL: func.func @nothing() {
// CHECK-NEXT:    return
// CHECK-LABEL: func.func @nothing.result_shapes(
// CHECK-SAME:    %{{.*}}: memref<0xindex>) {
// CHECK-NEXT:    return
func.func @nothing() { return }

// Functions that are not entries keep their results: private ones, and those that are defined elsewhere.
// CHECK-LABEL: func.func private @helper(
// CHECK-SAME:    %{{.*}}: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NOT:   @helper.result_shapes
func.func private @helper(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// CHECK:       func.func private @elsewhere(tensor<4xf32>) -> tensor<4xf32>
// CHECK-NOT:   @elsewhere.result_shapes
func.func private @elsewhere(tensor<4xf32>) -> tensor<4xf32>

// CHECK-LABEL: func.func @calls_helper(
// CHECK-SAME:    %[[D:[a-z0-9]+]]: memref<4xf32>) {
// CHECK-NEXT:    %[[R:.*]] = call @helper(
// CHECK-NEXT:    bufferization.materialize_in_destination %[[R]] in restrict writable %[[D]]
func.func @calls_helper(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @helper(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
