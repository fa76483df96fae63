// What --convert-fp4-to-vector refuses of rows that are multiplied two by two.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics \
// RUN:   --convert-fp4-to-vector='triple=aarch64-linux-gnu cpu=neoverse-v1'

// Tiles for a few rows have dot products.
func.func @pack(%c: memref<4x8xi8>, %s: memref<4x1xf8E4M3FN>,
    %v: memref<1x1x2x32xi8>, %t: memref<1x1x2x4xi32>, %f: memref<1x4xf64>,
    %w: memref<1xi8>) {
  // expected-error @below {{has row_pairs in tiles of 4 rows, but CPU neoverse-v1 has them in tiles of 6}}
  fp4.pack_lhs group_size(16) offset(0) row_pairs
      ins(%c, %s : memref<4x8xi8>, memref<4x1xf8E4M3FN>)
      outs(%v, %t, %f, %w : memref<1x1x2x32xi8>, memref<1x1x2x4xi32>,
                            memref<1x4xf64>, memref<1xi8>)
  return
}

// -----

func.func @matmul(%v: memref<1x1x4x64xi8>, %t: memref<1x1x2x8xi32>,
    %f: memref<1x8xf64>, %w: memref<1xi8>, %sa: memref<8x1xf8E8M0FNU>,
    %b: memref<1x4x32xi8>, %sb: memref<1x1x8xf8E8M0FNU>, %alpha: f32,
    %out: memref<8x8xf32>) {
  // expected-error @below {{has row_pairs in tiles of 8 rows, but CPU neoverse-v1 has them in tiles of 6}}
  fp4.packed_matmul group_size(32) offset(0) row_pairs
      lhs(%v, %t, %f, %w, %sa : memref<1x1x4x64xi8>, memref<1x1x2x8xi32>,
          memref<1x8xf64>, memref<1xi8>, memref<8x1xf8E8M0FNU>)
      rhs(%b, %sb : memref<1x4x32xi8>, memref<1x1x8xf8E8M0FNU>)
      alpha(%alpha) outs(%out : memref<8x8xf32>)
  return
}
