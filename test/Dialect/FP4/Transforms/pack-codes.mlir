// Tensors of codes become tensors of bytes, wherever they are: in ops, signatures, calls, loops and constants.

// RUN: fp4-opt %s --fp4-pack-codes | FileCheck %s --implicit-check-not=f4E2M1FN
// RUN: fp4-opt %s --fp4-pack-codes --fp4-pack-codes | FileCheck %s

// CHECK: func.func private @declared(tensor<?x32xi8>)
func.func private @declared(tensor<?x64xf4E2M1FN>)

// The ops keep their attributes, the function the names of its arguments.
// CHECK-LABEL: func.func @quantize(
// CHECK-SAME:    -> (tensor<?x32xi8> {fp4.name = "codes"})
// CHECK:         fp4.quantize_pack group_size(16) rounding(up) ins(%{{.*}} : tensor<?x64xf32>) {{.*}} outs(%{{.*}}, %{{.*}} : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>)
func.func @quantize(%x: tensor<?x64xf32>, %g: f32, %s: tensor<?x4xf8E4M3FN>, %m: index) -> (tensor<?x64xf4E2M1FN> {fp4.name = "codes"}) {
  %c = tensor.empty(%m) : tensor<?x64xf4E2M1FN>
  %0:2 = fp4.quantize_pack group_size(16) rounding(up) ins(%x : tensor<?x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>) {user.note}
  return %0#0 : tensor<?x64xf4E2M1FN>
}

// CHECK-LABEL: func.func @layer(
// CHECK-SAME:    tensor<48x32xi8> {fp4.param = "e2m1"}
// CHECK:         fp4.quant_linear group_size(32) {{.*}} weight(%{{.*}}, %{{.*}} : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
func.func @layer(%x: tensor<2x64xf32>, %w: tensor<48x64xf4E2M1FN> {fp4.param = "e2m1"}, %s: tensor<48x2xf8E8M0FNU>, %g: f32) -> tensor<2x48xf32> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>) weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x48xf32>
  return %y : tensor<2x48xf32>
}

// CHECK-LABEL: func.func @absorb(
// CHECK:         fp4.absorb_scale_signs group_size(16) ins(%{{.*}}, %{{.*}} : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>) outs(%{{.*}}, %{{.*}} : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>) {user.note}
func.func @absorb(%c: tensor<?x64xf4E2M1FN>, %s: tensor<?x4xf8E4M3FN>, %co: tensor<?x64xf4E2M1FN>) -> tensor<?x64xf4E2M1FN> {
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
      outs(%co, %s : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>) {user.note}
  return %0#0 : tensor<?x64xf4E2M1FN>
}

// Element 2i is in the low nibble of byte i: 0.5 and -6 are codes 1 and 15, so 0xf1; -0 and 3 are 8 and 5, so 0x58.
// CHECK-LABEL: func.func @constant(
// CHECK:         arith.constant dense<{{\[\[}}-15], [88]]> : tensor<2x1xi8>
func.func @constant() -> tensor<2x2xf4E2M1FN> {
  %0 = arith.constant dense<[[0.5, -6.0], [-0.0, 3.0]]> : tensor<2x2xf4E2M1FN>
  return %0 : tensor<2x2xf4E2M1FN>
}

// Every magnitude, in the order of the codes.
// CHECK-LABEL: func.func @magnitudes(
// CHECK:         arith.constant dense<[16, 50, 84, 118, -104, -70, -36, -2]> : tensor<8xi8>
func.func @magnitudes() -> tensor<16xf4E2M1FN> {
  %0 = arith.constant dense<[0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]> : tensor<16xf4E2M1FN>
  return %0 : tensor<16xf4E2M1FN>
}

// CHECK-LABEL: func.func @splat(
// CHECK:         arith.constant dense<-69> : tensor<2x32xi8>
func.func @splat() -> tensor<2x64xf4E2M1FN> {
  %0 = arith.constant dense<-1.5> : tensor<2x64xf4E2M1FN>
  return %0 : tensor<2x64xf4E2M1FN>
}

// CHECK-LABEL: func.func @no_elements(
// CHECK:         arith.constant dense<> : tensor<0x1xi8>
func.func @no_elements() -> tensor<0x2xf4E2M1FN> {
  %0 = arith.constant dense<> : tensor<0x2xf4E2M1FN>
  return %0 : tensor<0x2xf4E2M1FN>
}

// The last size is halved where it becomes a size of bytes, if it can be, and doubled where it is asked for.
// CHECK-LABEL: func.func @sizes(
// CHECK-SAME:    %[[M:[a-z0-9]+]]: index, %[[K:[a-z0-9]+]]: index, %[[I:[a-z0-9]+]]: index)
// CHECK:         %[[ODD:.*]] = arith.remui %[[K]], %c2
// CHECK:         %[[EVEN:.*]] = arith.cmpi eq, %[[ODD]], %c0
// CHECK-NEXT:    cf.assert %[[EVEN]], "codes are packed two a byte: their last dimension must be even"
// CHECK-NEXT:    %[[BYTES:.*]] = arith.divui %[[K]], %c2
// CHECK-NEXT:    %[[E:.*]] = tensor.empty(%[[M]], %[[BYTES]]) : tensor<?x?xi8>
// CHECK:         %[[D:.*]] = tensor.dim %[[E]], %[[I]] : tensor<?x?xi8>
// CHECK:         %[[LAST:.*]] = arith.cmpi eq, %[[I]], %c1
// CHECK:         %[[TWICE:.*]] = arith.muli %[[D]], %c2
// CHECK-NEXT:    %[[R:.*]] = arith.select %[[LAST]], %[[TWICE]], %[[D]]
// CHECK-NEXT:    return %[[R]]
func.func @sizes(%m: index, %k: index, %i: index) -> index {
  %0 = tensor.empty(%m, %k) : tensor<?x?xf4E2M1FN>
  %1 = tensor.dim %0, %i : tensor<?x?xf4E2M1FN>
  return %1 : index
}

// CHECK-LABEL: func.func @control_flow(
// CHECK:         scf.for {{.*}} -> (tensor<?x32xi8>)
// CHECK:         scf.if %{{.*}} -> (tensor<?x32xi8>)
// CHECK:         scf.while (%{{.*}}) : (tensor<?x32xi8>) -> tensor<?x32xi8>
// CHECK:         call @control_flow(%{{.*}}) : (tensor<?x32xi8>, index, i1) -> tensor<2x32xi8>
// CHECK:         tensor.cast %{{.*}} : tensor<?x32xi8> to tensor<2x32xi8>
func.func @control_flow(%c: tensor<?x64xf4E2M1FN>, %n: index, %p: i1) -> tensor<2x64xf4E2M1FN> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c) -> tensor<?x64xf4E2M1FN> {
    scf.yield %a : tensor<?x64xf4E2M1FN>
  }
  %1 = scf.if %p -> tensor<?x64xf4E2M1FN> {
    scf.yield %0 : tensor<?x64xf4E2M1FN>
  } else {
    scf.yield %c : tensor<?x64xf4E2M1FN>
  }
  %2 = scf.while (%w = %1) : (tensor<?x64xf4E2M1FN>) -> tensor<?x64xf4E2M1FN> {
    scf.condition(%p) %w : tensor<?x64xf4E2M1FN>
  } do {
  ^bb0(%w: tensor<?x64xf4E2M1FN>):
    scf.yield %w : tensor<?x64xf4E2M1FN>
  }
  %3 = func.call @control_flow(%2, %n, %p) : (tensor<?x64xf4E2M1FN>, index, i1) -> tensor<2x64xf4E2M1FN>
  %4 = tensor.cast %2 : tensor<?x64xf4E2M1FN> to tensor<2x64xf4E2M1FN>
  return %4 : tensor<2x64xf4E2M1FN>
}

// CHECK-LABEL: func.func @select(
// CHECK:         arith.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<64xi8>
func.func @select(%p: i1, %c: tensor<128xf4E2M1FN>, %d: tensor<128xf4E2M1FN>) -> tensor<128xf4E2M1FN> {
  %0 = arith.select %p, %c, %d : tensor<128xf4E2M1FN>
  return %0 : tensor<128xf4E2M1FN>
}

// Codes that are packed already are left alone, and so is an i8 tensor that is none.
// CHECK-LABEL: func.func @bytes(
// CHECK-SAME:    %{{.*}}: tensor<2x32xi8>, %{{.*}}: tensor<3xi8>)
func.func @bytes(%c: tensor<2x32xi8>, %b: tensor<3xi8>) -> tensor<3xi8> {
  return %b : tensor<3xi8>
}
