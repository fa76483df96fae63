// Kernels around what the threads of a warp do together.

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

namespace cg = cooperative_groups;

/// Sums by shuffles, then by the first warp.
extern "C" __global__ void sum(const float *x, float *out, int n) {
  __shared__ float parts[32];
  float total = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += gridDim.x * blockDim.x)
    total += x[i];
  for (int step = 16; step; step /= 2)
    total += __shfl_down_sync(~0u, total, step);
  if (threadIdx.x % 32 == 0)
    parts[threadIdx.x / 32] = total;
  __syncthreads();
  if (threadIdx.x < 32) {
    total = threadIdx.x < blockDim.x / 32 ? parts[threadIdx.x] : 0;
    for (int step = 16; step; step /= 2)
      total += __shfl_xor_sync(~0u, total, step);
    if (threadIdx.x == 0)
      atomicAdd(out, total);
  }
}

/// What the instructions of warps give, a row for each.
extern "C" __global__ void votes(const int *x, int *out) {
  int t = threadIdx.x, n = blockDim.x, v = x[t];
  int equal;
  out[0 * n + t] = __ballot_sync(~0u, v > 0);
  out[1 * n + t] = __any_sync(~0u, v > 90) * 2 + __all_sync(~0u, v > -100);
  out[2 * n + t] = __match_any_sync(~0u, v & 7);
  out[3 * n + t] = __match_all_sync(~0u, v >> 31 >> 1, &equal) + equal;
  out[4 * n + t] = __reduce_add_sync(~0u, v);
  out[5 * n + t] = __reduce_max_sync(~0u, v);
  out[6 * n + t] = __reduce_min_sync(~0u, unsigned(v));
  out[7 * n + t] = __reduce_xor_sync(~0u, unsigned(v));
  out[8 * n + t] = __shfl_sync(~0u, v, t * 7, 8);
  out[9 * n + t] = __shfl_up_sync(~0u, v, 3, 16);
  // Half of the warp, which has diverged.
  int mine = -1;
  if (v & 1) {
    unsigned odd = __activemask();
    mine = __popc(odd) * 100 + __reduce_or_sync(odd, v & 15);
    __nanosleep(20);
  }
  __syncwarp();
  out[10 * n + t] = mine;
  __syncthreads();
  out[11 * n + t] = __syncthreads_count(v > 0) * 4 +
                    __syncthreads_and(v > -100) * 2 + __syncthreads_or(v > 99);
}

extern "C" __global__ void groups(const int *x, int *out) {
  cg::thread_block block = cg::this_thread_block();
  auto tile = cg::tiled_partition<8>(block);
  int t = block.thread_rank(), n = block.size(), v = x[t];
  out[0 * n + t] = cg::reduce(tile, v, cg::plus<int>());
  out[1 * n + t] = cg::inclusive_scan(tile, v, cg::plus<int>());
  out[2 * n + t] = tile.shfl(v, 3);
  auto same = cg::labeled_partition(cg::tiled_partition<32>(block), v & 3);
  out[3 * n + t] = cg::reduce(same, v, cg::greater<int>());
  int mine = 0;
  if (v & 1) {
    cg::coalesced_group odd = cg::coalesced_threads();
    mine = odd.size() * 100 + cg::reduce(odd, v, cg::less<int>());
  }
  out[4 * n + t] = mine;
}
