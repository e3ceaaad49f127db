#include "backend/cpu/gemm.h"

#include <tuple>

#include "backend/cpu/batch_norm.h"
#include "backend/cpu/pointwise.h"
#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

struct Case {
  int64_t m, n, k;
};

// Sums of k products of numbers in [-1,1): float rounding stays well under this.
constexpr float kTolerance = 2e-5f;

Floats naive_gemm(bool transpose_a,
                  bool transpose_b,
                  const Case& size,
                  const Floats& a,
                  const Floats& b,
                  float beta,
                  const Floats& c) {
  Floats out(c);
  for (int64_t i = 0; i < size.m; ++i) {
    for (int64_t j = 0; j < size.n; ++j) {
      double sum = beta * static_cast<double>(c[i * size.n + j]);
      for (int64_t l = 0; l < size.k; ++l) {
        sum += static_cast<double>(transpose_a ? a[l * size.m + i] : a[i * size.k + l]) *
               static_cast<double>(transpose_b ? b[j * size.k + l] : b[l * size.n + j]);
      }
      out[i * size.n + j] = static_cast<float>(sum);
    }
  }
  return out;
}

class GemmTest : public testing::TestWithParam<std::tuple<bool, bool, Case>> {};

TEST_P(GemmTest, agrees_with_a_naive_loop) {
  const auto [transpose_a, transpose_b, size] = GetParam();
  const Floats a = random_floats(size.m * size.k, 1);
  const Floats b = random_floats(size.k * size.n, 2);
  const Floats before = random_floats(size.m * size.n, 3);
  const int64_t lda = transpose_a ? size.m : size.k;
  const int64_t ldb = transpose_b ? size.k : size.n;
  for (const float beta : {0.0f, 1.0f}) {
    const Floats expected = naive_gemm(transpose_a, transpose_b, size, a, b, beta, before);
    const Floats parallel = run_everywhere(
        [&, ta = transpose_a, tb = transpose_b, s = size] {
          Floats c = before;
          Floats scratch = garbage(parallel_gemm_workspace_floats(s.m, s.n, s.k));
          parallel_gemm(ta,
                        tb,
                        s.m,
                        s.n,
                        s.k,
                        a.data(),
                        lda,
                        b.data(),
                        ldb,
                        beta,
                        c.data(),
                        s.n,
                        scratch.data());
          return c;
        },
        kTolerance);
    expect_near(parallel, expected, kTolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         GemmTest,
                         testing::Combine(testing::Bool(),
                                          testing::Bool(),
                                          testing::Values(Case{1, 1, 1},
                                                          Case{1, 130, 1031},
                                                          Case{4, 9, 300},
                                                          Case{3, 7, 33},
                                                          Case{64, 10, 100},
                                                          Case{100, 33, 16},
                                                          Case{64, 32, 3136},
                                                          Case{9, 4, 20000},
                                                          Case{257, 130, 65},
                                                          Case{40, 300, 200},
                                                          Case{33, 132, 600},
                                                          Case{128, 517, 300})));

TEST(Gemm, takes_codes_for_what_they_stand_for) {
  for (const auto& [m, n, k] : {Case{64, 100, 700}, {3, 7, 5}, {40, 33, 20000}}) {
    const Floats a = random_floats(m * k, 1);
    std::vector<int8_t> codes(static_cast<size_t>(k * n));
    for (size_t i = 0; i < codes.size(); ++i) {
      codes[i] = static_cast<int8_t>(i * 37 % 255) - 127;
    }
    const Floats scales = random_floats(k, 2, 0.1f, 2.0f);
    for (const int64_t step : {0, 1}) {
      Floats b(codes.size());
      for (int64_t i = 0; i < k * n; ++i) {
        b[i] = static_cast<float>(codes[i]) * scales[i / n * step] / 127.0f;
      }
      Floats scratch = garbage(parallel_gemm_workspace_floats(m, n, k));
      Floats expected = garbage(m * n);
      Floats got = garbage(m * n);
      FloatGemm gemm{.m = m, .n = n, .k = k, .a = a.data(), .lda = k, .b = b.data(), .ldb = n};
      gemm.c = expected.data();
      gemm.ldc = n;
      parallel_gemm(gemm, scratch.data());
      gemm.c = got.data();
      gemm.b = nullptr;
      gemm.b_codes = codes.data();
      gemm.b_scale = scales.data();
      gemm.b_scale_step = step;
      parallel_gemm(gemm, scratch.data());
      EXPECT_EQ(got, expected);
    }
  }
}

TEST(Gemm, takes_values_before_their_activation_for_what_they_become) {
  // Panels packed by the first tile and before it, columns left over, several blocks of k.
  for (const auto& [m, n, k] : {Case{64, 100, 700}, {3, 7, 5}, {40, 33, 20000}, {24, 144, 4096}}) {
    const Floats a = random_floats(m * k, 1);
    const Floats x = random_floats(k * n, 2, -4, 4);
    const Floats slope = random_floats(n, 3, -3, 3);
    const Floats shift = random_floats(n, 4, -1, 1);
    for (const Activation activation : {Activation::None, Activation::Relu, Activation::Relu6}) {
      Floats b = garbage(k * n);
      scale_shift_activation(
          k, n, x.data(), slope.data(), shift.data(), nullptr, activation, b.data());
      const auto product = [&, m = m, n = n, k = k](const Floats& from, ColumnActivation of) {
        Floats c = garbage(m * n);
        Floats scratch = garbage(parallel_gemm_workspace_floats(m, n, k));
        parallel_gemm({.m = m,
                       .n = n,
                       .k = k,
                       .a = a.data(),
                       .lda = k,
                       .b = from.data(),
                       .ldb = n,
                       .c = c.data(),
                       .ldc = n,
                       .b_activation = of},
                      scratch.data());
        return c;
      };
      run_everywhere(
          [&] {
            Floats c = product(x, {slope.data(), shift.data(), activation});
            EXPECT_EQ(c, product(b, {}));
            return c;
          },
          6e-3f);  // float rounding of k products of numbers up to 14
    }
  }
}

class PointwiseTest : public testing::TestWithParam<PointwiseShape> {};

TEST_P(PointwiseTest, agrees_with_a_naive_loop) {
  const PointwiseShape shape = GetParam();
  const auto [pixels, ci, co] = shape;
  const Floats x = random_floats(pixels * ci, 1);
  const Floats w = random_floats(co * ci, 2);
  const Floats dy = random_floats(pixels * co, 3);
  const auto run = [&](auto kernel, const Floats& first, const Floats& second, int64_t size) {
    return run_everywhere(
        [&] {
          Floats out = garbage(size);
          Floats scratch = garbage(pointwise_workspace_floats(shape));
          kernel(shape, first.data(), second.data(), out.data(), scratch.data());
          return out;
        },
        kTolerance);
  };
  const Floats none_y(pixels * co), none_dx(pixels * ci), none_dw(co * ci);
  expect_near(run(pointwise_forward, x, w, pixels * co),
              naive_gemm(false, true, {pixels, co, ci}, x, w, 0, none_y),
              kTolerance);
  expect_near(run(pointwise_backward_data, dy, w, pixels * ci),
              naive_gemm(false, false, {pixels, ci, co}, dy, w, 0, none_dx),
              kTolerance);
  expect_near(run(pointwise_backward_weight, x, dy, co * ci),
              naive_gemm(true, false, {co, ci, pixels}, dy, x, 0, none_dw),
              kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         PointwiseTest,
                         testing::Values(PointwiseShape{1, 1, 1},
                                         PointwiseShape{12, 3, 7},
                                         PointwiseShape{75, 33, 16},
                                         PointwiseShape{64, 1024, 10},
                                         PointwiseShape{64, 512, 300},
                                         PointwiseShape{1, 256, 256},
                                         PointwiseShape{3136, 32, 64}));

}  // namespace
}  // namespace intact::cpu
