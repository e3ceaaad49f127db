#include "backend/cpu/machine_peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "backend/cpu/code_gemm.h"
#include "backend/cpu/elementwise.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/multiply_adds.h"
#include "base/parallel.h"

namespace intact::cpu {
namespace {

template <class Call>
double shortest_seconds(int repeats, const Call& call) {
  double shortest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    shortest = std::min(shortest, time.count());
  }
  return shortest;
}

constexpr int64_t kSize = 768;
constexpr double kFlops = 2.0 * kSize * kSize * kSize;
constexpr int kRepeats = 12;

// Each part: chains of multiply-adds that wait for nothing but themselves.
double float_peak() {
  constexpr int64_t kParts = 8;
  constexpr int64_t kSteps = 200000;
  std::vector<double> flops(kParts);
  const double seconds = shortest_seconds(kRepeats, [&] {
    parallel_for(kParts,
                 [&](int64_t part) { flops[static_cast<size_t>(part)] = multiply_adds(kSteps); });
  });
  return std::accumulate(flops.begin(), flops.end(), 0.0) / seconds;
}

double sgemm_peak() {
  double best = 0;
  for (const int64_t size : {512, 768, 1024}) {
    const std::vector<float> ones(static_cast<size_t>(size * size), 1.0f);
    std::vector<float> c(ones.size());
    std::vector<float> workspace(
        static_cast<size_t>(parallel_gemm_workspace_floats(size, size, size)));
    const FloatGemm gemm{.m = size,
                         .n = size,
                         .k = size,
                         .a = ones.data(),
                         .lda = size,
                         .b = ones.data(),
                         .ldb = size,
                         .c = c.data(),
                         .ldc = size};
    const double seconds =
        shortest_seconds(kRepeats, [&] { parallel_gemm(gemm, workspace.data()); });
    best = std::max(best, 2.0 * static_cast<double>(size * size * size) / seconds);
  }
  return best;
}

double code_peak() {
  const std::vector<int8_t> codes(kSize * kSize, 3);
  const std::vector<float> multiplier(kSize, 1e-3f);
  std::vector<int8_t> packed(static_cast<size_t>(packed_codes_bytes(kSize, kSize)));
  std::vector<float> c(kSize * kSize);
  pack_codes(kSize, kSize, codes.data(), packed.data());
  return kFlops / shortest_seconds(kRepeats, [&] {
           parallel_code_gemm({.range = CodeRange::Unsigned7,
                               .m = kSize,
                               .n = kSize,
                               .depth = kSize,
                               .a = codes.data(),
                               .lda = kSize,
                               .packed = packed.data(),
                               .multiplier = multiplier.data(),
                               .c = c.data(),
                               .ldc = kSize});
         });
}

double memory_peak() {
  constexpr int64_t kCount = 16 << 20;
  const std::vector<float> x(kCount, 1.0f);
  std::vector<float> y(kCount);
  return 2.0 * kCount * sizeof(float) /
         shortest_seconds(4, [&] { copy(kCount, x.data(), y.data()); });
}

}  // namespace

MachinePeak measure_machine_peak() {
  return {.float_flops = float_peak(),
          .sgemm_flops = sgemm_peak(),
          .code_flops = code_peak(),
          .memory_bytes = memory_peak()};
}

}  // namespace intact::cpu
