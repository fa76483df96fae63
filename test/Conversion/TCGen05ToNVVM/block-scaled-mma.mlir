// The product of a K tile of 256 codes: four instructions of K = 64, 32 bytes of a row each.
//
// The descriptor of codes is K-major with a swizzle of 128 bytes (code 2 in bits 61..63): a leading offset that nothing
// reads (1 in bits 16..29), eight rows of 128 bytes as stride (1024 >> 4 = 64 in bits 32..45), and bit 46:
// 2 << 61 | 1 << 46 | 64 << 32 | 1 << 16 = 0x4000404000010000 = 4611756662049538048. The next 32 bytes add 2.
//
// The instruction descriptor: e2m1 is 1 in bits 7..9 and 10..11, N >> 3 in bits 17..22, 1 in bit 23 for scales that are
// powers of two, M >> 7 = 1 in bits 27..28, and the byte of the first scale, 0 or 2, in bits 4..5 (B) and 29..30 (A).

// RUN: fp4-opt %s --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm{chip=sm_100a},cse))' | FileCheck %s

// 1 << 7 | 1 << 10 | 16 << 17 | 1 << 27 = 0x08200480 = 136316032.
// Each instruction has its own word of scales: 4 columns further for A, 4 for B.
// CHECK-LABEL: llvm.func @nv_128(
gpu.module @nv_128 {
  // CHECK-SAME: %[[ACC:[^:,]*]]: i32,
  // CHECK-SAME: %[[SA:[^:,]*]]: i32, %[[SB:[^:,]*]]: i32, %[[P:[^:,]*]]: i1)
  gpu.func @nv_128(%acc: !tcgen05.accumulator<128>, %a: memref<128x128xi8, 3>, %b: memref<128x128xi8, 3>,
      %sa: !tcgen05.scales<1x4xf8E4M3FN>, %sb: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
    // CHECK:      %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK:      %[[BASE:.*]] = llvm.mlir.constant(4611756662049538048 : i64) : i64
    // CHECK-NEXT: %[[A0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK:      %[[B0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK-NEXT: %[[I0:.*]] = llvm.mlir.constant(136316032 : i32) : i32
    // CHECK-NEXT: %[[D:.*]] = llvm.inttoptr %[[ACC]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PA0:.*]] = llvm.inttoptr %[[SA]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB0:.*]] = llvm.inttoptr %[[SB]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A0]], %[[B0]], %[[I0]], %[[P]], %[[PA0]], %[[PB0]] {blockScale = #nvvm.tcgen05_mma_block_scale<block16>, ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.block_scale_kind<mxf4nvf4>}
    // CHECK-NEXT: %[[TRUE:.*]] = llvm.mlir.constant(true) : i1
    // CHECK-NEXT: %[[L2:.*]] = llvm.mlir.constant(2 : i64) : i64
    // CHECK-NEXT: %[[A1:.*]] = llvm.add %[[A0]], %[[L2]] : i64
    // CHECK-NEXT: %[[B1:.*]] = llvm.add %[[B0]], %[[L2]] : i64
    // CHECK-NEXT: %[[C4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[SA1:.*]] = llvm.add %[[SA]], %[[C4]] : i32
    // CHECK-NEXT: %[[SB1:.*]] = llvm.add %[[SB]], %[[C4]] : i32
    // CHECK-NEXT: %[[PA1:.*]] = llvm.inttoptr %[[SA1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB1:.*]] = llvm.inttoptr %[[SB1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A1]], %[[B1]], %[[I0]], %[[TRUE]], %[[PA1]], %[[PB1]] {
    // CHECK-NEXT: %[[A2:.*]] = llvm.add %[[A0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[B2:.*]] = llvm.add %[[B0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[C8:.*]] = llvm.mlir.constant(8 : i32) : i32
    // CHECK-NEXT: %[[SA2:.*]] = llvm.add %[[SA]], %[[C8]] : i32
    // CHECK-NEXT: %[[SB2:.*]] = llvm.add %[[SB]], %[[C8]] : i32
    // CHECK-NEXT: %[[PA2:.*]] = llvm.inttoptr %[[SA2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB2:.*]] = llvm.inttoptr %[[SB2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A2]], %[[B2]], %[[I0]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: %[[L6:.*]] = llvm.mlir.constant(6 : i64) : i64
    // CHECK-NEXT: %[[A3:.*]] = llvm.add %[[A0]], %[[L6]] : i64
    // CHECK-NEXT: %[[B3:.*]] = llvm.add %[[B0]], %[[L6]] : i64
    // CHECK-NEXT: %[[C12:.*]] = llvm.mlir.constant(12 : i32) : i32
    // CHECK-NEXT: %[[SA3:.*]] = llvm.add %[[SA]], %[[C12]] : i32
    // CHECK-NEXT: %[[SB3:.*]] = llvm.add %[[SB]], %[[C12]] : i32
    // CHECK-NEXT: %[[PA3:.*]] = llvm.inttoptr %[[SA3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB3:.*]] = llvm.inttoptr %[[SB3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A3]], %[[B3]], %[[I0]], %[[TRUE]], %[[PA3]], %[[PB3]] {
    // CHECK-NEXT: llvm.return
    tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<128>,
        memref<128x128xi8, 3>, memref<128x128xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<1x4xf8E4M3FN>
    gpu.return
  }
}

// 1 << 7 | 1 << 10 | 32 << 17 | 1 << 27 = 0x08400480 = 138413184.
// Each instruction has its own word of scales: 4 columns further for A, 8 for B.
// CHECK-LABEL: llvm.func @nv_256(
gpu.module @nv_256 {
  // CHECK-SAME: %[[ACC:[^:,]*]]: i32,
  // CHECK-SAME: %[[SA:[^:,]*]]: i32, %[[SB:[^:,]*]]: i32, %[[P:[^:,]*]]: i1)
  gpu.func @nv_256(%acc: !tcgen05.accumulator<256>, %a: memref<128x128xi8, 3>, %b: memref<256x128xi8, 3>,
      %sa: !tcgen05.scales<1x4xf8E4M3FN>, %sb: !tcgen05.scales<2x4xf8E4M3FN>, %p: i1) {
    // CHECK:      %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK:      %[[BASE:.*]] = llvm.mlir.constant(4611756662049538048 : i64) : i64
    // CHECK-NEXT: %[[A0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK:      %[[B0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK-NEXT: %[[I0:.*]] = llvm.mlir.constant(138413184 : i32) : i32
    // CHECK-NEXT: %[[D:.*]] = llvm.inttoptr %[[ACC]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PA0:.*]] = llvm.inttoptr %[[SA]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB0:.*]] = llvm.inttoptr %[[SB]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A0]], %[[B0]], %[[I0]], %[[P]], %[[PA0]], %[[PB0]] {blockScale = #nvvm.tcgen05_mma_block_scale<block16>, ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.block_scale_kind<mxf4nvf4>}
    // CHECK-NEXT: %[[TRUE:.*]] = llvm.mlir.constant(true) : i1
    // CHECK-NEXT: %[[L2:.*]] = llvm.mlir.constant(2 : i64) : i64
    // CHECK-NEXT: %[[A1:.*]] = llvm.add %[[A0]], %[[L2]] : i64
    // CHECK-NEXT: %[[B1:.*]] = llvm.add %[[B0]], %[[L2]] : i64
    // CHECK-NEXT: %[[C4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[SA1:.*]] = llvm.add %[[SA]], %[[C4]] : i32
    // CHECK-NEXT: %[[C8:.*]] = llvm.mlir.constant(8 : i32) : i32
    // CHECK-NEXT: %[[SB1:.*]] = llvm.add %[[SB]], %[[C8]] : i32
    // CHECK-NEXT: %[[PA1:.*]] = llvm.inttoptr %[[SA1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB1:.*]] = llvm.inttoptr %[[SB1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A1]], %[[B1]], %[[I0]], %[[TRUE]], %[[PA1]], %[[PB1]] {
    // CHECK-NEXT: %[[A2:.*]] = llvm.add %[[A0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[B2:.*]] = llvm.add %[[B0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[SA2:.*]] = llvm.add %[[SA]], %[[C8]] : i32
    // CHECK-NEXT: %[[C16:.*]] = llvm.mlir.constant(16 : i32) : i32
    // CHECK-NEXT: %[[SB2:.*]] = llvm.add %[[SB]], %[[C16]] : i32
    // CHECK-NEXT: %[[PA2:.*]] = llvm.inttoptr %[[SA2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB2:.*]] = llvm.inttoptr %[[SB2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A2]], %[[B2]], %[[I0]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: %[[L6:.*]] = llvm.mlir.constant(6 : i64) : i64
    // CHECK-NEXT: %[[A3:.*]] = llvm.add %[[A0]], %[[L6]] : i64
    // CHECK-NEXT: %[[B3:.*]] = llvm.add %[[B0]], %[[L6]] : i64
    // CHECK-NEXT: %[[C12:.*]] = llvm.mlir.constant(12 : i32) : i32
    // CHECK-NEXT: %[[SA3:.*]] = llvm.add %[[SA]], %[[C12]] : i32
    // CHECK-NEXT: %[[C24:.*]] = llvm.mlir.constant(24 : i32) : i32
    // CHECK-NEXT: %[[SB3:.*]] = llvm.add %[[SB]], %[[C24]] : i32
    // CHECK-NEXT: %[[PA3:.*]] = llvm.inttoptr %[[SA3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB3:.*]] = llvm.inttoptr %[[SB3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A3]], %[[B3]], %[[I0]], %[[TRUE]], %[[PA3]], %[[PB3]] {
    // CHECK-NEXT: llvm.return
    tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<256>,
        memref<128x128xi8, 3>, memref<256x128xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<2x4xf8E4M3FN>
    gpu.return
  }
}

// 1 << 7 | 1 << 10 | 1 << 17 | 1 << 27 = 0x08020480 = 134349952.
// Each instruction has its own word of scales: 4 columns further for A, 4 for B.
// CHECK-LABEL: llvm.func @nv_8(
gpu.module @nv_8 {
  // CHECK-SAME: %[[ACC:[^:,]*]]: i32,
  // CHECK-SAME: %[[SA:[^:,]*]]: i32, %[[SB:[^:,]*]]: i32, %[[P:[^:,]*]]: i1)
  gpu.func @nv_8(%acc: !tcgen05.accumulator<8>, %a: memref<128x128xi8, 3>, %b: memref<8x128xi8, 3>,
      %sa: !tcgen05.scales<1x4xf8E4M3FN>, %sb: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
    // CHECK:      %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK:      %[[BASE:.*]] = llvm.mlir.constant(4611756662049538048 : i64) : i64
    // CHECK-NEXT: %[[A0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK:      %[[B0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK-NEXT: %[[I0:.*]] = llvm.mlir.constant(134349952 : i32) : i32
    // CHECK-NEXT: %[[D:.*]] = llvm.inttoptr %[[ACC]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PA0:.*]] = llvm.inttoptr %[[SA]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB0:.*]] = llvm.inttoptr %[[SB]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A0]], %[[B0]], %[[I0]], %[[P]], %[[PA0]], %[[PB0]] {blockScale = #nvvm.tcgen05_mma_block_scale<block16>, ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.block_scale_kind<mxf4nvf4>}
    // CHECK-NEXT: %[[TRUE:.*]] = llvm.mlir.constant(true) : i1
    // CHECK-NEXT: %[[L2:.*]] = llvm.mlir.constant(2 : i64) : i64
    // CHECK-NEXT: %[[A1:.*]] = llvm.add %[[A0]], %[[L2]] : i64
    // CHECK-NEXT: %[[B1:.*]] = llvm.add %[[B0]], %[[L2]] : i64
    // CHECK-NEXT: %[[C4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[SA1:.*]] = llvm.add %[[SA]], %[[C4]] : i32
    // CHECK-NEXT: %[[SB1:.*]] = llvm.add %[[SB]], %[[C4]] : i32
    // CHECK-NEXT: %[[PA1:.*]] = llvm.inttoptr %[[SA1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB1:.*]] = llvm.inttoptr %[[SB1]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A1]], %[[B1]], %[[I0]], %[[TRUE]], %[[PA1]], %[[PB1]] {
    // CHECK-NEXT: %[[A2:.*]] = llvm.add %[[A0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[B2:.*]] = llvm.add %[[B0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[C8:.*]] = llvm.mlir.constant(8 : i32) : i32
    // CHECK-NEXT: %[[SA2:.*]] = llvm.add %[[SA]], %[[C8]] : i32
    // CHECK-NEXT: %[[SB2:.*]] = llvm.add %[[SB]], %[[C8]] : i32
    // CHECK-NEXT: %[[PA2:.*]] = llvm.inttoptr %[[SA2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB2:.*]] = llvm.inttoptr %[[SB2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A2]], %[[B2]], %[[I0]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: %[[L6:.*]] = llvm.mlir.constant(6 : i64) : i64
    // CHECK-NEXT: %[[A3:.*]] = llvm.add %[[A0]], %[[L6]] : i64
    // CHECK-NEXT: %[[B3:.*]] = llvm.add %[[B0]], %[[L6]] : i64
    // CHECK-NEXT: %[[C12:.*]] = llvm.mlir.constant(12 : i32) : i32
    // CHECK-NEXT: %[[SA3:.*]] = llvm.add %[[SA]], %[[C12]] : i32
    // CHECK-NEXT: %[[SB3:.*]] = llvm.add %[[SB]], %[[C12]] : i32
    // CHECK-NEXT: %[[PA3:.*]] = llvm.inttoptr %[[SA3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB3:.*]] = llvm.inttoptr %[[SB3]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A3]], %[[B3]], %[[I0]], %[[TRUE]], %[[PA3]], %[[PB3]] {
    // CHECK-NEXT: llvm.return
    tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<8>,
        memref<128x128xi8, 3>, memref<8x128xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<1x4xf8E4M3FN>
    gpu.return
  }
}

// 1 << 7 | 1 << 10 | 8 << 17 | 1 << 23 | 1 << 27 = 0x08900480 = 143656064;
// with 2 << 4 | 2 << 29: 0x489004a0 = 1217397920.
// Two instructions read one word of scales: the word of the second pair is 4 columns further for A, 4 for B.
// CHECK-LABEL: llvm.func @mx_64(
gpu.module @mx_64 {
  // CHECK-SAME: %[[ACC:[^:,]*]]: i32,
  // CHECK-SAME: %[[SA:[^:,]*]]: i32, %[[SB:[^:,]*]]: i32, %[[P:[^:,]*]]: i1)
  gpu.func @mx_64(%acc: !tcgen05.accumulator<64>, %a: memref<128x128xi8, 3>, %b: memref<64x128xi8, 3>,
      %sa: !tcgen05.scales<1x2xf8E8M0FNU>, %sb: !tcgen05.scales<1x2xf8E8M0FNU>, %p: i1) {
    // CHECK:      %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK:      %[[BASE:.*]] = llvm.mlir.constant(4611756662049538048 : i64) : i64
    // CHECK-NEXT: %[[A0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK:      %[[B0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK-NEXT: %[[I0:.*]] = llvm.mlir.constant(143656064 : i32) : i32
    // CHECK-NEXT: %[[D:.*]] = llvm.inttoptr %[[ACC]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PA0:.*]] = llvm.inttoptr %[[SA]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB0:.*]] = llvm.inttoptr %[[SB]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A0]], %[[B0]], %[[I0]], %[[P]], %[[PA0]], %[[PB0]] {blockScale = #nvvm.tcgen05_mma_block_scale<block32>, ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.block_scale_kind<mxf4>}
    // CHECK-NEXT: %[[TRUE:.*]] = llvm.mlir.constant(true) : i1
    // CHECK-NEXT: %[[L2:.*]] = llvm.mlir.constant(2 : i64) : i64
    // CHECK-NEXT: %[[A1:.*]] = llvm.add %[[A0]], %[[L2]] : i64
    // CHECK-NEXT: %[[B1:.*]] = llvm.add %[[B0]], %[[L2]] : i64
    // CHECK-NEXT: %[[I1:.*]] = llvm.mlir.constant(1217397920 : i32) : i32
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A1]], %[[B1]], %[[I1]], %[[TRUE]], %[[PA0]], %[[PB0]] {
    // CHECK-NEXT: %[[A2:.*]] = llvm.add %[[A0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[B2:.*]] = llvm.add %[[B0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[C4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[SA2:.*]] = llvm.add %[[SA]], %[[C4]] : i32
    // CHECK-NEXT: %[[SB2:.*]] = llvm.add %[[SB]], %[[C4]] : i32
    // CHECK-NEXT: %[[PA2:.*]] = llvm.inttoptr %[[SA2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB2:.*]] = llvm.inttoptr %[[SB2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A2]], %[[B2]], %[[I0]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: %[[L6:.*]] = llvm.mlir.constant(6 : i64) : i64
    // CHECK-NEXT: %[[A3:.*]] = llvm.add %[[A0]], %[[L6]] : i64
    // CHECK-NEXT: %[[B3:.*]] = llvm.add %[[B0]], %[[L6]] : i64
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A3]], %[[B3]], %[[I1]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: llvm.return
    tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<64>,
        memref<128x128xi8, 3>, memref<64x128xi8, 3>, !tcgen05.scales<1x2xf8E8M0FNU>, !tcgen05.scales<1x2xf8E8M0FNU>
    gpu.return
  }
}

// 1 << 7 | 1 << 10 | 17 << 17 | 1 << 23 | 1 << 27 = 0x08a20480 = 144835712;
// with 2 << 4 | 2 << 29: 0x48a204a0 = 1218577568.
// Two instructions read one word of scales: the word of the second pair is 4 columns further for A, 8 for B.
// CHECK-LABEL: llvm.func @mx_136(
gpu.module @mx_136 {
  // CHECK-SAME: %[[ACC:[^:,]*]]: i32,
  // CHECK-SAME: %[[SA:[^:,]*]]: i32, %[[SB:[^:,]*]]: i32, %[[P:[^:,]*]]: i1)
  gpu.func @mx_136(%acc: !tcgen05.accumulator<136>, %a: memref<128x128xi8, 3>, %b: memref<136x128xi8, 3>,
      %sa: !tcgen05.scales<1x2xf8E8M0FNU>, %sb: !tcgen05.scales<2x2xf8E8M0FNU>, %p: i1) {
    // CHECK:      %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK:      %[[BASE:.*]] = llvm.mlir.constant(4611756662049538048 : i64) : i64
    // CHECK-NEXT: %[[A0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK:      %[[B0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK-NEXT: %[[I0:.*]] = llvm.mlir.constant(144835712 : i32) : i32
    // CHECK-NEXT: %[[D:.*]] = llvm.inttoptr %[[ACC]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PA0:.*]] = llvm.inttoptr %[[SA]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB0:.*]] = llvm.inttoptr %[[SB]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A0]], %[[B0]], %[[I0]], %[[P]], %[[PA0]], %[[PB0]] {blockScale = #nvvm.tcgen05_mma_block_scale<block32>, ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.block_scale_kind<mxf4>}
    // CHECK-NEXT: %[[TRUE:.*]] = llvm.mlir.constant(true) : i1
    // CHECK-NEXT: %[[L2:.*]] = llvm.mlir.constant(2 : i64) : i64
    // CHECK-NEXT: %[[A1:.*]] = llvm.add %[[A0]], %[[L2]] : i64
    // CHECK-NEXT: %[[B1:.*]] = llvm.add %[[B0]], %[[L2]] : i64
    // CHECK-NEXT: %[[I1:.*]] = llvm.mlir.constant(1218577568 : i32) : i32
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A1]], %[[B1]], %[[I1]], %[[TRUE]], %[[PA0]], %[[PB0]] {
    // CHECK-NEXT: %[[A2:.*]] = llvm.add %[[A0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[B2:.*]] = llvm.add %[[B0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[C4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[SA2:.*]] = llvm.add %[[SA]], %[[C4]] : i32
    // CHECK-NEXT: %[[C8:.*]] = llvm.mlir.constant(8 : i32) : i32
    // CHECK-NEXT: %[[SB2:.*]] = llvm.add %[[SB]], %[[C8]] : i32
    // CHECK-NEXT: %[[PA2:.*]] = llvm.inttoptr %[[SA2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB2:.*]] = llvm.inttoptr %[[SB2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A2]], %[[B2]], %[[I0]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: %[[L6:.*]] = llvm.mlir.constant(6 : i64) : i64
    // CHECK-NEXT: %[[A3:.*]] = llvm.add %[[A0]], %[[L6]] : i64
    // CHECK-NEXT: %[[B3:.*]] = llvm.add %[[B0]], %[[L6]] : i64
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A3]], %[[B3]], %[[I1]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: llvm.return
    tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<136>,
        memref<128x128xi8, 3>, memref<136x128xi8, 3>, !tcgen05.scales<1x2xf8E8M0FNU>, !tcgen05.scales<2x2xf8E8M0FNU>
    gpu.return
  }
}

// 1 << 7 | 1 << 10 | 32 << 17 | 1 << 23 | 1 << 27 = 0x08c00480 = 146801792;
// with 2 << 4 | 2 << 29: 0x48c004a0 = 1220543648.
// Two instructions read one word of scales: the word of the second pair is 4 columns further for A, 8 for B.
// CHECK-LABEL: llvm.func @mx_256(
gpu.module @mx_256 {
  // CHECK-SAME: %[[ACC:[^:,]*]]: i32,
  // CHECK-SAME: %[[SA:[^:,]*]]: i32, %[[SB:[^:,]*]]: i32, %[[P:[^:,]*]]: i1)
  gpu.func @mx_256(%acc: !tcgen05.accumulator<256>, %a: memref<128x128xi8, 3>, %b: memref<256x128xi8, 3>,
      %sa: !tcgen05.scales<1x2xf8E8M0FNU>, %sb: !tcgen05.scales<2x2xf8E8M0FNU>, %p: i1) {
    // CHECK:      %[[FOUR:.*]] = llvm.mlir.constant(4 : i64) : i64
    // CHECK:      %[[BASE:.*]] = llvm.mlir.constant(4611756662049538048 : i64) : i64
    // CHECK-NEXT: %[[A0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK:      %[[B0:.*]] = llvm.or %{{.*}}, %[[BASE]] : i64
    // CHECK-NEXT: %[[I0:.*]] = llvm.mlir.constant(146801792 : i32) : i32
    // CHECK-NEXT: %[[D:.*]] = llvm.inttoptr %[[ACC]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PA0:.*]] = llvm.inttoptr %[[SA]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB0:.*]] = llvm.inttoptr %[[SB]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A0]], %[[B0]], %[[I0]], %[[P]], %[[PA0]], %[[PB0]] {blockScale = #nvvm.tcgen05_mma_block_scale<block32>, ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.block_scale_kind<mxf4>}
    // CHECK-NEXT: %[[TRUE:.*]] = llvm.mlir.constant(true) : i1
    // CHECK-NEXT: %[[L2:.*]] = llvm.mlir.constant(2 : i64) : i64
    // CHECK-NEXT: %[[A1:.*]] = llvm.add %[[A0]], %[[L2]] : i64
    // CHECK-NEXT: %[[B1:.*]] = llvm.add %[[B0]], %[[L2]] : i64
    // CHECK-NEXT: %[[I1:.*]] = llvm.mlir.constant(1220543648 : i32) : i32
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A1]], %[[B1]], %[[I1]], %[[TRUE]], %[[PA0]], %[[PB0]] {
    // CHECK-NEXT: %[[A2:.*]] = llvm.add %[[A0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[B2:.*]] = llvm.add %[[B0]], %[[FOUR]] : i64
    // CHECK-NEXT: %[[C4:.*]] = llvm.mlir.constant(4 : i32) : i32
    // CHECK-NEXT: %[[SA2:.*]] = llvm.add %[[SA]], %[[C4]] : i32
    // CHECK-NEXT: %[[C8:.*]] = llvm.mlir.constant(8 : i32) : i32
    // CHECK-NEXT: %[[SB2:.*]] = llvm.add %[[SB]], %[[C8]] : i32
    // CHECK-NEXT: %[[PA2:.*]] = llvm.inttoptr %[[SA2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[PB2:.*]] = llvm.inttoptr %[[SB2]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A2]], %[[B2]], %[[I0]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: %[[L6:.*]] = llvm.mlir.constant(6 : i64) : i64
    // CHECK-NEXT: %[[A3:.*]] = llvm.add %[[A0]], %[[L6]] : i64
    // CHECK-NEXT: %[[B3:.*]] = llvm.add %[[B0]], %[[L6]] : i64
    // CHECK-NEXT: nvvm.tcgen05.mma.block_scale %[[D]], %[[A3]], %[[B3]], %[[I1]], %[[TRUE]], %[[PA2]], %[[PB2]] {
    // CHECK-NEXT: llvm.return
    tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<256>,
        memref<128x128xi8, 3>, memref<256x128xi8, 3>, !tcgen05.scales<1x2xf8E8M0FNU>, !tcgen05.scales<2x2xf8E8M0FNU>
    gpu.return
  }
}
