#include "backend/cpu/elementwise.h"

#include "backend/cpu/transpose.h"
#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

float act(Activation activation, float z) {
  if (activation == Activation::None) {
    return z;
  }
  const float positive = z > 0 ? z : 0;
  return activation == Activation::Relu6 ? std::min(positive, 6.0f) : positive;
}

bool passes(Activation activation, float y) {
  return activation == Activation::None || (y > 0 && (activation == Activation::Relu || y < 6));
}

constexpr Activation kActivations[] = {Activation::None, Activation::Relu, Activation::Relu6};

class FlatTest : public testing::TestWithParam<int64_t> {};

TEST_P(FlatTest, equals_a_naive_loop) {
  const int64_t n = GetParam();
  const Floats a = random_floats(n, 1, -8, 8);
  const Floats b = random_floats(n, 2, -8, 8);
  Floats expected(n);
  for (const Activation activation : kActivations) {
    for (int64_t i = 0; i < n; ++i) {
      expected[i] = act(activation, a[i]);
    }
    Floats y = run_everywhere([&] {
      Floats out = garbage(n);
      activation_forward(n, activation, a.data(), out.data());
      return out;
    });
    EXPECT_EQ(y, expected);
    for (int64_t i = 0; i < n; ++i) {
      expected[i] = passes(activation, y[i]) ? b[i] : 0;
    }
    Floats dx = b;
    activation_backward(n, activation, y.data(), dx.data(), dx.data());
    EXPECT_EQ(dx, expected);
    for (int64_t i = 0; i < n; ++i) {
      expected[i] = act(activation, a[i] + b[i]);
    }
    add_activation(n, a.data(), b.data(), activation, y.data());
    EXPECT_EQ(y, expected);
  }
  Floats y = b;
  accumulate(n, a.data(), y.data());
  for (int64_t i = 0; i < n; ++i) {
    expected[i] = a[i] + b[i];
  }
  EXPECT_EQ(y, expected);
  scale(n, 0.3f, a.data(), y.data());
  for (int64_t i = 0; i < n; ++i) {
    expected[i] = a[i] * 0.3f;
  }
  EXPECT_EQ(y, expected);
  copy(n, b.data(), y.data());
  EXPECT_EQ(y, b);
  fill(n, 2.5f, y.data());
  EXPECT_EQ(y, Floats(n, 2.5f));
}

INSTANTIATE_TEST_SUITE_P(Sizes, FlatTest, testing::Values(0, 1, 7, 33, 100, 16384, 40007));

TEST(Elementwise, sum_is_exact_for_integers) {
  const int64_t n = 100001;
  EXPECT_EQ(sum(n, Floats(n, 3.0f).data()), 300003.0);
}

struct Matrix {
  int64_t rows, columns;
};

class MatrixTest : public testing::TestWithParam<Matrix> {};

TEST_P(MatrixTest, bias_and_column_sums) {
  const auto [rows, columns] = GetParam();
  const Floats x = random_floats(rows * columns, 1, -8, 8);
  const Floats bias = random_floats(columns, 2);
  Floats expected(rows * columns);
  Floats sums(columns);
  for (int64_t c = 0; c < columns; ++c) {
    double total = 0;
    for (int64_t r = 0; r < rows; ++r) {
      expected[r * columns + c] = act(Activation::Relu6, x[r * columns + c] + bias[c]);
      total += static_cast<double>(x[r * columns + c]);
    }
    sums[c] = static_cast<float>(total);
  }
  Floats y = garbage(rows * columns);
  add_bias(rows, columns, x.data(), bias.data(), Activation::Relu6, y.data());
  EXPECT_EQ(y, expected);
  const Floats actual = run_everywhere([&, rows = rows, columns = columns] {
    Floats out = garbage(columns);
    Floats scratch = garbage(column_sums_workspace_floats(rows, columns));
    column_sums(rows, columns, x.data(), out.data(), scratch.data());
    return out;
  });
  expect_near(actual, sums, 1e-5f);  // float sums of up to 12544 terms in 16 parts
}

TEST_P(MatrixTest, layout_round_trip) {
  const auto [rows, columns] = GetParam();
  for (const int64_t n : {1, 3}) {
    const Floats x = random_floats(n * rows * columns, 1);
    const Floats nhwc = run_everywhere([&, rows = rows, columns = columns] {
      Floats out = garbage(n * rows * columns);
      nchw_to_nhwc(n, columns, rows, x.data(), out.data());
      return out;
    });
    for (int64_t image = 0; image < n; ++image) {
      for (int64_t c = 0; c < columns; ++c) {
        for (int64_t p = 0; p < rows; ++p) {
          ASSERT_EQ(nhwc[(image * rows + p) * columns + c], x[(image * columns + c) * rows + p]);
        }
      }
    }
    Floats back = garbage(n * rows * columns);
    nhwc_to_nchw(n, columns, rows, nhwc.data(), back.data());
    EXPECT_EQ(back, x);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         MatrixTest,
                         testing::Values(Matrix{1, 1},
                                         Matrix{784, 1},
                                         Matrix{37, 23},
                                         Matrix{784, 3},
                                         Matrix{25, 4},
                                         Matrix{5, 7},
                                         Matrix{196, 16},
                                         Matrix{64, 33},
                                         Matrix{3136, 100},
                                         Matrix{12544, 32},
                                         Matrix{4, 512}));

}  // namespace
}  // namespace intact::cpu
