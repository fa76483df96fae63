// Every op and type: what is printed is read back as the same IR, from the custom, the generic and the bytecode form.

// RUN: fp4-opt %s | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --mlir-print-op-generic | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --emit-bytecode | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --verify-roundtrip -o /dev/null
// RUN: fp4-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func private @allocations(!tcgen05.allocation<32>, !tcgen05.allocation<64>, !tcgen05.allocation<128>, !tcgen05.allocation<256>, !tcgen05.allocation<512>)
func.func private @allocations(!tcgen05.allocation<32>, !tcgen05.allocation<64>, !tcgen05.allocation<128>, !tcgen05.allocation<256>, !tcgen05.allocation<512>)

// The least, the most, and one that is no power of two.
// CHECK-LABEL: func.func private @accumulators(!tcgen05.accumulator<8>, !tcgen05.accumulator<136>, !tcgen05.accumulator<256>)
func.func private @accumulators(!tcgen05.accumulator<8>, !tcgen05.accumulator<136>, !tcgen05.accumulator<256>)

// CHECK-LABEL: func.func private @scales(!tcgen05.scales<1x1xf8E8M0FNU>, !tcgen05.scales<2x4xf8E4M3FN>, !tcgen05.scales<1x128xf8E4M3FN>)
func.func private @scales(!tcgen05.scales<1x1xf8E8M0FNU>, !tcgen05.scales<2x4xf8E4M3FN>, !tcgen05.scales<1x128xf8E4M3FN>)

// Both spellings of shared memory.
// CHECK-LABEL: func.func @tensor_memory(
func.func @tensor_memory(%slot: memref<1xi32, #gpu.address_space<workgroup>>, %other: memref<4xi32, 3>) {
  // CHECK-NEXT: tcgen05.alloc columns(512) into %{{.*}} : memref<1xi32, #gpu.address_space<workgroup>>
  // GENERIC: "tcgen05.alloc"(%{{.*}}) <{columns = 512 : i64}> : (memref<1xi32, #gpu.address_space<workgroup>>) -> ()
  tcgen05.alloc columns(512) into %slot : memref<1xi32, #gpu.address_space<workgroup>>
  // CHECK-NEXT: tcgen05.alloc columns(32) into %{{.*}} : memref<4xi32, 3>
  tcgen05.alloc columns(32) into %other : memref<4xi32, 3>
  // CHECK-NEXT: tcgen05.relinquish
  // GENERIC: "tcgen05.relinquish"() : () -> ()
  tcgen05.relinquish
  // CHECK-NEXT: %[[T:.*]] = tcgen05.get_allocation %{{.*}} : memref<1xi32, #gpu.address_space<workgroup>> -> <512>
  // GENERIC: "tcgen05.get_allocation"(%{{.*}}) : (memref<1xi32, #gpu.address_space<workgroup>>) -> !tcgen05.allocation<512>
  %t = tcgen05.get_allocation %slot : memref<1xi32, #gpu.address_space<workgroup>> -> !tcgen05.allocation<512>
  // CHECK-NEXT: tcgen05.dealloc %[[T]] : <512>
  // GENERIC: "tcgen05.dealloc"(%{{.*}}) : (!tcgen05.allocation<512>) -> ()
  tcgen05.dealloc %t : !tcgen05.allocation<512>
  return
}

// Views that end where the allocation does, and one of a column that only the program knows.
// CHECK-LABEL: func.func @views(
func.func @views(%t: !tcgen05.allocation<512>, %column: index)
    -> (!tcgen05.accumulator<256>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<2x2xf8E8M0FNU>) {
  %c256 = arith.constant 256 : index
  %c496 = arith.constant 496 : index
  // CHECK:      tcgen05.view %{{.*}}[%{{.*}}] : <512> to !tcgen05.accumulator<256>
  // GENERIC: "tcgen05.view"(%{{.*}}, %{{.*}}) : (!tcgen05.allocation<512>, index) -> !tcgen05.accumulator<256>
  %a = tcgen05.view %t[%c256] : !tcgen05.allocation<512> to !tcgen05.accumulator<256>
  // CHECK-NEXT: tcgen05.view %{{.*}}[%{{.*}}] : <512> to !tcgen05.scales<1x4xf8E4M3FN>
  %s = tcgen05.view %t[%c496] : !tcgen05.allocation<512> to !tcgen05.scales<1x4xf8E4M3FN>
  // CHECK-NEXT: tcgen05.view %{{.*}}[%{{.*}}] : <512> to !tcgen05.scales<2x2xf8E8M0FNU>
  %d = tcgen05.view %t[%column] : !tcgen05.allocation<512> to !tcgen05.scales<2x2xf8E8M0FNU>
  return %a, %s, %d : !tcgen05.accumulator<256>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<2x2xf8E8M0FNU>
}

// CHECK-LABEL: func.func @products_nv(
func.func @products_nv(
    %acc: !tcgen05.accumulator<256>, %a: memref<128x128xi8, 3>, %b: memref<256x128xi8, 3>,
    %ssa: memref<1x4x32x4x4xf8E4M3FN, 3>, %ssb: memref<2x4x32x4x4xf8E4M3FN, #gpu.address_space<workgroup>>,
    %sa: !tcgen05.scales<1x4xf8E4M3FN>, %sb: !tcgen05.scales<2x4xf8E4M3FN>, %p: i1,
    %bars: !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>, %i: index) {
  // CHECK-NEXT: tcgen05.copy_scales %{{.*}} to %{{.*}} : memref<1x4x32x4x4xf8E4M3FN, 3> to <1x4xf8E4M3FN>
  // GENERIC: "tcgen05.copy_scales"(%{{.*}}, %{{.*}}) : (memref<1x4x32x4x4xf8E4M3FN, 3>, !tcgen05.scales<1x4xf8E4M3FN>) -> ()
  tcgen05.copy_scales %ssa to %sa : memref<1x4x32x4x4xf8E4M3FN, 3> to !tcgen05.scales<1x4xf8E4M3FN>
  // CHECK-NEXT: tcgen05.copy_scales %{{.*}} to %{{.*}} : memref<2x4x32x4x4xf8E4M3FN, #gpu.address_space<workgroup>> to <2x4xf8E4M3FN>
  tcgen05.copy_scales %ssb to %sb : memref<2x4x32x4x4xf8E4M3FN, #gpu.address_space<workgroup>> to !tcgen05.scales<2x4xf8E4M3FN>
  // CHECK-NEXT: tcgen05.block_scaled_mma %{{.*}}, %{{.*}}, %{{.*}} scales(%{{.*}}, %{{.*}}) accumulate(%{{.*}}) : <256>, memref<128x128xi8, 3>, memref<256x128xi8, 3>, <1x4xf8E4M3FN>, <2x4xf8E4M3FN>
  // GENERIC: "tcgen05.block_scaled_mma"(%{{.*}}) : (!tcgen05.accumulator<256>, memref<128x128xi8, 3>, memref<256x128xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<2x4xf8E4M3FN>, i1) -> ()
  tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<256>,
      memref<128x128xi8, 3>, memref<256x128xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<2x4xf8E4M3FN>
  // CHECK-NEXT: tcgen05.commit %{{.*}}[%{{.*}}] : <memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>
  // GENERIC: "tcgen05.commit"(%{{.*}}, %{{.*}}) : (!nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>, index) -> ()
  tcgen05.commit %bars[%i] : !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>
  return
}

// Powers of two as scales: two tiles of four a K tile. 136 columns take a second tile of 128 rows.
// CHECK-LABEL: func.func @products_mx(
func.func @products_mx(
    %acc: !tcgen05.accumulator<136>, %a: memref<128x128xi8, 3>, %b: memref<136x128xi8, 3>,
    %sa: !tcgen05.scales<1x2xf8E8M0FNU>, %sb: !tcgen05.scales<2x2xf8E8M0FNU>, %p: i1) {
  // CHECK-NEXT: tcgen05.block_scaled_mma %{{.*}} : <136>, memref<128x128xi8, 3>, memref<136x128xi8, 3>, <1x2xf8E8M0FNU>, <2x2xf8E8M0FNU>
  tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<136>,
      memref<128x128xi8, 3>, memref<136x128xi8, 3>, !tcgen05.scales<1x2xf8E8M0FNU>, !tcgen05.scales<2x2xf8E8M0FNU>
  return
}

// CHECK-LABEL: func.func @epilogue(
func.func @epilogue(%acc: !tcgen05.accumulator<136>, %column: index)
    -> (vector<2xf32>, vector<8xf32>, vector<128xf32>) {
  %c128 = arith.constant 128 : index
  // CHECK:      tcgen05.load %{{.*}}[%{{.*}}] : <136> -> vector<2xf32>
  // GENERIC: "tcgen05.load"(%{{.*}}, %{{.*}}) : (!tcgen05.accumulator<136>, index) -> vector<2xf32>
  %2 = tcgen05.load %acc[%column] : !tcgen05.accumulator<136> -> vector<2xf32>
  // CHECK-NEXT: tcgen05.load %{{.*}}[%{{.*}}] : <136> -> vector<8xf32>
  %8 = tcgen05.load %acc[%c128] : !tcgen05.accumulator<136> -> vector<8xf32>
  // CHECK-NEXT: tcgen05.load %{{.*}}[%{{.*}}] : <136> -> vector<128xf32>
  %128 = tcgen05.load %acc[%column] : !tcgen05.accumulator<136> -> vector<128xf32>
  // CHECK-NEXT: tcgen05.wait_loads %{{.*}} : vector<8xf32>
  // GENERIC: "tcgen05.wait_loads"(%{{.*}}) : (vector<8xf32>) -> vector<8xf32>
  %row = tcgen05.wait_loads %8 : vector<8xf32>
  // CHECK-NEXT: tcgen05.fence before
  // GENERIC: "tcgen05.fence"() <{kind = #tcgen05<fence_kind before>}> : () -> ()
  tcgen05.fence before
  // CHECK-NEXT: tcgen05.fence after
  tcgen05.fence after
  // CHECK-NEXT: tcgen05.fence barrier_init {note = "discardable attributes stay"}
  tcgen05.fence barrier_init {note = "discardable attributes stay"}
  return %2, %8, %128 : vector<2xf32>, vector<8xf32>, vector<128xf32>
}
