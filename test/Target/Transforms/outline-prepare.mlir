// Layout changes of parameters move to a function of their own, which runs once.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --fp4-outline-prepare | FileCheck %s

// Its results are the entry's last arguments. Parameters that nothing else reads go, those that something reads, and
// those that nothing read before, stay.
// CHECK-LABEL: func.func @f.prepare(
// CHECK-SAME:    %[[S:.*]]: tensor<48x4xf8E4M3FN> {fp4.param = "scales"}, %[[W:.*]]: tensor<48x24xi8> {fp4.param = "codes"}) -> (tensor<1x1x32x4x4xf8E4M3FN>, tensor<48x32xi8>) {
// CHECK:         %[[B:.*]] = fp4.convert_scale_layout ins(%[[S]] :
// CHECK:         %[[P:.*]] = tensor.insert_slice %[[W]] into
// CHECK:         return %[[B]], %[[P]]
// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[X:.*]]: tensor<4x64xbf16>, %[[CODES:.*]]: tensor<48x24xi8> {fp4.param = "codes"}, %[[BLOCKED:.*]]: tensor<1x1x32x4x4xf8E4M3FN> {fp4.prepared = 0 : i64}, %[[PADDED:.*]]: tensor<48x32xi8> {fp4.prepared = 1 : i64}) ->
// CHECK-NOT:     convert_scale_layout
// CHECK:         return %[[BLOCKED]], %[[PADDED]], %[[CODES]], %[[X]]
func.func @f(%x: tensor<4x64xbf16>, %s: tensor<48x4xf8E4M3FN> {fp4.param = "scales"}, %w: tensor<48x24xi8> {fp4.param = "codes"})
    -> (tensor<1x1x32x4x4xf8E4M3FN>, tensor<48x32xi8>, tensor<48x24xi8>, tensor<4x64xbf16>) {
  %e = tensor.empty() : tensor<1x1x32x4x4xf8E4M3FN>
  %b = fp4.convert_scale_layout ins(%s : tensor<48x4xf8E4M3FN>) outs(%e : tensor<1x1x32x4x4xf8E4M3FN>) {strategy = "simt"}
  %p = tensor.empty() : tensor<48x32xi8>
  %q = tensor.insert_slice %w into %p[0, 0] [48, 24] [1, 1] : tensor<48x24xi8> into tensor<48x32xi8>
  return %b, %q, %w, %x : tensor<1x1x32x4x4xf8E4M3FN>, tensor<48x32xi8>, tensor<48x24xi8>, tensor<4x64xbf16>
}

// -----

// A chain: what only the next step reads is no result.
// CHECK-LABEL: func.func @chain.prepare(
// CHECK-SAME:    -> tensor<48x64xi8>
// CHECK-COUNT-2: tensor.insert_slice
// CHECK:         return
// CHECK-LABEL: func.func @chain(
// CHECK-SAME:    %[[P:.*]]: tensor<48x64xi8> {fp4.prepared = 0 : i64})
// CHECK-NEXT:    return %[[P]]
func.func @chain(%w: tensor<48x24xi8> {fp4.param = "codes"}) -> tensor<48x64xi8> {
  %p = tensor.empty() : tensor<48x32xi8>
  %q = tensor.insert_slice %w into %p[0, 0] [48, 24] [1, 1] : tensor<48x24xi8> into tensor<48x32xi8>
  %r = tensor.empty() : tensor<48x64xi8>
  %t = tensor.insert_slice %q into %r[0, 0] [48, 32] [1, 1] : tensor<48x32xi8> into tensor<48x64xi8>
  return %t : tensor<48x64xi8>
}

// -----

// What depends on an input stays, and so does what is private or has a caller.
// CHECK-NOT: prepare
func.func @input(%w: tensor<48x24xi8>) -> tensor<48x32xi8> {
  %p = tensor.empty() : tensor<48x32xi8>
  %q = tensor.insert_slice %w into %p[0, 0] [48, 24] [1, 1] : tensor<48x24xi8> into tensor<48x32xi8>
  return %q : tensor<48x32xi8>
}
func.func @called(%w: tensor<48x24xi8> {fp4.param = "codes"}) -> tensor<48x32xi8> {
  %p = tensor.empty() : tensor<48x32xi8>
  %q = tensor.insert_slice %w into %p[0, 0] [48, 24] [1, 1] : tensor<48x24xi8> into tensor<48x32xi8>
  return %q : tensor<48x32xi8>
}
func.func @caller(%w: tensor<48x24xi8>) -> tensor<48x32xi8> {
  %q = call @called(%w) : (tensor<48x24xi8>) -> tensor<48x32xi8>
  return %q : tensor<48x32xi8>
}

// -----

// expected-error @below {{'func.func' op needs the name 'f.prepare' for the function that re-lays its parameters, but the module has it already}}
func.func @f(%w: tensor<48x24xi8> {fp4.param = "codes"}) -> tensor<48x32xi8> {
  %p = tensor.empty() : tensor<48x32xi8>
  %q = tensor.insert_slice %w into %p[0, 0] [48, 24] [1, 1] : tensor<48x24xi8> into tensor<48x32xi8>
  return %q : tensor<48x32xi8>
}
func.func private @f.prepare()
