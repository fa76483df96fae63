// Tensors go to the memory of the op that reads them, with one copy for all that read it there; then destinations of ops
// on the device are allocated there.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-place-on-device))' | FileCheck %s
// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-place-on-device,fp4-allocate-on-device))' | FileCheck %s --check-prefix=ALLOC

// A host op in front of, between and behind ops on the device.
// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[X:.*]]: memref<4x64xf32, 1>, %{{.*}}: f32, %[[Y:.*]]: memref<4x64xf32, 1>, %[[H:.*]]: memref<4x64xf32>)
// CHECK:         %[[T:.*]] = bufferization.to_tensor %[[X]]
// CHECK-NEXT:    %[[TH:.*]] = bufferization.alloc_tensor() copy(%[[T]]) {memory_space = 0 : i64} : tensor<4x64xf32>
// CHECK:         %[[E:.*]] = linalg.exp ins(%[[TH]] :
// CHECK-NEXT:    %[[ED:.*]] = bufferization.alloc_tensor() copy(%[[E]]) {memory_space = 1 : i64}
// CHECK-NEXT:    %[[Q:.*]]:2 = fp4.quantize_pack {{.*}} ins(%[[ED]] :
// CHECK-NEXT:    %[[D:.*]] = fp4.dequantize {{.*}} ins(%[[Q]]#0, %[[Q]]#1 :
// CHECK-NEXT:    %[[DH:.*]] = bufferization.alloc_tensor() copy(%[[D]]) {memory_space = 0 : i64} : tensor<4x64xf32>
// CHECK-NEXT:    %[[A:.*]] = linalg.exp ins(%[[DH]] :
// CHECK-NEXT:    %[[B:.*]] = linalg.abs ins(%[[DH]] :
// CHECK-NEXT:    %[[C:.*]] = linalg.add ins(%[[A]], %[[B]] :
// CHECK-NEXT:    %[[CD:.*]] = bufferization.alloc_tensor() copy(%[[C]]) {memory_space = 1 : i64}
// CHECK-NEXT:    bufferization.materialize_in_destination %[[CD]] in restrict writable %[[Y]]
// CHECK-NEXT:    bufferization.materialize_in_destination %[[DH]] in restrict writable %[[H]]

// Each op on the device gets a destination of its own there; those of the host's ops stay.
// ALLOC-LABEL: func.func @f(
// ALLOC-DAG:     %[[HOST:.*]] = tensor.empty() : tensor<4x64xf32>
// ALLOC:         linalg.exp {{.*}} outs(%[[HOST]] :
// ALLOC:         %[[C:.*]] = bufferization.alloc_tensor() {memory_space = 1 : i64} : tensor<4x32xi8>
// ALLOC-NEXT:    %[[S:.*]] = bufferization.alloc_tensor() {memory_space = 1 : i64} : tensor<4x2xf8E8M0FNU>
// ALLOC-NEXT:    fp4.quantize_pack {{.*}} outs(%[[C]], %[[S]] :
// ALLOC-NEXT:    %[[O:.*]] = bufferization.alloc_tensor() {memory_space = 1 : i64} : tensor<4x64xf32>
// ALLOC-NEXT:    fp4.dequantize {{.*}} outs(%[[O]] :
func.func @f(%x: memref<4x64xf32, 1>, %g: f32, %y: memref<4x64xf32, 1>, %h: memref<4x64xf32>) {
  %0 = bufferization.to_tensor %x restrict : memref<4x64xf32, 1> to tensor<4x64xf32>
  %e = tensor.empty() : tensor<4x64xf32>
  %c = tensor.empty() : tensor<4x32xi8>
  %s = tensor.empty() : tensor<4x2xf8E8M0FNU>
  %1 = linalg.exp ins(%0 : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %2:2 = fp4.quantize_pack group_size(32) ins(%1 : tensor<4x64xf32>) global_scale(%g) scale_scale(%g) outs(%c, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>) {strategy = "simt"}
  %3 = fp4.dequantize group_size(32) ins(%2#0, %2#1 : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>) global_scale(%g) outs(%e : tensor<4x64xf32>) {strategy = "simt"}
  %4 = linalg.exp ins(%3 : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %5 = linalg.abs ins(%3 : tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %6 = linalg.add ins(%4, %5 : tensor<4x64xf32>, tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  bufferization.materialize_in_destination %6 in restrict writable %y : (tensor<4x64xf32>, memref<4x64xf32, 1>) -> ()
  bufferization.materialize_in_destination %3 in restrict writable %h : (tensor<4x64xf32>, memref<4x64xf32>) -> ()
  return
}

// A destination that is a view of uninitialized memory: the view is repeated.
// ALLOC-LABEL: func.func @view(
// ALLOC:         %[[B:.*]] = bufferization.alloc_tensor(%{{.*}}) {memory_space = 1 : i64} : tensor<?x48xi8>
// ALLOC-NEXT:    %[[V:.*]] = tensor.extract_slice %[[B]][0, 0] [4, 32] [1, 1]
// ALLOC:         fp4.quantize_pack {{.*}} outs(%[[V]],
func.func @view(%x: memref<4x64xf32, 1>, %g: f32, %n: index) -> tensor<4x32xi8> {
  %0 = bufferization.to_tensor %x restrict : memref<4x64xf32, 1> to tensor<4x64xf32>
  %b = tensor.empty(%n) : tensor<?x48xi8>
  %c = tensor.extract_slice %b[0, 0] [4, 32] [1, 1] : tensor<?x48xi8> to tensor<4x32xi8>
  %s = tensor.empty() : tensor<4x2xf8E8M0FNU>
  %2:2 = fp4.quantize_pack group_size(32) ins(%0 : tensor<4x64xf32>) global_scale(%g) scale_scale(%g) outs(%c, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>) {strategy = "simt"}
  return %2#0 : tensor<4x32xi8>
}

// A part of uninitialized memory that is put in other such memory: one allocation for all.
// ALLOC-LABEL: func.func @inserted(
// ALLOC:         %[[B:.*]] = bufferization.alloc_tensor() {memory_space = 1 : i64} : tensor<4x64xf32>
// ALLOC-NEXT:    fp4.dequantize {{.*}} outs(%[[B]] :
func.func @inserted(%c: memref<4x32xi8, 1>, %s: memref<4x2xf8E8M0FNU, 1>, %g: f32) -> tensor<4x64xf32> {
  %0 = bufferization.to_tensor %c restrict : memref<4x32xi8, 1> to tensor<4x32xi8>
  %1 = bufferization.to_tensor %s restrict : memref<4x2xf8E8M0FNU, 1> to tensor<4x2xf8E8M0FNU>
  %p = tensor.empty() : tensor<2x64xf32>
  %e = tensor.empty() : tensor<4x64xf32>
  %d = tensor.insert_slice %p into %e[0, 0] [2, 64] [1, 1] : tensor<2x64xf32> into tensor<4x64xf32>
  %2 = fp4.dequantize group_size(32) ins(%0, %1 : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>) global_scale(%g) outs(%d : tensor<4x64xf32>) {strategy = "simt"}
  return %2 : tensor<4x64xf32>
}

// An attribute of the same name on an op of another dialect does not move it.
// CHECK-LABEL: func.func @other_strategy(
// CHECK:         %[[H:.*]] = bufferization.alloc_tensor() copy(%{{.*}}) {memory_space = 0 : i64}
// CHECK:         linalg.exp {strategy = "simt"} ins(%[[H]] :
func.func @other_strategy(%x: memref<4xf32, 1>) -> tensor<4xf32> {
  %0 = bufferization.to_tensor %x restrict : memref<4xf32, 1> to tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %1 = linalg.exp {strategy = "simt"} ins(%0 : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
