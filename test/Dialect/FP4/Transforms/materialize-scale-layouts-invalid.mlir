// Blocked scales in a memref are refused: another layout needs another buffer.

// RUN: fp4-opt %s --verify-diagnostics --fp4-materialize-scale-layouts

func.func @memref(%c: memref<4x64xi8>, %s: memref<1x1x32x4x4xf8E8M0FNU>, %g: f32, %o: memref<4x128xf32>) {
  // expected-error @below {{'fp4.dequantize' op has blocked scales in a memref, of type 'memref<1x1x32x4x4xf8E8M0FNU>'; their layout can be changed before bufferization only}}
  fp4.dequantize group_size(32) ins(%c, %s : memref<4x64xi8>, memref<1x1x32x4x4xf8E8M0FNU>) global_scale(%g) outs(%o : memref<4x128xf32>)
  return
}
