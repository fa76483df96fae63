// What names a function's arguments and results, where it does not belong or is no name; and what the
// assembly of the ops refuses before there is an op to verify.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics

// A value comes from a checkpoint or from the caller.
// expected-error @below {{'func.func' op argument #1 has both 'fp4.param' and 'fp4.name'}}
func.func @both(%a: f32, %x: f32 {fp4.name = "x", fp4.param = "p"}) { return }

// -----

// An empty key names nothing.
// expected-error @below {{'func.func' op expects 'fp4.param' to be a string that is not empty, but got ""}}
func.func @empty_param(%x: f32 {fp4.param = ""}) { return }

// -----

// expected-error @below {{'func.func' op expects 'fp4.name' to be a string that is not empty, but got 3 : i64}}
func.func @integer_name(%x: f32 {fp4.name = 3 : i64}) { return }

// -----

// A slip of the pen would otherwise lose the name without a word.
// expected-error @below {{'func.func' op has an unknown attribute 'fp4.nam' on argument #0; expects 'fp4.param', 'fp4.name' or 'fp4.prepared'}}
func.func @unknown_on_argument(%x: f32 {fp4.nam = "x"}) { return }

// -----

// Results do not come from a checkpoint.
// expected-error @below {{'func.func' op has an unknown attribute 'fp4.param' on result #1; expects 'fp4.name'}}
func.func @param_on_result(%x: f32) -> (f32, f32 {fp4.param = "x"}) { return %x, %x : f32, f32 }

// -----

// expected-error @below {{'func.func' op expects 'fp4.name' to be a string that is not empty, but got unit}}
func.func @unit_name(%x: f32) -> (f32 {fp4.name}) { return %x : f32 }

// -----

// expected-error @below {{'func.func' op has an unknown attribute 'fp4.name'; 'fp4.param' and 'fp4.name' belong on function arguments and results}}
func.func @on_function() attributes {fp4.name = "f"} { return }

// -----

// expected-error @below {{'builtin.module' op has an unknown attribute 'fp4.format'; 'fp4.param' and 'fp4.name' belong on function arguments and results}}
module attributes {fp4.format = "mx"} {}

// -----

func.func @unknown_op() {
  // expected-error @below {{custom op 'fp4.quantize' is unknown}}
  fp4.quantize
  return
}

// -----

// expected-error @below {{expected ::mlir::fp4::Rounding to be one of: even, zero, down, up}}
// expected-error @below {{failed to parse FP4_RoundingAttr parameter 'value'}}
#away = #fp4<rounding away>

// -----

// expected-error @below {{unknown attribute `format` in dialect `fp4`}}
#format = #fp4.format<mx>

// -----

func.func @rounding_unknown(%x: tensor<32xf32>, %s: tensor<1xf8E8M0FNU>, %g: f32, %c: tensor<32xf4E2M1FN>) {
  // expected-error @below {{custom op 'fp4.quantize_with_scales' expects rounding to be even, zero, down or up, but got 'away'}}
  %q = fp4.quantize_with_scales group_size(32) rounding(away) ins(%x, %s : tensor<32xf32>, tensor<1xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<32xf4E2M1FN>)
  return
}

// -----

func.func @rounding_number(%x: tensor<32xf32>, %s: tensor<1xf8E8M0FNU>, %g: f32, %c: tensor<32xf4E2M1FN>) {
  // expected-error @below {{custom op 'fp4.quantize_with_scales' expected valid keyword}}
  %q = fp4.quantize_with_scales group_size(32) rounding(1) ins(%x, %s : tensor<32xf32>, tensor<1xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<32xf4E2M1FN>)
  return
}

// -----

func.func @rounding_without_parenthesis(%x: tensor<32xf32>, %s: tensor<1xf8E8M0FNU>, %g: f32, %c: tensor<32xf4E2M1FN>) {
  // expected-error @below {{expected '('}}
  %q = fp4.quantize_with_scales group_size(32) rounding zero ins(%x, %s : tensor<32xf32>, tensor<1xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<32xf4E2M1FN>)
  return
}

// -----

func.func @rounding_open(%x: tensor<32xf32>, %s: tensor<1xf8E8M0FNU>, %g: f32, %c: tensor<32xf4E2M1FN>) {
  // expected-error @below {{expected ')'}}
  %q = fp4.quantize_with_scales group_size(32) rounding(zero ins(%x, %s : tensor<32xf32>, tensor<1xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<32xf4E2M1FN>)
  return
}

// -----

func.func @no_group_size(%x: tensor<32xf32>, %s: tensor<1xf8E8M0FNU>, %g: f32, %c: tensor<32xf4E2M1FN>) {
  // expected-error @below {{custom op 'fp4.quantize_with_scales' expected 'group_size'}}
  %q = fp4.quantize_with_scales ins(%x, %s : tensor<32xf32>, tensor<1xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<32xf4E2M1FN>)
  return
}

// -----

// Codes alone are no operand: their scales follow.
func.func @no_scales(%a: tensor<4x32xf4E2M1FN>, %s: tensor<4x1xf8E8M0FNU>, %g: f32, %y: tensor<4x4xf32>) {
  // expected-error @below {{expected ','}}
  %q = fp4.scaled_matmul group_size(32) lhs(%a : tensor<4x32xf4E2M1FN>)
      rhs(%a, %s : tensor<4x32xf4E2M1FN>, tensor<4x1xf8E8M0FNU>)
      alpha(%g) outs(%y : tensor<4x4xf32>)
  return
}
