#include "backend/cpu/softmax.h"

#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

struct Matrix {
  int64_t rows, columns;
};

constexpr float kTolerance = 1e-6f;  // float exp and a division

class SoftmaxTest : public testing::TestWithParam<Matrix> {
 protected:
  int64_t rows() const { return GetParam().rows; }
  int64_t columns() const { return GetParam().columns; }
  int64_t size() const { return rows() * columns(); }

  Floats naive_softmax(const Floats& x) const {
    Floats y(x.size());
    for (int64_t row = 0; row < rows(); ++row) {
      double sum = 0;
      for (int64_t c = 0; c < columns(); ++c) {
        sum += std::exp(static_cast<double>(x[row * columns() + c]));
      }
      for (int64_t c = 0; c < columns(); ++c) {
        const int64_t i = row * columns() + c;
        y[i] = static_cast<float>(std::exp(static_cast<double>(x[i])) / sum);
      }
    }
    return y;
  }
};

TEST_P(SoftmaxTest, forward_and_backward) {
  const Floats x = random_floats(size(), 1, -5, 5);
  const Floats dy = random_floats(size(), 2);
  const Floats y = run_everywhere([&] {
    Floats out = x;
    softmax_forward(rows(), columns(), out.data(), out.data());
    return out;
  });
  expect_near(y, naive_softmax(x), kTolerance);
  Floats expected(x.size());
  for (int64_t row = 0; row < rows(); ++row) {
    double dot = 0;
    for (int64_t i = row * columns(); i < (row + 1) * columns(); ++i) {
      dot += static_cast<double>(y[i]) * static_cast<double>(dy[i]);
    }
    for (int64_t i = row * columns(); i < (row + 1) * columns(); ++i) {
      expected[i] =
          static_cast<float>(static_cast<double>(y[i]) * (static_cast<double>(dy[i]) - dot));
    }
  }
  Floats dx = dy;
  softmax_backward(rows(), columns(), y.data(), dx.data(), dx.data());
  expect_near(dx, expected, kTolerance);
}

TEST_P(SoftmaxTest, cross_entropy_skips_ignored_rows) {
  const Floats x = random_floats(size(), 1, -5, 5);
  const Floats dloss = random_floats(rows(), 2);
  const Floats y = naive_softmax(x);
  std::vector<int64_t> labels(rows());
  Floats expected_loss(rows());
  Floats expected_dx(x.size());
  for (int64_t row = 0; row < rows(); ++row) {
    labels[row] = row % 3 == 2 ? -100 : (row * 7) % columns();
    if (labels[row] < 0) {
      continue;
    }
    expected_loss[row] = -std::log(y[row * columns() + labels[row]]);
    for (int64_t c = 0; c < columns(); ++c) {
      const float target = c == labels[row] ? 1.0f : 0.0f;
      expected_dx[row * columns() + c] = (y[row * columns() + c] - target) * dloss[row];
    }
  }
  Floats softmax = garbage(size());
  const Floats loss = run_everywhere([&] {
    Floats out = garbage(rows());
    softmax_cross_entropy_forward(
        rows(), columns(), x.data(), labels.data(), -100, softmax.data(), out.data());
    return out;
  });
  expect_near(softmax, y, kTolerance);
  expect_near(loss, expected_loss, kTolerance);
  Floats dx = garbage(size());
  softmax_cross_entropy_backward(
      rows(), columns(), softmax.data(), labels.data(), -100, dloss.data(), dx.data());
  expect_near(dx, expected_dx, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Sizes,
    SoftmaxTest,
    testing::Values(Matrix{1, 1}, Matrix{3, 7}, Matrix{64, 10}, Matrix{64, 1000}));

TEST(Softmax, survives_large_logits) {
  const Floats x = {1000, 0, -1000};
  Floats y(3);
  softmax_forward(1, 3, x.data(), y.data());
  EXPECT_EQ(y, (Floats{1, 0, 0}));
}

}  // namespace
}  // namespace intact::cpu
