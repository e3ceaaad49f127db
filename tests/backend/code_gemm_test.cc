#define HWY_WANT_AVX3_DL 1

#include "backend/cpu/code_gemm.h"

#include <tuple>

#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

using Codes = std::vector<int8_t>;

Codes random_codes(int64_t n, uint32_t seed, int low, int high) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> uniform(low, high);
  Codes codes(static_cast<size_t>(n));
  // Extremes in every fourth place: what would saturate 16 bits.
  std::generate(codes.begin(), codes.end(), [&] {
    const int extreme = uniform(engine) & 3;
    return static_cast<int8_t>(extreme == 0 ? high : extreme == 1 ? low : uniform(engine));
  });
  return codes;
}

struct Case {
  int64_t m, n, depth;
};

class CodeGemmTest : public testing::TestWithParam<std::tuple<CodeRange, Case>> {};

TEST_P(CodeGemmTest, EqualsAnIntegerLoop) {
  const auto [range, size] = GetParam();
  const auto [m, n, depth] = size;
  const int64_t lda = depth + 8;
  const Codes a = random_codes(m * lda, 1, range == CodeRange::Unsigned7 ? 0 : -128, 127);
  const Codes w = random_codes(n * depth, 2, -127, 127);
  const Floats multiplier = random_floats(n, 3, 1e-4f, 1e-3f);
  Floats expected(static_cast<size_t>(m * n));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      int32_t sum = 0;
      for (int64_t k = 0; k < depth; ++k) {
        sum += a[i * lda + k] * w[j * depth + k];
      }
      expected[i * n + j] = static_cast<float>(sum) * multiplier[j];
    }
  }
  const Floats got = run_everywhere([&, range = range, m = m, n = n, depth = depth] {
    Codes packed(static_cast<size_t>(packed_codes_bytes(n, depth)));
    pack_codes(n, depth, w.data(), packed.data());
    Floats c = garbage(m * n);
    parallel_code_gemm({.range = range,
                        .m = m,
                        .n = n,
                        .depth = depth,
                        .a = a.data(),
                        .lda = lda,
                        .packed = packed.data(),
                        .multiplier = multiplier.data(),
                        .c = c.data(),
                        .ldc = n});
    return c;
  });
  EXPECT_EQ(got, expected);
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         CodeGemmTest,
                         testing::Combine(testing::Values(CodeRange::Unsigned7, CodeRange::Signed8),
                                          testing::Values(Case{1, 1, 4},
                                                          Case{7, 10, 12},
                                                          Case{64, 1000, 64},
                                                          Case{200, 64, 36},
                                                          Case{33, 72, 1024},
                                                          Case{129, 130, 576},
                                                          Case{13, 17, 4608})));

}  // namespace
}  // namespace intact::cpu
