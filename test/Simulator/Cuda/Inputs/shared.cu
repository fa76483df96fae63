// Kernels around shared memory of a block.

#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cuda/barrier>
#include <cuda/pipeline>

namespace cg = cooperative_groups;

/// The square that is turned has a column more: no conflicts of banks.
extern "C" __global__ void transpose(const float *x, float *out, int rows,
                                     int columns) {
  __shared__ float tile[32][33];
  int column = blockIdx.x * 32 + threadIdx.x, row = blockIdx.y * 32;
  for (int i = threadIdx.y; i < 32; i += blockDim.y)
    if (column < columns && row + i < rows)
      tile[i][threadIdx.x] = x[(row + i) * columns + column];
  __syncthreads();
  column = row + threadIdx.x, row = blockIdx.x * 32;
  for (int i = threadIdx.y; i < 32; i += blockDim.y)
    if (column < rows && row + i < columns)
      out[(row + i) * rows + column] = tile[threadIdx.x][i];
}

/// Stages that cp.async fills, two ahead of what is summed.
extern "C" __global__ void pipeline(const float4 *x, float4 *out, int steps) {
  constexpr int stages = 3;
  extern __shared__ float4 buffer[];
  auto pipe = cuda::make_pipeline();
  int t = threadIdx.x, n = blockDim.x;
  float4 total = {};
  for (int i = 0, loaded = 0; i < steps; ++i) {
    for (; loaded < steps && loaded < i + stages; ++loaded) {
      pipe.producer_acquire();
      cuda::memcpy_async(&buffer[loaded % stages * n + t], &x[loaded * n + t],
                         cuda::aligned_size_t<16>(16), pipe);
      pipe.producer_commit();
    }
    pipe.consumer_wait();
    float4 v = buffer[i % stages * n + t];
    total.x += v.x, total.y += v.y, total.z += v.z, total.w += v.w;
    pipe.consumer_release();
  }
  out[t] = total;
}

/// The block's copy into shared memory, and a barrier object that counts it.
extern "C" __global__ void barrier(const int *x, int *out, int n) {
  extern __shared__ int values[];
  __shared__ cuda::barrier<cuda::thread_scope_block> ready;
  auto block = cg::this_thread_block();
  if (block.thread_rank() == 0)
    init(&ready, block.size());
  block.sync();
  cuda::memcpy_async(block, values, x, cuda::aligned_size_t<16>(4 * n), ready);
  ready.arrive_and_wait();
  for (int i = block.thread_rank(); i < n; i += block.size())
    out[i] = values[n - 1 - i];
  // A second phase, by tokens.
  auto token = ready.arrive();
  ready.wait(std::move(token));
  cg::memcpy_async(block, values, x + n, 4 * n);
  cg::wait(block);
  for (int i = block.thread_rank(); i < n; i += block.size())
    out[n + i] = values[n - 1 - i];
}
