// Kernels around types of numbers.

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp4.h>
#include <cuda_fp6.h>
#include <cuda_fp8.h>

/// Each small format to a float and back.
template <typename T>
__device__ void convert(const float *x, unsigned char *codes, float *back,
                        int n) {
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    T small(x[i]);
    codes[i] = small.__x;
    back[i] = float(small);
  }
}

extern "C" __global__ void e4m3(const float *x, unsigned char *c, float *b,
                                int n) {
  convert<__nv_fp8_e4m3>(x, c, b, n);
}
extern "C" __global__ void e5m2(const float *x, unsigned char *c, float *b,
                                int n) {
  convert<__nv_fp8_e5m2>(x, c, b, n);
}
extern "C" __global__ void e2m3(const float *x, unsigned char *c, float *b,
                                int n) {
  convert<__nv_fp6_e2m3>(x, c, b, n);
}
extern "C" __global__ void e3m2(const float *x, unsigned char *c, float *b,
                                int n) {
  convert<__nv_fp6_e3m2>(x, c, b, n);
}
extern "C" __global__ void e2m1(const float *x, unsigned char *c, float *b,
                                int n) {
  convert<__nv_fp4_e2m1>(x, c, b, n);
}
extern "C" __global__ void e8m0(const float *x, unsigned char *c, float *b,
                                int n) {
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    c[i] = __nv_cvt_float_to_e8m0(x[i], __NV_SATFINITE, cudaRoundPosInf);
    __nv_fp8_e8m0 scale;
    scale.__x = c[i];
    b[i] = float(scale);
  }
}

extern "C" __global__ void halves(const __half2 *x, const __half2 *y,
                                  float2 *out) {
  int t = threadIdx.x, n = blockDim.x;
  __half2 a = x[t], b = y[t];
  out[0 * n + t] = __half22float2(__hfma2(a, b, a));
  out[1 * n + t] = __half22float2(__hmax2(a, b));
  out[2 * n + t] = __half22float2(h2sqrt(__habs2(a)));
  out[3 * n + t] = __half22float2(__h2div(a, b));
  out[4 * n + t] = __half22float2(__hsub2(a, b));
  __nv_bfloat162 c = __float22bfloat162_rn(__half22float2(a));
  out[5 * n + t] = __bfloat1622float2(__hmul2(c, c));
}

extern "C" __global__ void bits(const unsigned *x, const unsigned *y,
                                unsigned *out) {
  int t = threadIdx.x, n = blockDim.x;
  unsigned a = x[t], b = y[t];
  out[0 * n + t] = __byte_perm(a, b, 0x3715);
  out[1 * n + t] = __dp4a(int(a), int(b), 5);
  out[2 * n + t] = __funnelshift_l(a, b, b & 31);
  out[3 * n + t] = __brev(a) ^ __ffs(b);
  out[4 * n + t] = __sad(int(a), int(b), 3u);
  out[5 * n + t] = __umulhi(a, b);
  out[6 * n + t] = __vaddus4(a, b);
  out[7 * n + t] = __vcmpgtu2(a, b);
  out[8 * n + t] = (unsigned long long)a * b % 1000003;
  out[9 * n + t] = __clz(a) + __popc(b);
}

extern "C" __global__ void doubles(const double *x, double *out) {
  int t = threadIdx.x, n = blockDim.x;
  double v = x[t];
  out[0 * n + t] = exp(v);
  out[1 * n + t] = log(fabs(v) + 1);
  out[2 * n + t] = sin(v);
  out[3 * n + t] = pow(fabs(v), 1.5);
  out[4 * n + t] = 1 / v;
  out[5 * n + t] = sqrt(fabs(v));
  out[6 * n + t] = fma(v, v, -1.0);
  out[7 * n + t] = erf(v);
  out[8 * n + t] = cbrt(v);
  out[9 * n + t] = fmod(v * 100, 3.0);
}
