// Kernels around clusters and bulk copies.

#include <cooperative_groups.h>
#include <cuda/barrier>
#include <cuda/ptx>

namespace cg = cooperative_groups;
namespace ptx = cuda::ptx;

/// A histogram whose bins are in the shared memory of all CTAs of the cluster.
extern "C" __global__ void histogram(const int *x, int *counts, int n,
                                     int perCta) {
  extern __shared__ int bins[];
  cg::cluster_group cluster = cg::this_cluster();
  for (int i = threadIdx.x; i < perCta; i += blockDim.x)
    bins[i] = 0;
  cluster.sync();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += blockDim.x * gridDim.x)
    atomicAdd(cluster.map_shared_rank(bins, x[i] / perCta) + x[i] % perCta, 1);
  cluster.sync();
  int *mine = counts + cluster.block_rank() * perCta;
  for (int i = threadIdx.x; i < perCta; i += blockDim.x)
    atomicAdd(&mine[i], bins[i]);
}

/// Each CTA hands its part on to the next one, with bytes that a barrier
/// counts.
extern "C" __global__ void ring(const float *x, float *out) {
  __shared__ alignas(16) float mine[128], received[128];
  __shared__ uint64_t bar;
  cg::cluster_group cluster = cg::this_cluster();
  unsigned rank = cluster.block_rank(), size = cluster.num_blocks();
  int t = threadIdx.x;
  mine[t] = x[blockIdx.x * 128 + t];
  if (t == 0) {
    ptx::mbarrier_init(&bar, 1);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta,
                                   ptx::space_shared, &bar, sizeof received);
  }
  ptx::fence_proxy_async(ptx::space_shared);
  cluster.sync();
  if (t == 0) {
    unsigned next = (rank + 1) % size;
    ptx::cp_async_bulk(ptx::space_cluster, ptx::space_shared,
                       cluster.map_shared_rank(received, next), mine,
                       sizeof mine, cluster.map_shared_rank(&bar, next));
  }
  while (!ptx::mbarrier_try_wait_parity(ptx::sem_acquire, ptx::scope_cluster,
                                        &bar, 0))
    ;
  out[blockIdx.x * 128 + t] = received[t];
  cluster.sync();
}

/// Bulk copies in and out, and one that adds to what is there.
extern "C" __global__ void bulk(const float *x, float *out, float *sums) {
  __shared__ alignas(128) float tile[256];
  __shared__ cuda::barrier<cuda::thread_scope_block> bar;
  int t = threadIdx.x;
  if (t == 0) {
    init(&bar, blockDim.x);
    cuda::device::experimental::fence_proxy_async_shared_cta();
  }
  __syncthreads();
  cuda::barrier<cuda::thread_scope_block>::arrival_token token;
  if (t == 0) {
    cuda::device::experimental::cp_async_bulk_global_to_shared(
        tile, x + blockIdx.x * 256, sizeof tile, bar);
    token = cuda::device::barrier_arrive_tx(bar, 1, sizeof tile);
  } else {
    token = bar.arrive();
  }
  bar.wait(std::move(token));
  for (int i = t; i < 256; i += blockDim.x)
    tile[i] += 1;
  ptx::fence_proxy_async(ptx::space_shared);
  __syncthreads();
  if (t == 0) {
    ptx::cp_async_bulk(ptx::space_global, ptx::space_shared,
                       out + blockIdx.x * 256, tile, sizeof tile);
    ptx::cp_reduce_async_bulk(ptx::space_global, ptx::space_shared, ptx::op_add,
                              sums, tile, sizeof tile);
    ptx::cp_async_bulk_commit_group();
    ptx::cp_async_bulk_wait_group(ptx::n32_t<0>());
  }
}
