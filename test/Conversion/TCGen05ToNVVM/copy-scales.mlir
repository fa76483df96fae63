// Scales from shared to tensor memory: one instruction for each tile of 128 rows by 4 scales, of 512 bytes.
//
// The descriptor of a tile has no swizzle, 16 as leading offset (>> 4 in bits 16..29: 1) and 128, eight rows of 16 bytes,
// as stride (bits 32..45: 8), and bit 46:  1 << 16 | 8 << 32 | 1 << 46 = 0x0000400800010000 = 70403103981568.
// Bits 0..13 hold the address >> 4, so the next tile in shared memory adds 512 / 16 = 32. In tensor memory, the tile of
// row tile r and column tile c starts at column 4 (c * rowTiles + r).

// RUN: fp4-opt %s --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm{chip=sm_100a},cse))' | FileCheck %s

// (column, shared memory / 16) of the tiles in the order of shared memory: (0, 0) (4, 32) (8, 64) (12, 96).
// CHECK-LABEL: llvm.func @copy_1x4(
gpu.module @copy_1x4 {
  // CHECK-SAME: %{{[^:]*}}: !llvm.ptr<3>, %[[S:[^:]*]]: !llvm.ptr<3>,
  // CHECK-SAME: %[[T:[^:,]*]]: i32, %{{[^:,]*}}: i1)
  gpu.func @copy_1x4(%s: memref<1x4x32x4x4xf8E4M3FN, 3>, %d: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
    // CHECK:      %[[BYTES:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<3> to i64
    // CHECK-NEXT: %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK-NEXT: %[[UNITS:.*]] = llvm.lshr %[[BYTES]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[MASK:.*]] = llvm.mlir.constant(16383 : i64) : i64
    // CHECK-NEXT: %[[START:.*]] = llvm.and %[[UNITS]], %[[MASK]] : i64
    // CHECK-NEXT: %[[BASE:.*]] = llvm.mlir.constant(70403103981568 : i64) : i64
    // CHECK-NEXT: %[[D0:.*]] = llvm.or %[[START]], %[[BASE]] : i64
    // CHECK-NEXT: %[[P0:.*]] = llvm.inttoptr %[[T]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P0]], %[[D0]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[T1:.*]] = llvm.add %[[T]], %[[I4]] : i32
    // CHECK-NEXT: %[[L32:.*]] = llvm.mlir.constant(32 : i64) : i64
    // CHECK-NEXT: %[[D1:.*]] = llvm.add %[[D0]], %[[L32]] : i64
    // CHECK-NEXT: %[[P1:.*]] = llvm.inttoptr %[[T1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P1]], %[[D1]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I8:.*]] = llvm.mlir.constant(8 : i32) : i32
    // CHECK-NEXT: %[[T2:.*]] = llvm.add %[[T]], %[[I8]] : i32
    // CHECK-NEXT: %[[L64:.*]] = llvm.mlir.constant(64 : i64) : i64
    // CHECK-NEXT: %[[D2:.*]] = llvm.add %[[D0]], %[[L64]] : i64
    // CHECK-NEXT: %[[P2:.*]] = llvm.inttoptr %[[T2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P2]], %[[D2]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I12:.*]] = llvm.mlir.constant(12 : i32) : i32
    // CHECK-NEXT: %[[T3:.*]] = llvm.add %[[T]], %[[I12]] : i32
    // CHECK-NEXT: %[[L96:.*]] = llvm.mlir.constant(96 : i64) : i64
    // CHECK-NEXT: %[[D3:.*]] = llvm.add %[[D0]], %[[L96]] : i64
    // CHECK-NEXT: %[[P3:.*]] = llvm.inttoptr %[[T3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P3]], %[[D3]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: llvm.return
    tcgen05.copy_scales %s to %d : memref<1x4x32x4x4xf8E4M3FN, 3> to !tcgen05.scales<1x4xf8E4M3FN>
    gpu.return
  }
}

// (column, shared memory / 16) of the tiles in the order of shared memory: (0, 0) (8, 32) (16, 64) (24, 96) (4, 128) (12, 160) (20, 192) (28, 224).
// CHECK-LABEL: llvm.func @copy_2x4(
gpu.module @copy_2x4 {
  // CHECK-SAME: %{{[^:]*}}: !llvm.ptr<3>, %[[S:[^:]*]]: !llvm.ptr<3>,
  // CHECK-SAME: %[[T:[^:,]*]]: i32, %{{[^:,]*}}: i1)
  gpu.func @copy_2x4(%s: memref<2x4x32x4x4xf8E4M3FN, 3>, %d: !tcgen05.scales<2x4xf8E4M3FN>, %p: i1) {
    // CHECK:      %[[BYTES:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<3> to i64
    // CHECK-NEXT: %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK-NEXT: %[[UNITS:.*]] = llvm.lshr %[[BYTES]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[MASK:.*]] = llvm.mlir.constant(16383 : i64) : i64
    // CHECK-NEXT: %[[START:.*]] = llvm.and %[[UNITS]], %[[MASK]] : i64
    // CHECK-NEXT: %[[BASE:.*]] = llvm.mlir.constant(70403103981568 : i64) : i64
    // CHECK-NEXT: %[[D0:.*]] = llvm.or %[[START]], %[[BASE]] : i64
    // CHECK-NEXT: %[[P0:.*]] = llvm.inttoptr %[[T]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P0]], %[[D0]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I8:.*]] = llvm.mlir.constant(8 : i32) : i32
    // CHECK-NEXT: %[[T1:.*]] = llvm.add %[[T]], %[[I8]] : i32
    // CHECK-NEXT: %[[L32:.*]] = llvm.mlir.constant(32 : i64) : i64
    // CHECK-NEXT: %[[D1:.*]] = llvm.add %[[D0]], %[[L32]] : i64
    // CHECK-NEXT: %[[P1:.*]] = llvm.inttoptr %[[T1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P1]], %[[D1]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I16:.*]] = llvm.mlir.constant(16 : i32) : i32
    // CHECK-NEXT: %[[T2:.*]] = llvm.add %[[T]], %[[I16]] : i32
    // CHECK-NEXT: %[[L64:.*]] = llvm.mlir.constant(64 : i64) : i64
    // CHECK-NEXT: %[[D2:.*]] = llvm.add %[[D0]], %[[L64]] : i64
    // CHECK-NEXT: %[[P2:.*]] = llvm.inttoptr %[[T2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P2]], %[[D2]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I24:.*]] = llvm.mlir.constant(24 : i32) : i32
    // CHECK-NEXT: %[[T3:.*]] = llvm.add %[[T]], %[[I24]] : i32
    // CHECK-NEXT: %[[L96:.*]] = llvm.mlir.constant(96 : i64) : i64
    // CHECK-NEXT: %[[D3:.*]] = llvm.add %[[D0]], %[[L96]] : i64
    // CHECK-NEXT: %[[P3:.*]] = llvm.inttoptr %[[T3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P3]], %[[D3]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[T4:.*]] = llvm.add %[[T]], %[[I4]] : i32
    // CHECK-NEXT: %[[L128:.*]] = llvm.mlir.constant(128 : i64) : i64
    // CHECK-NEXT: %[[D4:.*]] = llvm.add %[[D0]], %[[L128]] : i64
    // CHECK-NEXT: %[[P4:.*]] = llvm.inttoptr %[[T4]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P4]], %[[D4]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I12:.*]] = llvm.mlir.constant(12 : i32) : i32
    // CHECK-NEXT: %[[T5:.*]] = llvm.add %[[T]], %[[I12]] : i32
    // CHECK-NEXT: %[[L160:.*]] = llvm.mlir.constant(160 : i64) : i64
    // CHECK-NEXT: %[[D5:.*]] = llvm.add %[[D0]], %[[L160]] : i64
    // CHECK-NEXT: %[[P5:.*]] = llvm.inttoptr %[[T5]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P5]], %[[D5]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I20:.*]] = llvm.mlir.constant(20 : i32) : i32
    // CHECK-NEXT: %[[T6:.*]] = llvm.add %[[T]], %[[I20]] : i32
    // CHECK-NEXT: %[[L192:.*]] = llvm.mlir.constant(192 : i64) : i64
    // CHECK-NEXT: %[[D6:.*]] = llvm.add %[[D0]], %[[L192]] : i64
    // CHECK-NEXT: %[[P6:.*]] = llvm.inttoptr %[[T6]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P6]], %[[D6]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I28:.*]] = llvm.mlir.constant(28 : i32) : i32
    // CHECK-NEXT: %[[T7:.*]] = llvm.add %[[T]], %[[I28]] : i32
    // CHECK-NEXT: %[[L224:.*]] = llvm.mlir.constant(224 : i64) : i64
    // CHECK-NEXT: %[[D7:.*]] = llvm.add %[[D0]], %[[L224]] : i64
    // CHECK-NEXT: %[[P7:.*]] = llvm.inttoptr %[[T7]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P7]], %[[D7]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: llvm.return
    tcgen05.copy_scales %s to %d : memref<2x4x32x4x4xf8E4M3FN, 3> to !tcgen05.scales<2x4xf8E4M3FN>
    gpu.return
  }
}

// (column, shared memory / 16) of the tiles in the order of shared memory: (0, 0) (4, 32).
// CHECK-LABEL: llvm.func @copy_1x2(
gpu.module @copy_1x2 {
  // CHECK-SAME: %{{[^:]*}}: !llvm.ptr<3>, %[[S:[^:]*]]: !llvm.ptr<3>,
  // CHECK-SAME: %[[T:[^:,]*]]: i32, %{{[^:,]*}}: i1)
  gpu.func @copy_1x2(%s: memref<1x2x32x4x4xf8E8M0FNU, 3>, %d: !tcgen05.scales<1x2xf8E8M0FNU>, %p: i1) {
    // CHECK:      %[[BYTES:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<3> to i64
    // CHECK-NEXT: %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK-NEXT: %[[UNITS:.*]] = llvm.lshr %[[BYTES]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[MASK:.*]] = llvm.mlir.constant(16383 : i64) : i64
    // CHECK-NEXT: %[[START:.*]] = llvm.and %[[UNITS]], %[[MASK]] : i64
    // CHECK-NEXT: %[[BASE:.*]] = llvm.mlir.constant(70403103981568 : i64) : i64
    // CHECK-NEXT: %[[D0:.*]] = llvm.or %[[START]], %[[BASE]] : i64
    // CHECK-NEXT: %[[P0:.*]] = llvm.inttoptr %[[T]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P0]], %[[D0]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[T1:.*]] = llvm.add %[[T]], %[[I4]] : i32
    // CHECK-NEXT: %[[L32:.*]] = llvm.mlir.constant(32 : i64) : i64
    // CHECK-NEXT: %[[D1:.*]] = llvm.add %[[D0]], %[[L32]] : i64
    // CHECK-NEXT: %[[P1:.*]] = llvm.inttoptr %[[T1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P1]], %[[D1]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: llvm.return
    tcgen05.copy_scales %s to %d : memref<1x2x32x4x4xf8E8M0FNU, 3> to !tcgen05.scales<1x2xf8E8M0FNU>
    gpu.return
  }
}

// (column, shared memory / 16) of the tiles in the order of shared memory: (0, 0) (8, 32) (4, 64) (12, 96).
// CHECK-LABEL: llvm.func @copy_2x2(
gpu.module @copy_2x2 {
  // CHECK-SAME: %{{[^:]*}}: !llvm.ptr<3>, %[[S:[^:]*]]: !llvm.ptr<3>,
  // CHECK-SAME: %[[T:[^:,]*]]: i32, %{{[^:,]*}}: i1)
  gpu.func @copy_2x2(%s: memref<2x2x32x4x4xf8E8M0FNU, 3>, %d: !tcgen05.scales<2x2xf8E8M0FNU>, %p: i1) {
    // CHECK:      %[[BYTES:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<3> to i64
    // CHECK-NEXT: %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK-NEXT: %[[UNITS:.*]] = llvm.lshr %[[BYTES]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[MASK:.*]] = llvm.mlir.constant(16383 : i64) : i64
    // CHECK-NEXT: %[[START:.*]] = llvm.and %[[UNITS]], %[[MASK]] : i64
    // CHECK-NEXT: %[[BASE:.*]] = llvm.mlir.constant(70403103981568 : i64) : i64
    // CHECK-NEXT: %[[D0:.*]] = llvm.or %[[START]], %[[BASE]] : i64
    // CHECK-NEXT: %[[P0:.*]] = llvm.inttoptr %[[T]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P0]], %[[D0]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I8:.*]] = llvm.mlir.constant(8 : i32) : i32
    // CHECK-NEXT: %[[T1:.*]] = llvm.add %[[T]], %[[I8]] : i32
    // CHECK-NEXT: %[[L32:.*]] = llvm.mlir.constant(32 : i64) : i64
    // CHECK-NEXT: %[[D1:.*]] = llvm.add %[[D0]], %[[L32]] : i64
    // CHECK-NEXT: %[[P1:.*]] = llvm.inttoptr %[[T1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P1]], %[[D1]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[T2:.*]] = llvm.add %[[T]], %[[I4]] : i32
    // CHECK-NEXT: %[[L64:.*]] = llvm.mlir.constant(64 : i64) : i64
    // CHECK-NEXT: %[[D2:.*]] = llvm.add %[[D0]], %[[L64]] : i64
    // CHECK-NEXT: %[[P2:.*]] = llvm.inttoptr %[[T2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P2]], %[[D2]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: %[[I12:.*]] = llvm.mlir.constant(12 : i32) : i32
    // CHECK-NEXT: %[[T3:.*]] = llvm.add %[[T]], %[[I12]] : i32
    // CHECK-NEXT: %[[L96:.*]] = llvm.mlir.constant(96 : i64) : i64
    // CHECK-NEXT: %[[D3:.*]] = llvm.add %[[D0]], %[[L96]] : i64
    // CHECK-NEXT: %[[P3:.*]] = llvm.inttoptr %[[T3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.cp %[[P3]], %[[D3]] {multicast = #nvvm.tcgen05_cp_multicast<warpx4>, shape = #nvvm.tcgen05_cp_shape<shape_32x128b>}
    // CHECK-NEXT: llvm.return
    tcgen05.copy_scales %s to %d : memref<2x2x32x4x4xf8E8M0FNU, 3> to !tcgen05.scales<2x2xf8E8M0FNU>
    gpu.return
  }
}
