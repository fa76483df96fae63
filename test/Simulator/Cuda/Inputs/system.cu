// Kernels with calls, stacks and services of the system.

#include <cassert>
#include <cstdio>

__device__ __noinline__ int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

extern "C" __global__ void recurse(int *out) {
  out[threadIdx.x] = fibonacci(threadIdx.x % 12);
}

__device__ int addOne(int x) { return x + 1; }
__device__ int twice(int x) { return x * 2; }
__device__ int square(int x) { return x * x; }
__device__ int (*const table[])(int) = {addOne, twice, square};

struct Shape {
  __device__ virtual int area() const = 0;
};
struct Square : Shape {
  int side;
  __device__ Square(int side) : side(side) {}
  __device__ int area() const override { return side * side; }
};
struct Box : Shape {
  int a, b;
  __device__ Box(int a, int b) : a(a), b(b) {}
  __device__ int area() const override { return a * b; }
};

__device__ __noinline__ int areaOf(const Shape &shape) { return shape.area(); }

/// Threads of a warp call different functions.
extern "C" __global__ void pointers(const int *which, int *out) {
  int t = threadIdx.x;
  int value = table[which[t]](t);
  Square square(t);
  Box box(t, 3);
  const Shape *shapes[] = {&square, &box};
  out[t] = value * 1000 + areaOf(*shapes[which[t] & 1]);
}

/// An array whose index is not known has to be in local memory.
extern "C" __global__ void locals(const int *x, int *out) {
  int values[32];
  int t = threadIdx.x;
  for (int i = 0; i < 32; ++i)
    values[i] = x[(t * 7 + i) % blockDim.x];
  for (int i = 1; i < 32; ++i) {
    int v = values[i], j = i - 1;
    for (; j >= 0 && values[j] > v; --j)
      values[j + 1] = values[j];
    values[j + 1] = v;
  }
  out[t] = values[t % 32];
}

extern "C" __global__ void prints(float x) {
  if (threadIdx.x == 3)
    printf("thread %d of %u: %.3f %s %llx %%\n", threadIdx.x, blockDim.x, x,
           "text", 0x123456789abull);
}

extern "C" __global__ void asserts(int limit) {
  assert(threadIdx.x < limit && "too many");
}

enum { Cases = 7 };

/// Branches that threads of a warp do not share, in a loop.
extern "C" __global__ void branches(const int *x, int *out) {
  int t = threadIdx.x, v = t;
  for (int i = 0; i < 5; ++i)
    switch ((x[t] + i) % Cases) {
    case 0:
      v += 3;
      break;
    case 1:
      v *= 5;
      break;
    case 2:
      v ^= 0x55;
      break;
    case 3:
      v -= 7;
      [[fallthrough]];
    case 4:
      v = -v;
      break;
    case 5:
      v <<= 1;
      continue;
    default:
      v = v * v % 1000;
      break;
    }
  out[t] = v;
}
