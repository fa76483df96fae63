// Kernels whose threads meet in memory.

#include <cuda/atomic>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

extern "C" __global__ void halves(const float *x, __half2 *h, __nv_bfloat162 *b,
                                  float4 *f, double *d) {
  int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
  atomicAdd(&h[t % 8], __floats2half2_rn(x[i], -x[i]));
  atomicAdd(&b[t % 8], __floats2bfloat162_rn(x[i], 2 * x[i]));
#if __CUDA_ARCH__ >= 900
  atomicAdd(&f[t % 8], make_float4(x[i], 1, 2, -x[i]));
#else
  atomicAdd(&f[t % 8].x, x[i]);
  atomicAdd(&f[t % 8].y, 1);
  atomicAdd(&f[t % 8].z, 2);
  atomicAdd(&f[t % 8].w, -x[i]);
#endif
  atomicAdd(&d[t % 8], double(x[i]));
}

extern "C" __global__ void integers(const unsigned *x, unsigned *out,
                                    unsigned long long *wide) {
  unsigned v = x[blockIdx.x * blockDim.x + threadIdx.x];
  atomicAdd(&out[0], v);
  atomicMax(&out[1], v);
  atomicMin((int *)&out[2], int(v));
  atomicXor(&out[3], v);
  atomicAnd(&out[4], v | 0xff);
  atomicOr(&out[5], v & 0xff00);
  atomicInc(&out[6], 16);
  atomicSub(&out[7], v);
  atomicAdd(&wide[0], (unsigned long long)v << 8);
  atomicMax(&wide[1], (unsigned long long)v << 8);
  // The largest, by comparing and exchanging.
  unsigned seen = out[8];
  while (seen < v) {
    unsigned was = atomicCAS(&out[8], seen, v);
    if (was == seen)
      break;
    seen = was;
  }
}

/// One thread of each warp at a time; what it guards is not atomic.
extern "C" __global__ void lock(int *mutex, int *count) {
  cuda::atomic_ref<int, cuda::thread_scope_device> flag(*mutex);
  for (bool done = false; !done;) {
    int expected = 0;
    if (flag.compare_exchange_strong(expected, 1, cuda::memory_order_acquire)) {
      *(volatile int *)count = *(volatile int *)count + 1;
      flag.store(0, cuda::memory_order_release);
      done = true;
    }
  }
}

/// A block waits for what the one before it has published.
extern "C" __global__ void chain(const int *x, int *sums, int *ready) {
  cuda::atomic_ref<int, cuda::thread_scope_device> mine(ready[blockIdx.x]);
  if (threadIdx.x == 0) {
    int before = 0;
    if (blockIdx.x) {
      cuda::atomic_ref<int, cuda::thread_scope_device> last(
          ready[blockIdx.x - 1]);
      while (!last.load(cuda::memory_order_acquire))
        __nanosleep(40);
      before = sums[blockIdx.x - 1];
    }
    sums[blockIdx.x] = before + x[blockIdx.x];
    mine.store(1, cuda::memory_order_release);
    mine.notify_all();
  }
}
