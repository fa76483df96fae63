// What each op refuses.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics

func.func @alloc_size(%slot: memref<1xi32, 3>) {
  // expected-error @below {{'tcgen05.alloc' op expects 32, 64, 128, 256 or 512 columns, but got 96}}
  tcgen05.alloc columns(96) into %slot : memref<1xi32, 3>
  return
}

// -----

func.func @alloc_small(%slot: memref<1xi32, 3>) {
  // expected-error @below {{attribute 'columns' failed to satisfy constraint: 64-bit signless integer attribute whose minimum value is 32 whose maximum value is 512}}
  tcgen05.alloc columns(16) into %slot : memref<1xi32, 3>
  return
}

// -----

func.func @alloc_large(%slot: memref<1xi32, 3>) {
  // expected-error @below {{attribute 'columns' failed to satisfy constraint: 64-bit signless integer attribute whose minimum value is 32 whose maximum value is 512}}
  tcgen05.alloc columns(1024) into %slot : memref<1xi32, 3>
  return
}

// -----

func.func @slot_space(%slot: memref<1xi32, 1>) {
  // expected-error @below {{'tcgen05.alloc' op operand #0 must be contiguous memref of at least one i32 in shared memory, but got 'memref<1xi32, 1>'}}
  tcgen05.alloc columns(32) into %slot : memref<1xi32, 1>
  return
}

// -----

func.func @slot_host(%slot: memref<1xi32>) {
  // expected-error @below {{operand #0 must be contiguous memref of at least one i32 in shared memory, but got 'memref<1xi32>'}}
  tcgen05.alloc columns(32) into %slot : memref<1xi32>
  return
}

// -----

// Nothing would hold the address.
func.func @slot_empty(%slot: memref<0xi32, 3>) {
  // expected-error @below {{operand #0 must be contiguous memref of at least one i32 in shared memory, but got 'memref<0xi32, 3>'}}
  tcgen05.alloc columns(32) into %slot : memref<0xi32, 3>
  return
}

// -----

func.func @slot_rank(%slot: memref<i32, 3>) {
  // expected-error @below {{operand #0 must be contiguous memref of at least one i32 in shared memory, but got 'memref<i32, 3>'}}
  tcgen05.alloc columns(32) into %slot : memref<i32, 3>
  return
}

// -----

func.func @slot_layout(%slot: memref<2xi32, strided<[4]>, 3>) {
  // expected-error @below {{operand #0 must be contiguous memref of at least one i32 in shared memory, but got 'memref<2xi32, strided<[4]>, 3>'}}
  %0 = tcgen05.get_allocation %slot : memref<2xi32, strided<[4]>, 3> -> !tcgen05.allocation<32>
  return
}

// -----

func.func @slot_dynamic(%slot: memref<?xi32, 3>) {
  // expected-error @below {{operand #0 must be contiguous memref of at least one i32 in shared memory, but got 'memref<?xi32, 3>'}}
  %0 = tcgen05.get_allocation %slot : memref<?xi32, 3> -> !tcgen05.allocation<32>
  return
}

// -----

func.func @slot_type(%slot: memref<1xi64, 3>) {
  // expected-error @below {{operand #0 must be contiguous memref of at least one i32 in shared memory, but got 'memref<1xi64, 3>'}}
  %0 = tcgen05.get_allocation %slot : memref<1xi64, 3> -> !tcgen05.allocation<32>
  return
}

// -----

func.func @get_accumulator(%slot: memref<1xi32, 3>) {
  // expected-error @below {{invalid kind of type specified: expected tcgen05.allocation, but found '!tcgen05.accumulator<32>'}}
  %0 = tcgen05.get_allocation %slot : memref<1xi32, 3> -> !tcgen05.accumulator<32>
  return
}

// -----

func.func @dealloc_view(%a: !tcgen05.accumulator<32>) {
  // expected-error @below {{'tcgen05.dealloc' op operand #0 must be allocated columns of tensor memory, but got '!tcgen05.accumulator<32>'}}
  "tcgen05.dealloc"(%a) : (!tcgen05.accumulator<32>) -> ()
  return
}

// -----

func.func @view_too_large(%t: !tcgen05.allocation<32>, %column: index) {
  // expected-error @below {{'tcgen05.view' op takes 64 columns from column 0 on, but the allocation has 32}}
  %0 = tcgen05.view %t[%column] : !tcgen05.allocation<32> to !tcgen05.accumulator<64>
  return
}

// -----

func.func @view_beyond(%t: !tcgen05.allocation<64>) {
  %c60 = arith.constant 60 : index
  // expected-error @below {{'tcgen05.view' op takes 8 columns from column 60 on, but the allocation has 64}}
  %0 = tcgen05.view %t[%c60] : !tcgen05.allocation<64> to !tcgen05.scales<1x2xf8E8M0FNU>
  return
}

// -----

func.func @view_far(%t: !tcgen05.allocation<64>) {
  %far = arith.constant 9223372036854775807 : index
  // expected-error @below {{takes 8 columns from column 9223372036854775807 on, but the allocation has 64}}
  %0 = tcgen05.view %t[%far] : !tcgen05.allocation<64> to !tcgen05.accumulator<8>
  return
}

// -----

func.func @view_negative(%t: !tcgen05.allocation<64>) {
  %c = arith.constant -8 : index
  // expected-error @below {{takes 8 columns from column -8 on, but the allocation has 64}}
  %0 = tcgen05.view %t[%c] : !tcgen05.allocation<64> to !tcgen05.accumulator<8>
  return
}

// -----

func.func @view_unaligned(%t: !tcgen05.allocation<64>) {
  %c6 = arith.constant 6 : index
  // An accumulator may start anywhere.
  %0 = tcgen05.view %t[%c6] : !tcgen05.allocation<64> to !tcgen05.accumulator<8>
  // expected-error @below {{'tcgen05.view' op expects scales to start at a multiple of 4 columns, but got 6}}
  %1 = tcgen05.view %t[%c6] : !tcgen05.allocation<64> to !tcgen05.scales<1x2xf8E8M0FNU>
  return
}

// -----

func.func @view_of_allocation(%t: !tcgen05.allocation<64>, %c: index) {
  // expected-error @below {{'tcgen05.view' op result #0 must be an accumulator in tensor memory or scales of one operand in tensor memory, but got '!tcgen05.allocation<32>'}}
  %0 = tcgen05.view %t[%c] : !tcgen05.allocation<64> to !tcgen05.allocation<32>
  return
}

// -----

func.func @copy_shape(%s: memref<1x2x32x4x4xf8E4M3FN, 3>, %d: !tcgen05.scales<1x4xf8E4M3FN>) {
  // expected-error @below {{'tcgen05.copy_scales' op expects a source of 'memref<1x4x32x4x4xf8E4M3FN, 3>', but got 'memref<1x2x32x4x4xf8E4M3FN, 3>'}}
  tcgen05.copy_scales %s to %d : memref<1x2x32x4x4xf8E4M3FN, 3> to !tcgen05.scales<1x4xf8E4M3FN>
  return
}

// -----

func.func @copy_tile(%s: memref<1x4x4x32x4xf8E4M3FN, 3>, %d: !tcgen05.scales<1x4xf8E4M3FN>) {
  // expected-error @below {{expects a source of 'memref<1x4x32x4x4xf8E4M3FN, 3>', but got 'memref<1x4x4x32x4xf8E4M3FN, 3>'}}
  tcgen05.copy_scales %s to %d : memref<1x4x4x32x4xf8E4M3FN, 3> to !tcgen05.scales<1x4xf8E4M3FN>
  return
}

// -----

func.func @copy_type(%s: memref<1x2x32x4x4xf8E4M3FN, 3>, %d: !tcgen05.scales<1x2xf8E8M0FNU>) {
  // expected-error @below {{expects a source of 'memref<1x2x32x4x4xf8E8M0FNU, 3>', but got 'memref<1x2x32x4x4xf8E4M3FN, 3>'}}
  tcgen05.copy_scales %s to %d : memref<1x2x32x4x4xf8E4M3FN, 3> to !tcgen05.scales<1x2xf8E8M0FNU>
  return
}

// -----

func.func @copy_rows(%s: memref<128x4xf8E4M3FN, 3>, %d: !tcgen05.scales<1x1xf8E4M3FN>) {
  // expected-error @below {{operand #0 must be contiguous memref of rank 5 in shared memory, but got 'memref<128x4xf8E4M3FN, 3>'}}
  tcgen05.copy_scales %s to %d : memref<128x4xf8E4M3FN, 3> to !tcgen05.scales<1x1xf8E4M3FN>
  return
}

// -----

func.func @copy_global(%s: memref<1x1x32x4x4xf8E4M3FN, 1>, %d: !tcgen05.scales<1x1xf8E4M3FN>) {
  // expected-error @below {{operand #0 must be contiguous memref of rank 5 in shared memory, but got 'memref<1x1x32x4x4xf8E4M3FN, 1>'}}
  tcgen05.copy_scales %s to %d : memref<1x1x32x4x4xf8E4M3FN, 1> to !tcgen05.scales<1x1xf8E4M3FN>
  return
}

// -----

func.func @copy_elements(%s: memref<1x1x32x4x4xi8, 3>, %d: !tcgen05.scales<1x1xf8E4M3FN>) {
  // expected-error @below {{operand #0 must be contiguous memref of rank 5 in shared memory, but got 'memref<1x1x32x4x4xi8, 3>'}}
  tcgen05.copy_scales %s to %d : memref<1x1x32x4x4xi8, 3> to !tcgen05.scales<1x1xf8E4M3FN>
  return
}

// -----

func.func @mma_lhs(%acc: !tcgen05.accumulator<64>, %a: memref<64x128xi8, 3>, %b: memref<64x128xi8, 3>,
    %sa: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
  // expected-error @below {{'tcgen05.block_scaled_mma' op expects lhs of 128 rows of 128 bytes, but got 'memref<64x128xi8, 3>'}}
  tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sa) accumulate(%p) : !tcgen05.accumulator<64>,
      memref<64x128xi8, 3>, memref<64x128xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<1x4xf8E4M3FN>
  return
}

// -----

func.func @mma_rhs(%acc: !tcgen05.accumulator<64>, %a: memref<128x128xi8, 3>,
    %sa: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
  // expected-error @below {{'tcgen05.block_scaled_mma' op expects rhs of 64 rows of 128 bytes, but got 'memref<128x128xi8, 3>'}}
  tcgen05.block_scaled_mma %acc, %a, %a scales(%sa, %sa) accumulate(%p) : !tcgen05.accumulator<64>,
      memref<128x128xi8, 3>, memref<128x128xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<1x4xf8E4M3FN>
  return
}

// -----

func.func @mma_k(%acc: !tcgen05.accumulator<128>, %a: memref<128x64xi8, 3>,
    %sa: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
  // expected-error @below {{expects lhs of 128 rows of 128 bytes, but got 'memref<128x64xi8, 3>'}}
  tcgen05.block_scaled_mma %acc, %a, %a scales(%sa, %sa) accumulate(%p) : !tcgen05.accumulator<128>,
      memref<128x64xi8, 3>, memref<128x64xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<1x4xf8E4M3FN>
  return
}

// -----

func.func @mma_mixed(%acc: !tcgen05.accumulator<128>, %a: memref<128x128xi8, 3>,
    %sa: !tcgen05.scales<1x4xf8E4M3FN>, %sb: !tcgen05.scales<1x2xf8E8M0FNU>, %p: i1) {
  // expected-error @below {{expects scales of one format, but got '!tcgen05.scales<1x4xf8E4M3FN>' and '!tcgen05.scales<1x2xf8E8M0FNU>'}}
  tcgen05.block_scaled_mma %acc, %a, %a scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<128>,
      memref<128x128xi8, 3>, memref<128x128xi8, 3>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<1x2xf8E8M0FNU>
  return
}

// -----

func.func @mma_lhs_scales(%acc: !tcgen05.accumulator<128>, %a: memref<128x128xi8, 3>,
    %sa: !tcgen05.scales<2x4xf8E4M3FN>, %sb: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
  // expected-error @below {{expects lhs scales of '!tcgen05.scales<1x4xf8E4M3FN>', but got '!tcgen05.scales<2x4xf8E4M3FN>'}}
  tcgen05.block_scaled_mma %acc, %a, %a scales(%sa, %sb) accumulate(%p) : !tcgen05.accumulator<128>,
      memref<128x128xi8, 3>, memref<128x128xi8, 3>, !tcgen05.scales<2x4xf8E4M3FN>, !tcgen05.scales<1x4xf8E4M3FN>
  return
}

// -----

// 256 rows of rhs have two tiles of scales.
func.func @mma_rhs_scales(%acc: !tcgen05.accumulator<256>, %a: memref<128x128xi8, 3>, %b: memref<256x128xi8, 3>,
    %sa: !tcgen05.scales<1x2xf8E8M0FNU>, %p: i1) {
  // expected-error @below {{expects rhs scales of '!tcgen05.scales<2x2xf8E8M0FNU>', but got '!tcgen05.scales<1x2xf8E8M0FNU>'}}
  tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sa) accumulate(%p) : !tcgen05.accumulator<256>,
      memref<128x128xi8, 3>, memref<256x128xi8, 3>, !tcgen05.scales<1x2xf8E8M0FNU>, !tcgen05.scales<1x2xf8E8M0FNU>
  return
}

// -----

func.func @mma_codes(%acc: !tcgen05.accumulator<128>, %a: memref<128x128xi8, 1>,
    %sa: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
  // expected-error @below {{operand #1 must be contiguous memref of rank 2 in shared memory, but got 'memref<128x128xi8, 1>'}}
  tcgen05.block_scaled_mma %acc, %a, %a scales(%sa, %sa) accumulate(%p) : !tcgen05.accumulator<128>,
      memref<128x128xi8, 1>, memref<128x128xi8, 1>, !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<1x4xf8E4M3FN>
  return
}

// -----

// The swizzle is of dense rows.
func.func @mma_strided(%acc: !tcgen05.accumulator<128>, %a: memref<128x128xi8, strided<[256, 1]>, 3>,
    %sa: !tcgen05.scales<1x4xf8E4M3FN>, %p: i1) {
  // expected-error @below {{operand #1 must be contiguous memref of rank 2 in shared memory, but got 'memref<128x128xi8, strided<[256, 1]>, 3>'}}
  tcgen05.block_scaled_mma %acc, %a, %a scales(%sa, %sa) accumulate(%p) : !tcgen05.accumulator<128>,
      memref<128x128xi8, strided<[256, 1]>, 3>, memref<128x128xi8, strided<[256, 1]>, 3>,
      !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<1x4xf8E4M3FN>
  return
}

// -----

func.func @commit_space(%b: !nvgpu.mbarrier.group<memorySpace = 1 : i64>, %i: index) {
  // expected-error @below {{'tcgen05.commit' op expects barriers in shared memory, but got '!nvgpu.mbarrier.group<memorySpace = 1 : i64>'}}
  tcgen05.commit %b[%i] : !nvgpu.mbarrier.group<memorySpace = 1 : i64>
  return
}

// -----

func.func @commit_index(%b: !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>) {
  %c2 = arith.constant 2 : index
  // expected-error @below {{'tcgen05.commit' op arrives on barrier 2, but the group has 2}}
  tcgen05.commit %b[%c2] : !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>
  return
}

// -----

func.func @commit_negative(%b: !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>) {
  %c = arith.constant -1 : index
  // expected-error @below {{'tcgen05.commit' op arrives on barrier -1, but the group has 2}}
  tcgen05.commit %b[%c] : !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>
  return
}

// -----

func.func @load_one(%acc: !tcgen05.accumulator<64>, %c: index) {
  // expected-error @below {{'tcgen05.load' op loads 2, 4, ... or 128 columns, but got 1}}
  %0 = tcgen05.load %acc[%c] : !tcgen05.accumulator<64> -> vector<1xf32>
  return
}

// -----

func.func @load_three(%acc: !tcgen05.accumulator<64>, %c: index) {
  // expected-error @below {{loads 2, 4, ... or 128 columns, but got 3}}
  %0 = tcgen05.load %acc[%c] : !tcgen05.accumulator<64> -> vector<3xf32>
  return
}

// -----

func.func @load_many(%acc: !tcgen05.accumulator<256>, %c: index) {
  // expected-error @below {{loads 2, 4, ... or 128 columns, but got 256}}
  %0 = tcgen05.load %acc[%c] : !tcgen05.accumulator<256> -> vector<256xf32>
  return
}

// -----

func.func @load_wide(%acc: !tcgen05.accumulator<64>, %c: index) {
  // expected-error @below {{'tcgen05.load' op loads 128 columns from column 0 on, but the accumulator has 64}}
  %0 = tcgen05.load %acc[%c] : !tcgen05.accumulator<64> -> vector<128xf32>
  return
}

// -----

func.func @load_beyond(%acc: !tcgen05.accumulator<64>) {
  %c40 = arith.constant 40 : index
  // expected-error @below {{loads 32 columns from column 40 on, but the accumulator has 64}}
  %0 = tcgen05.load %acc[%c40] : !tcgen05.accumulator<64> -> vector<32xf32>
  return
}

// -----

func.func @load_negative(%acc: !tcgen05.accumulator<64>) {
  %c = arith.constant -9223372036854775808 : index
  // expected-error @below {{loads 32 columns from column -9223372036854775808 on, but the accumulator has 64}}
  %0 = tcgen05.load %acc[%c] : !tcgen05.accumulator<64> -> vector<32xf32>
  return
}

// -----

func.func @load_type(%acc: !tcgen05.accumulator<64>, %c: index) {
  // expected-error @below {{result #0 must be fixed-length vector of 32-bit float values of ranks 1, but got 'vector<32xi32>'}}
  %0 = tcgen05.load %acc[%c] : !tcgen05.accumulator<64> -> vector<32xi32>
  return
}

// -----

func.func @load_scalable(%acc: !tcgen05.accumulator<64>, %c: index) {
  // expected-error @below {{result #0 must be fixed-length vector of 32-bit float values of ranks 1, but got 'vector<[4]xf32>'}}
  %0 = tcgen05.load %acc[%c] : !tcgen05.accumulator<64> -> vector<[4]xf32>
  return
}

// -----

func.func @fence_kind() {
  // expected-error @below {{expected one of [before, after, barrier_init] for what a fence orders, got: around}}
  // expected-error @+2 {{failed to parse TCGen05_FenceKindAttr parameter 'value' which is to be a `::mlir::fp4::tcgen05::FenceKind`}}
  tcgen05.fence around
  return
}

// -----

// Through the generic form, which the assembly does not hold to anything.
func.func @fence_generic() {
  // expected-error @below {{invalid properties {kind = 7 : i32} for op tcgen05.fence: Invalid attribute `kind` in property conversion: 7 : i32}}
  "tcgen05.fence"() <{kind = 7 : i32}> : () -> ()
  return
}
