//===- Rooflines.cpp - What this machine can do at most -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rooflines.h"
#include "Measure.h"
#include "Threads.h"
#include "llvm/Support/ErrorHandling.h"
#include <cstring>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace mlir::fp4;
using namespace mlir::fp4::bench;

llvm::StringRef bench::stringifyRoof(Roof roof) {
  constexpr llvm::StringRef kNames[] = {"int8-dot", "bf16-dot", "read", "copy"};
  return kNames[unsigned(roof)];
}

llvm::StringRef bench::getUnit(Roof roof) {
  return roof == Roof::Int8Dot || roof == Roof::BF16Dot ? "GOP/s" : "GB/s";
}

//===----------------------------------------------------------------------===//
// Loops on registers
//===----------------------------------------------------------------------===//
//
// As many independent sums as registers hold hide the latency of an
// instruction. The empty asm statements say that an operand may have changed or
// that a sum is needed, so that nothing is shared or dropped.

#if defined(__x86_64__)

/// Bytes that no power-saving trick finds easy.
static constexpr int64_t kOperand = 0x5a3c69f01e87d2b4;

__attribute__((target("avx512f,avx512vnni"))) static void
dotAVX512VNNI(char *, size_t, size_t iterations) {
  __m512i a = _mm512_set1_epi64(kOperand), b = _mm512_set1_epi64(~kOperand);
  __m512i sums[24];
  for (int i = 0; i < 24; ++i)
    sums[i] = _mm512_set1_epi32(i);
  for (size_t n = 0; n < iterations; ++n)
#pragma unroll
    for (__m512i &sum : sums) {
      asm volatile("" : "+v"(a));
      sum = _mm512_dpbusd_epi32(sum, a, b);
    }
  for (__m512i &sum : sums)
    asm volatile("" ::"v"(sum));
}

__attribute__((target("avx2,avxvnni"))) static void
dotAVXVNNI(char *, size_t, size_t iterations) {
  __m256i a = _mm256_set1_epi64x(kOperand), b = _mm256_set1_epi64x(~kOperand);
  __m256i sums[12];
  for (int i = 0; i < 12; ++i)
    sums[i] = _mm256_set1_epi32(i);
  for (size_t n = 0; n < iterations; ++n)
#pragma unroll
    for (__m256i &sum : sums) {
      asm volatile("" : "+x"(a));
      sum = _mm256_dpbusd_avx_epi32(sum, a, b);
    }
  for (__m256i &sum : sums)
    asm volatile("" ::"x"(sum));
}

__attribute__((target("avx2"))) static void dotAVX2(char *, size_t,
                                                    size_t iterations) {
  __m256i a = _mm256_set1_epi64x(kOperand), b = _mm256_set1_epi64x(~kOperand);
  __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[8];
  for (int i = 0; i < 8; ++i)
    sums[i] = _mm256_set1_epi32(i);
  for (size_t n = 0; n < iterations; ++n)
#pragma unroll
    for (__m256i &sum : sums) {
      asm volatile("" : "+x"(a));
      sum = _mm256_add_epi32(
          sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    }
  for (__m256i &sum : sums)
    asm volatile("" ::"x"(sum));
}

__attribute__((target("avx512f,avx512bf16"))) static void
dotAVX512BF16(char *, size_t, size_t iterations) {
  // Products with 0.0078125: the sums stay finite.
  __m512i aBits = _mm512_set1_epi32(0x3f9c3fa5);
  __m512bh b = (__m512bh)_mm512_set1_epi32(0x3c003c00);
  __m512 sums[24];
  for (int i = 0; i < 24; ++i)
    sums[i] = _mm512_set1_ps(i);
  for (size_t n = 0; n < iterations; ++n)
#pragma unroll
    for (__m512 &sum : sums) {
      asm volatile("" : "+v"(aBits));
      sum = _mm512_dpbf16_ps(sum, (__m512bh)aBits, b);
    }
  for (__m512 &sum : sums)
    asm volatile("" ::"v"(sum));
}

#endif // __x86_64__

//===----------------------------------------------------------------------===//
// Loops on memory
//===----------------------------------------------------------------------===//

/// A cache line: one register where there are such, else several.
using Line = uint64_t __attribute__((vector_size(64)));

/// Reads a line of each of so many parts in turn.
template <int Streams, int Prefetch>
[[gnu::always_inline]] static inline void readLines(const char *memory,
                                                    size_t size) {
  constexpr size_t kUnroll = Streams > 2 ? 1 : 4 / Streams;
  Line bits[Streams * kUnroll] = {};
  size_t part = size / Streams;
  for (size_t offset = 0; offset < part; offset += kUnroll * sizeof(Line))
    for (size_t stream = 0; stream < Streams; ++stream)
      for (size_t i = 0; i < kUnroll; ++i) {
        const char *line = memory + stream * part + offset + i * sizeof(Line);
        if (Prefetch)
          __builtin_prefetch(line + Prefetch);
        bits[stream * kUnroll + i] |= *reinterpret_cast<const Line *>(line);
      }
  asm volatile("" ::"r"(bits) : "memory");
}

/// Copies the first half to the second.
template <bool NonTemporal>
[[gnu::always_inline]] static inline void copyLines(char *memory, size_t size) {
  for (size_t offset = 0; offset < size / 2; offset += sizeof(Line)) {
    Line line = *reinterpret_cast<const Line *>(memory + offset);
    Line *target = reinterpret_cast<Line *>(memory + size / 2 + offset);
    if (NonTemporal)
      __builtin_nontemporal_store(line, target);
    else
      *target = line;
  }
  asm volatile("" ::: "memory");
}

static void copyMemory(char *memory, size_t size, size_t) {
  std::memcpy(memory + size / 2, memory, size / 2);
}

// A template cannot be given a target, so that each instance needs a function.
#define FP4_MEMORY_LOOP(NAME, TARGET, CALL)                                    \
  TARGET static void NAME(char *memory, size_t size, size_t) {                 \
    CALL(memory, size);                                                        \
  }
#define FP4_MEMORY_LOOPS(SUFFIX, TARGET)                                       \
  FP4_MEMORY_LOOP(readOne##SUFFIX, TARGET, (readLines<1, 0>))                  \
  FP4_MEMORY_LOOP(readAhead##SUFFIX, TARGET, (readLines<1, 4096>))             \
  FP4_MEMORY_LOOP(readFour##SUFFIX, TARGET, (readLines<4, 0>))                 \
  FP4_MEMORY_LOOP(readEight##SUFFIX, TARGET, (readLines<8, 0>))                \
  FP4_MEMORY_LOOP(copy##SUFFIX, TARGET, (copyLines<false>))                    \
  FP4_MEMORY_LOOP(stream##SUFFIX, TARGET, (copyLines<true>))

FP4_MEMORY_LOOPS(Baseline, )
#if defined(__x86_64__)
FP4_MEMORY_LOOPS(AVX2, __attribute__((target("avx2"))))
FP4_MEMORY_LOOPS(AVX512, __attribute__((target("avx512f"))))
#endif

//===----------------------------------------------------------------------===//
// PageMemory
//===----------------------------------------------------------------------===//

PageMemory::PageMemory(size_t size)
    : data(static_cast<char *>(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
      size(size) {
  if (data == MAP_FAILED)
    data = nullptr;
#ifdef MADV_HUGEPAGE
  else
    madvise(data, size, MADV_HUGEPAGE); // a wish, not a need
#endif
}

PageMemory::~PageMemory() {
  if (data)
    munmap(data, size);
}

//===----------------------------------------------------------------------===//
// Rooflines
//===----------------------------------------------------------------------===//

/// The part of one of `count` threads: whole pages, and whole lines in each
/// stream of a loop.
static size_t getPartSize(size_t size, unsigned count) {
  constexpr size_t kGranule = 64 * 1024;
  return size / count / kGranule * kGranule;
}

Rooflines::Rooflines(size_t bufferBytes, double seconds)
    : seconds(seconds), memory(bufferBytes) {
  if (!memory.data)
    return;
  // Pages are near the thread that first writes to them.
  size_t part = getPartSize(memory.size, getNumThreads());
  onAllThreads([&](unsigned thread) {
    std::memset(memory.data + thread * part, 1, part);
  });
}

llvm::ArrayRef<Rooflines::Variant> Rooflines::getVariants(Roof roof) {
#if defined(__x86_64__)
  const bool hasAVX2 = __builtin_cpu_supports("avx2");
  const bool hasAVX512 = __builtin_cpu_supports("avx512f");
  static const Variant kInt8Dot[] = {
      {"avx512-vnni", hasAVX512 && __builtin_cpu_supports("avx512vnni"),
       24 * 64 * 2, dotAVX512VNNI},
      {"avx-vnni", hasAVX2 && __builtin_cpu_supports("avxvnni"), 12 * 32 * 2,
       dotAVXVNNI},
      {"avx2-maddubs", hasAVX2, 8 * 32 * 2, dotAVX2},
  };
  static const Variant kBF16Dot[] = {
      {"avx512-bf16", hasAVX512 && __builtin_cpu_supports("avx512bf16"),
       24 * 32 * 2, dotAVX512BF16},
  };
#endif
  static const Variant kRead[] = {
#if defined(__x86_64__)
      {"avx512, 1 stream", hasAVX512, 1, readOneAVX512},
      {"avx512, 1 stream, prefetch", hasAVX512, 1, readAheadAVX512},
      {"avx512, 4 streams", hasAVX512, 1, readFourAVX512},
      {"avx512, 8 streams", hasAVX512, 1, readEightAVX512},
      {"avx2, 1 stream", hasAVX2, 1, readOneAVX2},
      {"avx2, 1 stream, prefetch", hasAVX2, 1, readAheadAVX2},
      {"avx2, 4 streams", hasAVX2, 1, readFourAVX2},
      {"avx2, 8 streams", hasAVX2, 1, readEightAVX2},
#endif
      {"baseline, 1 stream", true, 1, readOneBaseline},
      {"baseline, 1 stream, prefetch", true, 1, readAheadBaseline},
      {"baseline, 4 streams", true, 1, readFourBaseline},
      {"baseline, 8 streams", true, 1, readEightBaseline},
  };
  static const Variant kCopy[] = {
#if defined(__x86_64__)
      {"avx512", hasAVX512, 1, copyAVX512},
      {"avx512, non-temporal", hasAVX512, 1, streamAVX512},
      {"avx2", hasAVX2, 1, copyAVX2},
      {"avx2, non-temporal", hasAVX2, 1, streamAVX2},
#endif
      {"memcpy", true, 1, copyMemory},
      {"baseline", true, 1, copyBaseline},
      {"baseline, non-temporal", true, 1, streamBaseline},
  };
  switch (roof) {
#if defined(__x86_64__)
  case Roof::Int8Dot:
    return kInt8Dot;
  case Roof::BF16Dot:
    return kBF16Dot;
#endif
  case Roof::Read:
    return kRead;
  case Roof::Copy:
    return kCopy;
  default:
    return {};
  }
}

double Rooflines::measure(Roof roof, const Variant &variant, double seconds) {
  constexpr size_t kIterations = 1 << 19; // a few milliseconds
  unsigned numThreads = getNumThreads();
  size_t part = getPartSize(memory.size, numThreads);
  bool onMemory = roof == Roof::Read || roof == Roof::Copy;
  llvm::Expected<double> time = timeCalls(
      [&] {
        onAllThreads([&](unsigned thread) {
          variant.run(onMemory ? memory.data + thread * part : nullptr, part,
                      kIterations);
        });
        return llvm::Error::success();
      },
      seconds);
  size_t units = onMemory ? part : kIterations;
  return variant.work * units * numThreads / llvm::cantFail(std::move(time));
}

const Rooflines::Variant *Rooflines::choose(Roof roof) {
  // In turns: whoever else uses the machine disturbs all of them alike.
  constexpr int kTurns = 3;
  const Variant *best = nullptr;
  double bestRate = 0;
  for (int turn = 0; turn < kTurns; ++turn)
    for (const Variant &variant : getVariants(roof)) {
      if (!variant.isSupported)
        continue;
      double rate = measure(roof, variant, /*seconds=*/0);
      if (rate > bestRate) {
        bestRate = rate;
        best = &variant;
      }
    }
  return best;
}

std::optional<double> Rooflines::measure(Roof roof) {
  if (!memory.data)
    return std::nullopt;
  State &state = states[unsigned(roof)];
  if (!state.chosen)
    state.chosen = choose(roof);
  if (!state.chosen)
    return std::nullopt;
  double rate = measure(roof, *state.chosen, seconds);
  state.rates.push_back(rate);
  return rate;
}

llvm::StringRef Rooflines::getVariant(Roof roof) const {
  const Variant *chosen = states[unsigned(roof)].chosen;
  return chosen ? chosen->name : "";
}
