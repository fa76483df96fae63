// What --convert-fp4-to-vector refuses, located, and before LLVM could abort.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics \
// RUN:   --convert-fp4-to-vector='triple=x86_64-linux-gnu cpu=x86-64-v3'

func.func @offset(%c: memref<6x16xi8>, %s: memref<6x1xf8E8M0FNU>,
    %v: memref<2x1x3x32xi8>, %t: memref<2x1x2x3xi32>, %f: memref<2x3xf64>,
    %w: memref<2xi8>) {
  // expected-error @below {{has offset 0, but dot products of CPU x86-64-v3 want one from 12 to 100}}
  fp4.pack_lhs group_size(32) offset(0)
      ins(%c, %s : memref<6x16xi8>, memref<6x1xf8E8M0FNU>)
      outs(%v, %t, %f, %w : memref<2x1x3x32xi8>, memref<2x1x2x3xi32>,
                            memref<2x3xf64>, memref<2xi8>)
  return
}

// -----

func.func @indices(%c: memref<6x8xi8>, %s: memref<6x1xf8E4M3FN>,
    %v: memref<2x1x3x16xi8>, %t: memref<2x1x2x3xi32>, %f: memref<2x3xf64>,
    %w: memref<2xi8>) {
  // expected-error @below {{has scale_indices, but CPU x86-64-v3 has no lookups of 16 lanes}}
  fp4.pack_lhs group_size(16) offset(12) scale_indices
      ins(%c, %s : memref<6x8xi8>, memref<6x1xf8E4M3FN>)
      outs(%v, %t, %f, %w : memref<2x1x3x16xi8>, memref<2x1x2x3xi32>,
                            memref<2x3xf64>, memref<2xi8>)
  return
}

// -----

func.func @pairs(%c: memref<6x8xi8>, %s: memref<6x1xf8E4M3FN>,
    %v: memref<1x1x3x32xi8>, %t: memref<1x1x2x6xi32>, %f: memref<1x6xf64>,
    %w: memref<1xi8>) {
  // expected-error @below {{has row_pairs, but CPU x86-64-v3 has no products of two rows}}
  fp4.pack_lhs group_size(16) offset(12) row_pairs
      ins(%c, %s : memref<6x8xi8>, memref<6x1xf8E4M3FN>)
      outs(%v, %t, %f, %w : memref<1x1x3x32xi8>, memref<1x1x2x6xi32>,
                            memref<1x6xf64>, memref<1xi8>)
  return
}

// -----

func.func @panels(%v: memref<2x1x3x32xi8>, %t: memref<2x1x2x3xi32>,
    %f: memref<2x3xf64>, %w: memref<2xi8>, %sa: memref<6x1xf8E8M0FNU>,
    %b: memref<1x4x48xi8>, %sb: memref<1x1x12xf8E8M0FNU>, %alpha: f32,
    %out: memref<6x12xf32>) {
  // expected-error @below {{has panels of 12 rows, but vectors of CPU x86-64-v3 have 8 lanes}}
  fp4.packed_matmul group_size(32) offset(12)
      lhs(%v, %t, %f, %w, %sa : memref<2x1x3x32xi8>, memref<2x1x2x3xi32>,
          memref<2x3xf64>, memref<2xi8>, memref<6x1xf8E8M0FNU>)
      rhs(%b, %sb : memref<1x4x48xi8>, memref<1x1x12xf8E8M0FNU>)
      alpha(%alpha) outs(%out : memref<6x12xf32>)
  return
}

// -----

func.func @tiles(%v: memref<1x1x5x32xi8>, %t: memref<1x1x2x5xi32>,
    %f: memref<1x5xf64>, %w: memref<1xi8>, %sa: memref<5x1xf8E8M0FNU>,
    %b: memref<1x4x64xi8>, %sb: memref<1x1x16xf8E8M0FNU>, %alpha: f32,
    %out: memref<5x16xf32>) {
  // expected-error @below {{has tiles of 5 rows; those for CPU x86-64-v3 have 3, or at most 2}}
  fp4.packed_matmul group_size(32) offset(12)
      lhs(%v, %t, %f, %w, %sa : memref<1x1x5x32xi8>, memref<1x1x2x5xi32>,
          memref<1x5xf64>, memref<1xi8>, memref<5x1xf8E8M0FNU>)
      rhs(%b, %sb : memref<1x4x64xi8>, memref<1x1x16xf8E8M0FNU>)
      alpha(%alpha) outs(%out : memref<5x16xf32>)
  return
}

// -----

func.func @rank(%x: memref<2x3x32xf32>, %gs: f32, %ss: f32,
    %c: memref<2x3x16xi8>, %s: memref<2x3x1xf8E8M0FNU>) {
  // expected-error @below {{of strategy vector expects an input of rank 2 with a static second dimension that is not 0}}
  fp4.quantize_pack group_size(32) ins(%x : memref<2x3x32xf32>)
      global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : memref<2x3x16xi8>, memref<2x3x1xf8E8M0FNU>)
      {strategy = "vector"}
  return
}

// -----

func.func @dynamic(%x: memref<2x?xf32>, %t: memref<32x32xf32>,
    %y: memref<2x?xf32>) {
  // expected-error @below {{of strategy vector expects an input of rank 2 with a static second dimension that is not 0}}
  fp4.block_transform ins(%x : memref<2x?xf32>) transform(%t : memref<32x32xf32>)
      outs(%y : memref<2x?xf32>) {strategy = "vector"}
  return
}

// -----

func.func @groups(%x: memref<2x32xf32>, %gs: f32, %ss: f32,
    %c: memref<2x16xi8>, %s: memref<2x8xf8E8M0FNU>) {
  // expected-error @below {{of strategy vector expects groups of at least 8, but got 4}}
  fp4.quantize_pack group_size(4) ins(%x : memref<2x32xf32>)
      global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : memref<2x16xi8>, memref<2x8xf8E8M0FNU>)
      {strategy = "vector"}
  return
}

// -----

func.func @strides(%x: memref<2x32xf32, strided<[64, 2]>>, %gs: f32, %ss: f32,
    %c: memref<2x16xi8>, %s: memref<2x1xf8E8M0FNU>) {
  // expected-error @below {{operand #0 of strategy vector expects elements of the last dimension side by side}}
  fp4.quantize_pack group_size(32) ins(%x : memref<2x32xf32, strided<[64, 2]>>)
      global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : memref<2x16xi8>, memref<2x1xf8E8M0FNU>)
      {strategy = "vector"}
  return
}
