// A kernel for fat binaries.
extern "C" __global__ void twice(int *x) { x[threadIdx.x] *= 2; }
