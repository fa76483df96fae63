; Functions of two numbers of 64 bits, for LLVM to compile twice: for a GPU and for the host.

define i64 @divide(i64 %a, i64 %b) {
  %zero = icmp eq i64 %b, 0
  %d = select i1 %zero, i64 7, i64 %b
  %minus = icmp eq i64 %d, -1
  %e = select i1 %minus, i64 3, i64 %d
  %q = sdiv i64 %a, %e
  %r = srem i64 %a, %e
  %u = udiv i64 %a, %e
  %v = urem i64 %a, %e
  %x = xor i64 %q, %r
  %y = sub i64 %u, %v
  %z = add i64 %x, %y
  ret i64 %z
}

define i64 @narrow_divide(i64 %a, i64 %b) {
  %s = trunc i64 %a to i32
  %t = trunc i64 %b to i32
  %e = or i32 %t, 1
  %f = and i32 %e, 2147483647
  %q = sdiv i32 %s, %f
  %r = urem i32 %s, %f
  %h = trunc i64 %a to i16
  %i = trunc i64 %b to i16
  %j = or i16 %i, 1
  %k = and i16 %j, 32767
  %m = sdiv i16 %h, %k
  %n = sext i16 %m to i32
  %x = xor i32 %q, %r
  %y = add i32 %x, %n
  %z = sext i32 %y to i64
  ret i64 %z
}

define i64 @wide_product(i64 %a, i64 %b) {
  %x = zext i64 %a to i128
  %y = sext i64 %b to i128
  %p = mul i128 %x, %y
  %h = lshr i128 %p, 61
  %t = trunc i128 %h to i64
  ret i64 %t
}

declare i64 @llvm.ctpop.i64(i64)
declare i32 @llvm.ctlz.i32(i32, i1)
declare i64 @llvm.cttz.i64(i64, i1)
declare i64 @llvm.bitreverse.i64(i64)
declare i32 @llvm.bswap.i32(i32)
declare i32 @llvm.fshl.i32(i32, i32, i32)
declare i64 @llvm.fshr.i64(i64, i64, i64)
declare i8 @llvm.abs.i8(i8, i1)
declare i32 @llvm.smax.i32(i32, i32)
declare i16 @llvm.umin.i16(i16, i16)
declare i32 @llvm.sadd.sat.i32(i32, i32)
declare { i32, i1 } @llvm.uadd.with.overflow.i32(i32, i32)
define i64 @bits(i64 %a, i64 %b) {
  %s = trunc i64 %a to i32
  %t = trunc i64 %b to i32
  %p = call i64 @llvm.ctpop.i64(i64 %a)
  %l = call i32 @llvm.ctlz.i32(i32 %s, i1 false)
  %z = call i64 @llvm.cttz.i64(i64 %b, i1 false)
  %r = call i64 @llvm.bitreverse.i64(i64 %a)
  %w = call i32 @llvm.bswap.i32(i32 %t)
  %f = call i32 @llvm.fshl.i32(i32 %s, i32 %t, i32 %l)
  %g = call i64 @llvm.fshr.i64(i64 %a, i64 %b, i64 %p)
  %c = trunc i64 %a to i8
  %d = call i8 @llvm.abs.i8(i8 %c, i1 false)
  %m = call i32 @llvm.smax.i32(i32 %s, i32 %t)
  %h = trunc i64 %a to i16
  %i = trunc i64 %b to i16
  %n = call i16 @llvm.umin.i16(i16 %h, i16 %i)
  %q = call i32 @llvm.sadd.sat.i32(i32 %s, i32 %t)
  %o = call { i32, i1 } @llvm.uadd.with.overflow.i32(i32 %s, i32 %t)
  %o0 = extractvalue { i32, i1 } %o, 0
  %o1 = extractvalue { i32, i1 } %o, 1
  %l64 = zext i32 %l to i64
  %w64 = zext i32 %w to i64
  %f64 = sext i32 %f to i64
  %d64 = sext i8 %d to i64
  %m64 = sext i32 %m to i64
  %n64 = zext i16 %n to i64
  %q64 = sext i32 %q to i64
  %o64 = zext i32 %o0 to i64
  %c64 = zext i1 %o1 to i64
  %x1 = xor i64 %p, %l64
  %x2 = add i64 %x1, %z
  %x3 = xor i64 %x2, %r
  %x4 = add i64 %x3, %w64
  %x5 = xor i64 %x4, %f64
  %x6 = add i64 %x5, %g
  %x7 = xor i64 %x6, %d64
  %x8 = add i64 %x7, %m64
  %x9 = xor i64 %x8, %n64
  %x10 = add i64 %x9, %q64
  %x11 = xor i64 %x10, %o64
  %x12 = add i64 %x11, %c64
  ret i64 %x12
}

; A table of branches in a loop.
define i64 @machine(i64 %a, i64 %b) {
entry:
  br label %loop
loop:
  %code = phi i64 [ %a, %entry ], [ %rest, %next ]
  %value = phi i64 [ %b, %entry ], [ %result, %next ]
  %count = phi i32 [ 0, %entry ], [ %more, %next ]
  %op = and i64 %code, 7
  switch i64 %op, label %other [
    i64 0, label %zero
    i64 1, label %one
    i64 2, label %two
    i64 3, label %three
    i64 4, label %four
    i64 5, label %five
  ]
zero:
  %r0 = add i64 %value, %code
  br label %next
one:
  %r1 = mul i64 %value, 31
  br label %next
two:
  %r2 = xor i64 %value, %a
  br label %next
three:
  %r3 = lshr i64 %value, 3
  br label %next
four:
  %r4 = sub i64 %b, %value
  br label %next
five:
  %r5 = shl i64 %value, 5
  br label %next
other:
  %small = icmp slt i64 %value, 0
  br i1 %small, label %done, label %next
next:
  %result = phi i64 [ %r0, %zero ], [ %r1, %one ], [ %r2, %two ], [ %r3, %three ], [ %r4, %four ], [ %r5, %five ], [ %value, %other ]
  %rest = lshr i64 %code, 3
  %more = add i32 %count, 1
  %again = icmp slt i32 %more, 21
  br i1 %again, label %loop, label %done
done:
  %last = phi i64 [ %value, %other ], [ %result, %next ]
  ret i64 %last
}

; An array on the stack, indexed by what is computed.
define i64 @stack(i64 %a, i64 %b) {
entry:
  %array = alloca [16 x i16], align 8
  br label %fill
fill:
  %i = phi i64 [ 0, %entry ], [ %i1, %fill ]
  %v = mul i64 %i, %a
  %v16 = trunc i64 %v to i16
  %p = getelementptr [16 x i16], ptr %array, i64 0, i64 %i
  store i16 %v16, ptr %p
  %i1 = add i64 %i, 1
  %c = icmp ult i64 %i1, 16
  br i1 %c, label %fill, label %walk
walk:
  %j = phi i64 [ 0, %fill ], [ %j1, %walk ]
  %sum = phi i64 [ 0, %fill ], [ %sum1, %walk ]
  %at = phi i64 [ %b, %fill ], [ %next, %walk ]
  %index = and i64 %at, 15
  %q = getelementptr [16 x i16], ptr %array, i64 0, i64 %index
  %e = load i16, ptr %q
  %ext = sext i16 %e to i64
  %sum0 = mul i64 %sum, 5
  %sum1 = add i64 %sum0, %ext
  %next = add i64 %at, %ext
  %j1 = add i64 %j, 1
  %d = icmp ult i64 %j1, 20
  br i1 %d, label %walk, label %out
out:
  %w = load i64, ptr %array
  %r = xor i64 %sum1, %w
  ret i64 %r
}

define internal i32 @ackermann(i32 %m, i32 %n) noinline {
  %m0 = icmp eq i32 %m, 0
  br i1 %m0, label %base, label %more
base:
  %n1 = add i32 %n, 1
  ret i32 %n1
more:
  %m1 = sub i32 %m, 1
  %n0 = icmp eq i32 %n, 0
  br i1 %n0, label %one, label %two
one:
  %r1 = call i32 @ackermann(i32 %m1, i32 1)
  ret i32 %r1
two:
  %k = sub i32 %n, 1
  %inner = call i32 @ackermann(i32 %m, i32 %k)
  %r2 = call i32 @ackermann(i32 %m1, i32 %inner)
  ret i32 %r2
}
define i64 @recursion(i64 %a, i64 %b) {
  %m = and i64 %a, 1
  %n = and i64 %b, 15
  %m32 = trunc i64 %m to i32
  %n32 = trunc i64 %n to i32
  %m2 = add i32 %m32, 1
  %r = call i32 @ackermann(i32 %m2, i32 %n32)
  %z = zext i32 %r to i64
  ret i64 %z
}

%pair = type { i32, [3 x i8], double }
define internal %pair @swap(%pair %p, ptr byval(%pair) %q) noinline {
  %x = getelementptr %pair, ptr %q, i64 0, i32 1, i64 2
  %byte = load i8, ptr %x
  %p1 = insertvalue %pair %p, i8 %byte, 1, 0
  %y = getelementptr %pair, ptr %q, i64 0, i32 2
  %real = load double, ptr %y
  %p2 = insertvalue %pair %p1, double %real, 2
  ret %pair %p2
}
define i64 @structs(i64 %a, i64 %b) {
  %slot = alloca %pair
  store i32 5, ptr %slot
  %x = getelementptr %pair, ptr %slot, i64 0, i32 1, i64 2
  %byte = trunc i64 %a to i8
  store i8 %byte, ptr %x
  %y = getelementptr %pair, ptr %slot, i64 0, i32 2
  %real = sitofp i64 %b to double
  store double %real, ptr %y
  %s = trunc i64 %b to i32
  %p0 = insertvalue %pair zeroinitializer, i32 %s, 0
  %r = call %pair @swap(%pair %p0, ptr byval(%pair) %slot)
  %r0 = extractvalue %pair %r, 0
  %r1 = extractvalue %pair %r, 1, 0
  %r2 = extractvalue %pair %r, 2
  %r064 = zext i32 %r0 to i64
  %r164 = zext i8 %r1 to i64
  %r264 = bitcast double %r2 to i64
  %z1 = shl i64 %r164, 40
  %z2 = add i64 %r064, %z1
  %z3 = xor i64 %z2, %r264
  ret i64 %z3
}

declare float @llvm.sqrt.f32(float)
declare float @llvm.fma.f32(float, float, float)
declare float @llvm.minnum.f32(float, float)
declare float @llvm.maxnum.f32(float, float)
declare float @llvm.copysign.f32(float, float)
declare float @llvm.fabs.f32(float)
declare float @llvm.floor.f32(float)
declare float @llvm.ceil.f32(float)
declare float @llvm.trunc.f32(float)
declare float @llvm.rint.f32(float)
define float @reals(float %a, float %b) {
  %s = fadd float %a, %b
  %p = fmul float %s, %a
  %d = fdiv float %p, %b
  %f = call float @llvm.fma.f32(float %d, float %b, float %a)
  %abs = call float @llvm.fabs.f32(float %f)
  %r = call float @llvm.sqrt.f32(float %abs)
  %n = call float @llvm.minnum.f32(float %r, float %b)
  %m = call float @llvm.maxnum.f32(float %n, float %a)
  %c = call float @llvm.copysign.f32(float %m, float %a)
  %u = fcmp une float %c, %a
  %o = fcmp olt float %a, %b
  %w = and i1 %u, %o
  %t = fneg float %c
  %z = select i1 %w, float %t, float %c
  ret float %z
}
define float @rounding(float %a, float %b) {
  %f = call float @llvm.floor.f32(float %a)
  %c = call float @llvm.ceil.f32(float %b)
  %t = call float @llvm.trunc.f32(float %a)
  %r = call float @llvm.rint.f32(float %b)
  %x = fadd float %f, %c
  %y = fsub float %t, %r
  %z = fsub float %x, %y
  ret float %z
}
declare i32 @llvm.fptosi.sat.i32.f32(float)
declare i64 @llvm.fptoui.sat.i64.f32(float)
define float @conversions(float %a, float %b) {
  %i = call i32 @llvm.fptosi.sat.i32.f32(float %a)
  %j = call i64 @llvm.fptoui.sat.i64.f32(float %b)
  %x = sitofp i32 %i to float
  %y = uitofp i64 %j to float
  %h = fptrunc float %a to half
  %g = fpext half %h to float
  %d = fpext float %a to double
  %e = uitofp i64 %j to double
  %m = fmul double %d, %e
  %n = fptrunc double %m to float
  %s1 = fadd float %x, %y
  %s2 = fadd float %g, %b
  %s3 = fadd float %s1, %s2
  %s4 = fadd float %s3, %n
  ret float %s4
}
define float @halves(float %a, float %b) {
  %x = fptrunc float %a to half
  %y = fptrunc float %b to half
  %s = fadd half %x, %y
  %p = fmul half %s, %x
  %m = fsub half %p, %y
  %c = fcmp ogt half %m, %x
  %z = select i1 %c, half %m, half %s
  %r = fpext half %z to float
  ret float %r
}
