// One kernel of each op.
func.func @block_transform(%x: memref<?x?xbf16, strided<[?, 1]>, 1>, %t: memref<?x32x32xf32, 1>, %o: memref<?x?xbf16, 1>) {
  fp4.block_transform ins(%x : memref<?x?xbf16, strided<[?, 1]>, 1>) transform(%t : memref<?x32x32xf32, 1>) outs(%o : memref<?x?xbf16, 1>) {strategy = "simt"}
  return
}
func.func @quantize_pack(%x: memref<2x?x64xf32, 1>, %g: f32, %s: f32, %c: memref<2x?x32xi8, 1>, %n: memref<2x?x4xf8E4M3FN, 1>) {
  fp4.quantize_pack group_size(16) ins(%x : memref<2x?x64xf32, 1>) global_scale(%g) scale_scale(%s)
      outs(%c, %n : memref<2x?x32xi8, 1>, memref<2x?x4xf8E4M3FN, 1>) {strategy = "simt"}
  return
}
func.func @quantize_pack_blocked(%x: memref<130x96xf32, 1>, %g: f32, %s: f32, %c: memref<130x48xi8, 1>, %n: memref<2x1x32x4x4xf8E8M0FNU, 1>) {
  fp4.quantize_pack group_size(32) ins(%x : memref<130x96xf32, 1>) global_scale(%g) scale_scale(%s)
      outs(%c, %n : memref<130x48xi8, 1>, memref<2x1x32x4x4xf8E8M0FNU, 1>) {strategy = "simt"}
  return
}
func.func @quantize_with_scales(%x: memref<64xf32, 1>, %s: memref<2xf8E8M0FNU, 1>, %g: f32, %c: memref<32xi8, 1>) {
  fp4.quantize_with_scales group_size(32) rounding(zero) ins(%x, %s : memref<64xf32, 1>, memref<2xf8E8M0FNU, 1>)
      global_scale(%g) outs(%c : memref<32xi8, 1>) {strategy = "simt"}
  return
}
func.func @dequantize(%c: memref<130x48xi8, 1>, %s: memref<2x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %o: memref<130x96xf16, 1>) {
  fp4.dequantize group_size(32) ins(%c, %s : memref<130x48xi8, 1>, memref<2x1x32x4x4xf8E8M0FNU, 1>)
      global_scale(%g) outs(%o : memref<130x96xf16, 1>) {strategy = "simt"}
  return
}
func.func @scaled_matmul(%a: memref<2x?x?xi8, 1>, %sa: memref<2x?x?xf8E4M3FN, 1>, %b: memref<48x?xi8, 1>, %sb: memref<1x?x32x4x4xf8E4M3FN, 1>, %alpha: f32, %o: memref<2x?x48xf32, 1>) {
  fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<2x?x?xi8, 1>, memref<2x?x?xf8E4M3FN, 1>)
      rhs(%b, %sb : memref<48x?xi8, 1>, memref<1x?x32x4x4xf8E4M3FN, 1>) alpha(%alpha) outs(%o : memref<2x?x48xf32, 1>) {strategy = "simt"}
  return
}
func.func @to_blocked(%s: memref<?x9xf8E8M0FNU, 1>, %o: memref<?x3x32x4x4xf8E8M0FNU, 1>) {
  fp4.convert_scale_layout ins(%s : memref<?x9xf8E8M0FNU, 1>) outs(%o : memref<?x3x32x4x4xf8E8M0FNU, 1>) {strategy = "simt"}
  return
}
func.func @to_row_major(%s: memref<2x3x32x4x4xf8E8M0FNU, 1>, %o: memref<200x9xf8E8M0FNU, 1>) {
  fp4.convert_scale_layout ins(%s : memref<2x3x32x4x4xf8E8M0FNU, 1>) outs(%o : memref<200x9xf8E8M0FNU, 1>) {strategy = "simt"}
  return
}
func.func @copy(%a: memref<?x48xf16, strided<[?, 1]>, 1>, %b: memref<?x48xf16, 1>) {
  memref.copy %a, %b : memref<?x48xf16, strided<[?, 1]>, 1> to memref<?x48xf16, 1>
  return
}
