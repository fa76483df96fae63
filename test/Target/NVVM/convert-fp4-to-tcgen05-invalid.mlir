// Products that a kernel of this form cannot compute.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(func.func(convert-fp4-to-tcgen05))'

func.func @outside(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  // expected-error @below {{'fp4.scaled_matmul' op with strategy 'tcgen05' is outside of a kernel; run --fp4-tile-to-blocks --fp4-blocks-to-launch first}}
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
  return
}

// -----

func.func @threads(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c2, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' expects to be launched with blocks of 128 threads in one dimension}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @dimensions(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c2, %sz = %c1) {
    // expected-error @below {{expects to be launched with blocks of 128 threads in one dimension}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @rows(%a: memref<129x32xi8, 1>, %sa: memref<2x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<129x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' expects a tile of at most 128 rows; run --fp4-tile-to-blocks first}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<129x32xi8, 1>, memref<2x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<129x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @any_rows(%a: memref<?x32xi8, 1>, %sa: memref<?x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<?x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{expects a tile of at most 128 rows}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<?x32xi8, 1>, memref<?x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<?x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @columns(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<257x32xi8, 1>, %sb: memref<3x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x257xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' expects a tile of 1 to 256 columns; run --fp4-tile-to-blocks first}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<257x32xi8, 1>, memref<3x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x257xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @any_columns(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<?x32xi8, 1>, %sb: memref<?x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x?xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{expects a tile of 1 to 256 columns}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<?x32xi8, 1>, memref<?x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x?xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @no_columns(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<0x32xi8, 1>, %sb: memref<0x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x0xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{expects a tile of 1 to 256 columns}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<0x32xi8, 1>, memref<0x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x0xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @any_k(%a: memref<4x?xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x?xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' expects packed codes of rank 2 with a static K > 0, but operand #0 is of type 'memref<4x?xi8, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x?xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x?xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @rank(%a: memref<2x4x32xi8, 1>, %sa: memref<2x4x2xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<2x4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{expects packed codes of rank 2 with a static K > 0, but operand #0 is of type 'memref<2x4x32xi8, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<2x4x32xi8, 1>, memref<2x4x2xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<2x4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @row_alignment(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, strided<[40, 1]>, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' expects rows of codes that are contiguous and start at multiples of 16 bytes, but operand #2 is of type 'memref<48x32xi8, strided<[40, 1]>, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, strided<[40, 1]>, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @row_stride(%a: memref<4x32xi8, strided<[64, 2]>, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{expects rows of codes that are contiguous and start at multiples of 16 bytes, but operand #0 is of type 'memref<4x32xi8, strided<[64, 2]>, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, strided<[64, 2]>, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @scales(%a: memref<4x32xi8, 1>, %sa: memref<4x2xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' expects blocked scales, but operand #1 is of type 'memref<4x2xf8E8M0FNU, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<4x2xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @groups(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' and scales of 'f8E8M0FNU' expects groups of 32, but got 16}}
    fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @host(%a: memref<4x32xi8>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{operand #0 is not in device memory (space 1), but of type 'memref<4x32xi8>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @shared(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 3>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{operand #3 is not in device memory (space 1), but of type 'memref<1x1x32x4x4xf8E8M0FNU, 3>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 3>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @nested(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>, %p: i1) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    scf.if %p {
      // expected-error @below {{with strategy 'tcgen05' expects to be executed by all threads: at the top level of the kernel}}
      fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    }
    gpu.terminator
  }
  return
}

// -----

func.func @inside(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    %m = memref.alloc() : memref<4x32xi8, 1>
    // expected-error @below {{operand #0 is neither a buffer from outside of the kernel nor a subview of one}}
    fp4.scaled_matmul group_size(32) lhs(%m, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @strides(%a: memref<8x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    %m = memref.subview %a[0, 0] [4, 32] [2, 1] : memref<8x32xi8, 1> to memref<4x32xi8, strided<[64, 1]>, 1>
    // expected-error @below {{operand #0 is a subview with strides or of another rank}}
    fp4.scaled_matmul group_size(32) lhs(%m, %sa : memref<4x32xi8, strided<[64, 1]>, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @scales_layout(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, strided<[1024, 512, 16, 4, 1]>, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' expects contiguous scales, but got 'memref<1x1x32x4x4xf8E8M0FNU, strided<[1024, 512, 16, 4, 1]>, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, strided<[1024, 512, 16, 4, 1]>, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @tensors(%a: tensor<4x32xi8>, %s: tensor<4x2xf8E8M0FNU>, %g: f32, %y: tensor<4x4xf32>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{'fp4.scaled_matmul' op is on tensors; bufferize first}}
    %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>) rhs(%a, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>) alpha(%g) outs(%y : tensor<4x4xf32>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @unranked(%u: memref<*xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    %m = memref.cast %u : memref<*xi8, 1> to memref<4x32xi8, 1>
    // expected-error @below {{operand #0 is neither a buffer from outside of the kernel nor a subview of one}}
    fp4.scaled_matmul group_size(32) lhs(%m, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

// A tile load would go on to the codes behind the part.
func.func @part_of_k(%u: memref<4x64xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    %m = memref.subview %u[0, 0] [4, 32] [1, 1] : memref<4x64xi8, 1> to memref<4x32xi8, strided<[64, 1]>, 1>
    // expected-error @below {{with strategy 'tcgen05' expects whole rows, but operand #0 is a part of the rows of 'memref<4x64xi8, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%m, %sa : memref<4x32xi8, strided<[64, 1]>, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @any_part_of_k(%u: memref<4x?xi8, 1>, %i: index, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    %m = memref.subview %u[0, %i] [4, 32] [1, 1] : memref<4x?xi8, 1> to memref<4x32xi8, strided<[?, 1], offset: ?>, 1>
    // expected-error @below {{expects whole rows, but operand #0 is a part of the rows of 'memref<4x?xi8, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%m, %sa : memref<4x32xi8, strided<[?, 1], offset: ?>, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @part_of_scales(%a: memref<4x32xi8, 1>, %u: memref<1x2x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    %m = memref.subview %u[0, 1, 0, 0, 0] [1, 1, 32, 4, 4] [1, 1, 1, 1, 1] : memref<1x2x32x4x4xf8E8M0FNU, 1> to memref<1x1x32x4x4xf8E8M0FNU, strided<[1024, 512, 16, 4, 1], offset: 512>, 1>
    // expected-error @below {{expects whole rows, but operand #1 is a part of the rows of 'memref<1x2x32x4x4xf8E8M0FNU, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %m : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, strided<[1024, 512, 16, 4, 1], offset: 512>, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

// No product would write the accumulator.
func.func @no_k(%a: memref<4x0xi8, 1>, %sa: memref<1x0x32x4x4xf8E8M0FNU, 1>, %b: memref<48x0xi8, 1>, %sb: memref<1x0x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with a static K > 0, but operand #0 is of type 'memref<4x0xi8, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x0xi8, 1>, memref<1x0x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x0xi8, 1>, memref<1x0x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

// The second one would allocate behind the first one's promise not to.
func.func @two(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    // expected-error @below {{expects a kernel of its own, but this one has dynamic shared memory already}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @dynamic_shared_memory(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  %bytes = arith.constant 64 : i32
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) dynamic_shared_memory_size %bytes {
    // expected-error @below {{expects a kernel of its own, but this one has dynamic shared memory already}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @host_result(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{with strategy 'tcgen05' expects a result in device memory (space 1) whose rows are contiguous, but got 'memref<4x48xf32>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

func.func @strided_result(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, strided<[96, 2]>, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{expects a result in device memory (space 1) whose rows are contiguous, but got 'memref<4x48xf32, strided<[96, 2]>, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, strided<[96, 2]>, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}

// -----

// An address that a tensor map cannot have.
func.func @offset(%a: memref<4x32xi8, strided<[128, 1], offset: 8>, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<48x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x48xf32, 1>) {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    // expected-error @below {{expects rows of codes that are contiguous and start at multiples of 16 bytes, but operand #0 is of type 'memref<4x32xi8, strided<[128, 1], offset: 8>, 1>'}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, strided<[128, 1], offset: 8>, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<48x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x48xf32, 1>) {strategy = "tcgen05"}
    gpu.terminator
  }
  return
}
