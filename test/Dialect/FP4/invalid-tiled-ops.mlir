// What the verifiers of the data-tiled ops refuse: one case for each rule.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// pack_lhs
//===----------------------------------------------------------------------===//

func.func @pack_group(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects 'group_size' to be a power of two between 2 and 128, but got 24}}
  %0:4 = fp4.pack_lhs group_size(24) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

// Vectors of bytes are no shorter.
func.func @pack_small_group(%c: tensor<10x32xi8>, %s: tensor<10x16xf8E8M0FNU>, %v: tensor<2x16x6x4xi8>, %t: tensor<2x16x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects 'group_size' to be at least 8, but got 4}}
  %0:4 = fp4.pack_lhs group_size(4) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x16xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x16x6x4xi8>, tensor<2x16x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_mixed(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: memref<2xi8>) {
  // expected-error @below {{expects only tensors or only memrefs, but operand #4 is a tensor and operand #5 is a memref}}
  %0:3 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, memref<2xi8>)
  return
}

// -----

func.func @pack_rank(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects 'values' to have rank 4, but got rank 3}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_terms_rank(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects 'terms' to have rank 4, but got rank 3}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_factors_rank(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects 'factors' to have rank 2, but got rank 1}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_wide_rank(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2x1xi8>) {
  // expected-error @below {{expects 'wide' to have rank 1, but got rank 2}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2x1xi8>)
  return
}

// -----

func.func @pack_scales_rank(%c: tensor<10x32xi8>, %s: tensor<2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects 'scales' to have rank 2, but got rank 1}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_codes_rank(%c: tensor<32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects 'codes' to have rank 2, but got rank 1}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

// Code is made for a tile of a size.
func.func @pack_dynamic_rows(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x?x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects the dimensions of 'values' but the first to be static, the third not 0 and the last the group size, but got 'tensor<2x2x?x32xi8>'}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x?x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_dynamic_groups(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x?x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects the dimensions of 'values' but the first to be static}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x?x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_no_rows(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x0x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects the dimensions of 'values' but the first to be static, the third not 0 and}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x0x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_values_group(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x16xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects the dimensions of 'values' but the first to be static, the third not 0 and the last the group size, but got 'tensor<2x2x6x16xi8>'}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x16xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

// Two rows have twice as much.
func.func @pack_values_of_pairs(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects the dimensions of 'values' but the first to be static, the third not 0 and the last twice the group size, but got 'tensor<2x2x6x32xi8>'}}
  %0:4 = fp4.pack_lhs group_size(32) offset(0) row_pairs ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_terms_of_pairs(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x3x64xi8>, %t: tensor<2x2x2x5xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects the last dimensions of 'terms' to be 2 and the rows of a tile, but got 'tensor<2x2x2x5xi32>'}}
  %0:4 = fp4.pack_lhs group_size(32) offset(0) row_pairs ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x3x64xi8>, tensor<2x2x2x5xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_factors_of_pairs(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x3x64xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x3xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects dimension 1 of 'factors' to be dimension 2 of 'values' * 2 = 6, but got 3}}
  %0:4 = fp4.pack_lhs group_size(32) offset(0) row_pairs ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x3x64xi8>, tensor<2x2x2x6xi32>, tensor<2x3xf64>, tensor<2xi8>)
  return
}

// -----

// Ten rows are two tiles of six.
func.func @pack_tiles_of_pairs(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<4x2x3x64xi8>, %t: tensor<4x2x2x6xi32>, %f: tensor<4x6xf64>, %w: tensor<4xi8>) {
  // expected-error @below {{expects dimension 0 of 'values' to be dimension 0 of 'scales' / 6 = 2, but got 4}}
  %0:4 = fp4.pack_lhs group_size(32) offset(0) row_pairs ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<4x2x3x64xi8>, tensor<4x2x2x6xi32>, tensor<4x6xf64>, tensor<4xi8>)
  return
}

// -----

func.func @pack_terms(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x4xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects the last dimensions of 'terms' to be 2 and the rows of a tile, but got 'tensor<2x2x2x4xi32>'}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x4xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_two_terms(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x3x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects the last dimensions of 'terms' to be 2 and the rows of a tile, but got 'tensor<2x2x3x6xi32>'}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x3x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

// Ten rows are two tiles of six.
func.func @pack_tiles(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<3x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects dimension 0 of 'values' to be dimension 0 of 'scales' / 6 = 2, but got 3}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<3x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_factor_rows(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x5xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects dimension 1 of 'factors' to be dimension 2 of 'values' = 6, but got 5}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x5xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_wide_tiles(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<3xi8>) {
  // expected-error @below {{expects dimension 0 of 'wide' to be dimension 0 of 'values' = 2, but got 3}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<3xi8>)
  return
}

// -----

func.func @pack_terms_groups(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x3x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects dimension 1 of 'terms' to be dimension 1 of 'values' = 2, but got 3}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x3x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

func.func @pack_scales(%c: tensor<10x32xi8>, %s: tensor<10x3xf8E8M0FNU>, %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>) {
  // expected-error @below {{expects dimension 1 of 'scales' to be dimension 1 of 'codes' * 2 / 32 = 2, but got 3}}
  %0:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %s : tensor<10x32xi8>, tensor<10x3xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// packed_matmul
//===----------------------------------------------------------------------===//

func.func @matmul_small_group(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects 'group_size' to be at least 8, but got 4}}
  %0 = fp4.packed_matmul group_size(4) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_values(%v: tensor<2x2x?x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects the dimensions of 'values' but the first to be static}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x?x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_codes_rank(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x32x4xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects 'rhs_codes' to have rank 3, but got rank 4}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x32x4xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_scales_rank(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<96x2xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects 'rhs_scales' to have rank 3, but got rank 2}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<96x2xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_output_rank(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %out: tensor<1x10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects 'output' to have rank 2, but got rank 3}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<1x10x90xf32>)
  return
}

// -----

func.func @matmul_formats(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E4M3FN>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects 'rhs_scales' to have the element type of 'lhs_scales', 'f8E8M0FNU', but got 'f8E4M3FN'}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E4M3FN>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_dynamic_panel(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x?xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects the last dimension of 'rhs_scales' to be static and not 0, but got 'tensor<3x2x?xf8E8M0FNU>'}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x?xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_no_panel(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x0xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects the last dimension of 'rhs_scales' to be static and not 0, but got 'tensor<3x2x0xf8E8M0FNU>'}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x0xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

// Four bytes of codes of each column.
func.func @matmul_panel_bytes(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x32xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects dimension 2 of 'rhs_codes' to be dimension 2 of 'rhs_scales' * 4 = 128, but got 32}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x32xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_k(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x4x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects dimension 1 of 'rhs_codes' to be dimension 1 of 'values' * 4 = 8, but got 4}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x4x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

// 90 columns are three panels of 32.
func.func @matmul_panels(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<2x8x128xi8>, %sb: tensor<2x2x32xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects dimension 0 of 'rhs_codes' to be dimension 1 of 'output' / 32 = 3, but got 2}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<2x8x128xi8>, tensor<2x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_scale_panels(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<2x2x32xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects dimension 0 of 'rhs_scales' to be dimension 0 of 'rhs_codes' = 3, but got 2}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<2x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_scale_groups(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x4x32xf8E8M0FNU>, %out: tensor<10x90xf32>, %alpha: f32) {
  // expected-error @below {{expects dimension 1 of 'rhs_scales' to be dimension 1 of 'values' = 2, but got 4}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x4x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<10x90xf32>)
  return
}

// -----

func.func @matmul_rows(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %out: tensor<9x90xf32>, %alpha: f32) {
  // expected-error @below {{expects dimension 0 of 'output' to be dimension 0 of 'lhs_scales' = 10, but got 9}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<9x90xf32>)
  return
}

// -----

func.func @matmul_tiles(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<13x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %out: tensor<13x90xf32>, %alpha: f32) {
  // expected-error @below {{expects dimension 0 of 'values' to be dimension 0 of 'lhs_scales' / 6 = 3, but got 2}}
  %0 = fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>, tensor<2x6xf64>, tensor<2xi8>, tensor<13x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<13x90xf32>)
  return
}
