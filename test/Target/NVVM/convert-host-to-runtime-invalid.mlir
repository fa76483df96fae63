// What the runtime has no call for.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --convert-host-to-runtime

func.func @alloc() {
  // expected-error @below {{'gpu.alloc' op with a token or a layout has no lowering}}
  // expected-error @below {{failed to legalize operation 'gpu.alloc' that was explicitly marked illegal}}
  %0, %t = gpu.alloc async () : memref<4xf32, 1>
  return
}

// -----

func.func @alloc_space() {
  // expected-error @below {{'gpu.alloc' op has no lowering for 'memref<4xf32, #gpu.address_space<global>>'}}
  // expected-error @below {{failed to legalize operation 'gpu.alloc' that was explicitly marked illegal}}
  %0 = gpu.alloc () : memref<4xf32, #gpu.address_space<global>>
  return
}

// -----

func.func @copy_layout(%a: memref<4x8xf32, strided<[16, 1]>, 1>, %b: memref<4x8xf32>) {
  // expected-error @below {{'gpu.memcpy' op with a token or a layout has no lowering}}
  // expected-error @below {{failed to legalize operation 'gpu.memcpy' that was explicitly marked illegal}}
  gpu.memcpy %b, %a : memref<4x8xf32>, memref<4x8xf32, strided<[16, 1]>, 1>
  return
}

// -----

func.func @copy_host(%a: memref<4xf32>, %b: memref<4xf32>) {
  // expected-error @below {{'gpu.memcpy' op expects a buffer in device memory}}
  // expected-error @below {{failed to legalize operation 'gpu.memcpy' that was explicitly marked illegal}}
  gpu.memcpy %b, %a : memref<4xf32>, memref<4xf32>
  return
}

// -----

func.func @copy_vectors(%a: memref<4xvector<3xf32>, 1>, %b: memref<4xvector<3xf32>>) {
  // expected-error @below {{'gpu.memcpy' op of elements of type 'vector<3xf32>' has no lowering}}
  // expected-error @below {{failed to legalize operation 'gpu.memcpy' that was explicitly marked illegal}}
  gpu.memcpy %b, %a : memref<4xvector<3xf32>>, memref<4xvector<3xf32>, 1>
  return
}

// -----

func.func @map_unranked(%u: memref<*xi8, 1>) {
  %c128 = arith.constant 128 : index
  // expected-error @below {{'nvgpu.tma.create.descriptor' op expects a memref.cast of a memref whose rows are contiguous}}
  // expected-error @below {{failed to legalize operation 'nvgpu.tma.create.descriptor' that was explicitly marked illegal}}
  %t = nvgpu.tma.create.descriptor %u box[%c128, %c128] : memref<*xi8, 1> -> !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
  return
}

// -----

func.func @map_scalar(%m: memref<i8, 1>) {
  %c128 = arith.constant 128 : index
  %u = memref.cast %m : memref<i8, 1> to memref<*xi8, 1>
  // expected-error @below {{expects a memref.cast of a memref whose rows are contiguous}}
  // expected-error @below {{failed to legalize operation 'nvgpu.tma.create.descriptor' that was explicitly marked illegal}}
  %t = nvgpu.tma.create.descriptor %u box[%c128, %c128] : memref<*xi8, 1> -> !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
  return
}

// -----

func.func @map_box(%m: memref<4x4x4xi8, 1>) {
  %c128 = arith.constant 128 : index
  %u = memref.cast %m : memref<4x4x4xi8, 1> to memref<*xi8, 1>
  // expected-error @below {{expects a box of rank 3, but got 2}}
  // expected-error @below {{failed to legalize operation 'nvgpu.tma.create.descriptor' that was explicitly marked illegal}}
  %t = nvgpu.tma.create.descriptor %u box[%c128, %c128] : memref<*xi8, 1> -> !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
  return
}

// -----

func.func @map_floats(%m: memref<4x4xf32, 1>) {
  %c32 = arith.constant 32 : index
  %u = memref.cast %m : memref<4x4xf32, 1> to memref<*xf32, 1>
  // expected-error @below {{of elements other than bytes, or interleaved, has no lowering}}
  // expected-error @below {{failed to legalize operation 'nvgpu.tma.create.descriptor' that was explicitly marked illegal}}
  %t = nvgpu.tma.create.descriptor %u box[%c32, %c32] : memref<*xf32, 1> -> !nvgpu.tensormap.descriptor<tensor = memref<32x32xf32, 3>, swizzle = swizzle_128b, l2promo = none, oob = zero, interleave = none>
  return
}

// -----

module attributes {gpu.container_module} {
  gpu.module @k {
    gpu.func @run() kernel {
      gpu.return
    }
  }
  func.func @f(%n: index) {
    // expected-error @below {{'gpu.launch_func' op launches a kernel of 'k', which is not a gpu.binary; run --gpu-module-to-binary first}}
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.binary @k [#gpu.object<#nvvm.target<chip = "sm_100a">, assembly = "ptx">]
  func.func @f(%n: index, %bytes: i32) {
    // expected-error @below {{'gpu.launch_func' op expects a constant size of its dynamic shared memory}}
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%n, %n, %n) dynamic_shared_memory_size %bytes
    return
  }
}

// -----

// 227 KB, which is what sm_100a has.
module attributes {gpu.container_module} {
  gpu.binary @k [#gpu.object<#nvvm.target<chip = "sm_100a">, assembly = "ptx">]
  func.func @f(%n: index) {
    %most = arith.constant 232448 : i32
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%n, %n, %n) dynamic_shared_memory_size %most
    %more = arith.constant 232449 : i32
    // expected-error @below {{'gpu.launch_func' op asks for 232449 bytes of shared memory, but a block of chip sm_100a has 232448}}
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%n, %n, %n) dynamic_shared_memory_size %more
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.binary @k [#gpu.object<#nvvm.target<chip = "sm_100a">, assembly = "ptx">]
  func.func @f(%n: index) {
    %c32 = arith.constant 32 : index
    %c33 = arith.constant 33 : index
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%c32, %c32, %n)
    // expected-error @below {{'gpu.launch_func' op launches blocks of more than 1024 threads}}
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%c32, %c33, %n)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  // expected-error @below {{'gpu.binary' op unknown chip 'sm_50', expects one of}}
  gpu.binary @k [#gpu.object<#nvvm.target<chip = "sm_50">, assembly = "ptx">]
  func.func @f(%n: index) {
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

// expected-error @below {{'func.func' op has the name 'fp4rtAlloc', but names that begin with 'fp4rt' are the runtime's}}
func.func private @fp4rtAlloc(i32)
func.func @f() {
  %0 = gpu.alloc () : memref<4xf32, 1>
  return
}

// -----

%c1 = arith.constant 1 : index
%m = memref.alloc() : memref<4x4xi8, 1>
%u = memref.cast %m : memref<4x4xi8, 1> to memref<*xi8, 1>
// expected-error @below {{'nvgpu.tma.create.descriptor' op is outside of a function}}
%t = nvgpu.tma.create.descriptor %u box[%c1, %c1] : memref<*xi8, 1> -> !nvgpu.tensormap.descriptor<tensor = memref<1x1xi8, 3>, swizzle = none, l2promo = none, oob = zero, interleave = none>

// -----

func.func @shared_alloc() {
  // expected-error @below {{'gpu.alloc' op of memory that the host shares has no lowering}}
  // expected-error @below {{failed to legalize operation 'gpu.alloc' that was explicitly marked illegal}}
  %0 = gpu.alloc host_shared () : memref<4xf32, 1>
  return
}

// -----

func.func @dealloc(%m: memref<4xf32, 1>) {
  // expected-error @below {{'gpu.dealloc' op with a token has no lowering}}
  // expected-error @below {{failed to legalize operation 'gpu.dealloc' that was explicitly marked illegal}}
  %t = gpu.dealloc async %m : memref<4xf32, 1>
  gpu.wait [%t]
  return
}

// -----

// The descriptor that it points to is not on the device.
module attributes {gpu.container_module} {
  gpu.binary @k [#gpu.object<#nvvm.target<chip = "sm_100a">, assembly = "ptx">]
  func.func @f(%n: index, %m: memref<*xf32, 1>) {
    // expected-error @below {{'gpu.launch_func' op passes an argument of type 'memref<*xf32, 1>', which refers to memory of the host}}
    // expected-error @below {{failed to legalize operation 'gpu.launch_func' that was explicitly marked illegal}}
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%m : memref<*xf32, 1>)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  // expected-error @below {{'gpu.binary' op expects an object of PTX or machine code}}
  gpu.binary @k [#gpu.object<#nvvm.target<chip = "sm_100a">, offload = "bitcode">]
  func.func @f(%n: index) {
    gpu.launch_func @k::@run blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}
