#include "backend/cpu/batch_norm.h"

#include <cmath>
#include <limits>
#include <tuple>

#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

// Sums use fma where the machine has it.
constexpr float kTargetTolerance = 1e-6f;

struct Size {
  int64_t pixels, channels;
};

float act(Activation activation, float z) {
  if (activation == Activation::None) {
    return z;
  }
  const float positive = z > 0 ? z : 0;
  return activation == Activation::Relu6 ? std::min(positive, 6.0f) : positive;
}

bool passes(Activation activation, float z) {
  return activation == Activation::None || (z > 0 && (activation == Activation::Relu || z < 6));
}

// x with a mean per channel that dwarfs its spread, where naive sums of squares would cancel.
Floats offset_values(const Size& size, float offset) {
  Floats x = random_floats(size.pixels * size.channels, 5);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] += offset * static_cast<float>(static_cast<int64_t>(i) % size.channels);
  }
  return x;
}

struct Statistics {
  Floats mean, variance, min, max;
};

Statistics naive_statistics(const Size& size, const Floats& x) {
  const auto [pixels, channels] = size;
  Statistics out{Floats(channels), Floats(channels), Floats(channels), Floats(channels)};
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    double square = 0;
    out.min[c] = out.max[c] = x[c];
    for (int64_t p = 0; p < pixels; ++p) {
      sum += static_cast<double>(x[p * channels + c]);
      out.min[c] = std::min(out.min[c], x[p * channels + c]);
      out.max[c] = std::max(out.max[c], x[p * channels + c]);
    }
    const double mean = sum / static_cast<double>(pixels);
    for (int64_t p = 0; p < pixels; ++p) {
      const double shifted = static_cast<double>(x[p * channels + c]) - mean;
      square += shifted * shifted;
    }
    out.mean[c] = static_cast<float>(mean);
    out.variance[c] = static_cast<float>(square / static_cast<double>(pixels));
  }
  return out;
}

Statistics run_statistics(const Size& size, const Floats& x) {
  const auto [pixels, channels] = size;
  const Floats all = run_everywhere(
      [&, pixels = pixels, channels = channels] {
        Floats out = garbage(4 * channels);
        Floats scratch = garbage(batch_norm_statistics_workspace_floats(pixels, channels));
        float* first = out.data();
        batch_norm_statistics(pixels,
                              channels,
                              x.data(),
                              {first, first + channels, first + 2 * channels, first + 3 * channels},
                              scratch.data());
        return out;
      },
      kTargetTolerance);
  const auto part = [&, channels = channels](int64_t index) {
    return Floats(all.begin() + index * channels, all.begin() + (index + 1) * channels);
  };
  return {part(0), part(1), part(2), part(3)};
}

class BatchNormTest : public testing::TestWithParam<Size> {};

TEST_P(BatchNormTest, statistics_agree_with_two_passes_in_double) {
  for (const float offset : {0.0f, 100.0f}) {
    const Floats x = offset_values(GetParam(), offset);
    const Statistics expected = naive_statistics(GetParam(), x);
    const Statistics actual = run_statistics(GetParam(), x);
    expect_near(actual.mean, expected.mean, 1e-6f);  // float sums of 64 terms up to 2
    expect_near(actual.variance, expected.variance, 2e-6f);
    EXPECT_EQ(actual.min, expected.min);
    EXPECT_EQ(actual.max, expected.max);
  }
}

TEST_P(BatchNormTest, forward_equals_a_naive_loop_and_its_abs_max_is_known_before) {
  const auto [pixels, channels] = GetParam();
  const Floats x = random_floats(pixels * channels, 1, -3, 3);
  const Floats a = random_floats(channels, 2, -3, 3);
  const Floats b = random_floats(channels, 3, -1, 1);
  const Floats residual = random_floats(pixels * channels, 4, -1, 1);
  const Statistics statistics = naive_statistics(GetParam(), x);
  for (const Activation activation : {Activation::None, Activation::Relu, Activation::Relu6}) {
    Floats expected(x.size());
    Floats expected_residual(x.size());
    float largest = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const int64_t c = static_cast<int64_t>(i) % channels;
      const float z = a[c] * x[i] + b[c];
      expected[i] = act(activation, z);
      expected_residual[i] = act(activation, z + residual[i]);
      largest = std::max(largest, std::fabs(expected[i]));
    }
    const auto run = [&, pixels = pixels, channels = channels](const float* added) {
      return run_everywhere([&] {
        Floats y = x;
        scale_shift_activation(
            pixels, channels, y.data(), a.data(), b.data(), added, activation, y.data());
        return y;
      });
    };
    EXPECT_EQ(run(nullptr), expected);
    EXPECT_EQ(run(residual.data()), expected_residual);
    const Floats abs_max = run_everywhere([&, channels = channels] {
      return Floats{abs_max_after(
          channels, statistics.min.data(), statistics.max.data(), a.data(), b.data(), activation)};
    });
    EXPECT_EQ(abs_max, Floats{largest});
  }
}

struct BackwardCase {
  Floats x, dy, y, a, b, mean, inv_std;
};

BackwardCase backward_case(const Size& size, Activation activation, bool from_y) {
  const auto [pixels, channels] = size;
  BackwardCase in;
  in.x = random_floats(pixels * channels, 1, -3, 3);
  in.dy = random_floats(pixels * channels, 2);
  in.a = random_floats(channels, 4, -3, 3);
  in.b = random_floats(channels, 5);
  in.mean = random_floats(channels, 6);
  in.inv_std = random_floats(channels, 7, 0.5f, 2);
  if (from_y) {
    in.y = random_floats(pixels * channels, 8, -4, 8);
    for (float& y : in.y) {
      y = act(activation, y);
    }
  }
  return in;
}

// dy' of every element, its sums per channel [2*channels], and dx.
struct BackwardResult {
  Floats masked, sums, dx, dx_frozen;
};

BackwardResult naive_backward(const Size& size, Activation activation, const BackwardCase& in) {
  const auto [pixels, channels] = size;
  BackwardResult out{Floats(in.x.size()), Floats(2 * channels), Floats(in.x.size()), {}};
  out.dx_frozen.resize(in.x.size());
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    double product = 0;
    const auto xhat = [&, channels = channels](int64_t p) {
      return (static_cast<double>(in.x[p * channels + c]) - static_cast<double>(in.mean[c])) *
             static_cast<double>(in.inv_std[c]);
    };
    for (int64_t p = 0; p < pixels; ++p) {
      const int64_t i = p * channels + c;
      const float z = in.y.empty() ? in.a[c] * in.x[i] + in.b[c] : in.y[i];
      out.masked[i] = passes(activation, z) ? in.dy[i] : 0;
      out.dx_frozen[i] = in.a[c] * out.masked[i];
      sum += static_cast<double>(out.masked[i]);
      product += static_cast<double>(out.masked[i]) * xhat(p);
    }
    out.sums[c] = static_cast<float>(sum);
    out.sums[channels + c] = static_cast<float>(product);
    const auto count = static_cast<double>(pixels);
    for (int64_t p = 0; p < pixels; ++p) {
      const int64_t i = p * channels + c;
      const double centred =
          static_cast<double>(out.masked[i]) - sum / count - xhat(p) * product / count;
      out.dx[i] = static_cast<float>(static_cast<double>(in.a[c]) * centred);
    }
  }
  return out;
}

TEST_P(BatchNormTest, backward_agrees_with_a_naive_loop) {
  const auto [pixels, channels] = GetParam();
  for (const bool from_y : {false, true}) {
    for (const Activation activation : {Activation::None, Activation::Relu, Activation::Relu6}) {
      const BackwardCase in = backward_case(GetParam(), activation, from_y);
      const BackwardResult expected = naive_backward(GetParam(), activation, in);
      const BatchNormBackward call{.pixels = pixels,
                                   .channels = channels,
                                   .activation = activation,
                                   .x = in.x.data(),
                                   .dy = in.dy.data(),
                                   .y = from_y ? in.y.data() : nullptr,
                                   .a = in.a.data(),
                                   .b = in.b.data(),
                                   .mean = in.mean.data(),
                                   .inv_std = in.inv_std.data()};
      Floats masked = garbage(pixels * channels);
      const Floats sums = run_everywhere(
          [&, channels = channels] {
            Floats out = garbage(2 * channels);
            Floats scratch = garbage(batch_norm_backward_workspace_floats(call.pixels, channels));
            batch_norm_backward_sums(
                call, out.data(), out.data() + channels, masked.data(), scratch.data());
            return out;
          },
          kTargetTolerance);
      EXPECT_EQ(masked, expected.masked);
      expect_near(sums, expected.sums, 2e-6f);
      const auto data_gradient = [&](const float* sum, const float* product) {
        return run_everywhere([&] {
          Floats dx = garbage(static_cast<int64_t>(in.x.size()));
          batch_norm_backward_data(call, sum, product, dx.data());
          return dx;
        });
      };
      expect_near(data_gradient(sums.data(), sums.data() + channels), expected.dx, 2e-6f);
      EXPECT_EQ(data_gradient(nullptr, nullptr), expected.dx_frozen);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         BatchNormTest,
                         testing::Values(Size{1, 1},
                                         Size{3, 33},
                                         Size{784, 3},
                                         Size{49, 7},
                                         Size{3136, 4},
                                         Size{12544, 32},
                                         Size{3136, 100},
                                         Size{256, 512},
                                         Size{64, 1024}));

TEST(BatchNorm, coefficients_and_running_statistics) {
  for (const int64_t channels : {1, 2, 7, 16, 33, 512}) {
    const Floats gamma = random_floats(channels, 1, -2, 2);
    const Floats beta = random_floats(channels, 2, -1, 1);
    const Floats mean = random_floats(channels, 3, -1, 1);
    const Floats variance = random_floats(channels, 4, 0, 3);
    const float epsilon = 1e-5f;
    const float momentum = 0.9f;
    Floats inv_std(channels), a(channels), b(channels);
    Floats running_mean = beta;
    Floats running_variance = gamma;
    for (int64_t c = 0; c < channels; ++c) {
      inv_std[c] = 1.0f / std::sqrt(variance[c] + epsilon);
      a[c] = gamma[c] * inv_std[c];
      b[c] = beta[c] - mean[c] * a[c];
      running_mean[c] = running_mean[c] * momentum + mean[c] * (1.0f - momentum);
      running_variance[c] = running_variance[c] * momentum + variance[c] * (1.0f - momentum);
    }
    const auto run = [&](const auto& call) { return run_everywhere(call); };
    EXPECT_EQ(run([&] {
                Floats out = garbage(channels);
                batch_norm_inverse_std(channels, variance.data(), epsilon, out.data());
                return out;
              }),
              inv_std);
    Floats both = a;
    both.insert(both.end(), b.begin(), b.end());
    EXPECT_EQ(run([&] {
                Floats out = garbage(2 * channels);
                batch_norm_coefficients(channels,
                                        gamma.data(),
                                        beta.data(),
                                        mean.data(),
                                        inv_std.data(),
                                        out.data(),
                                        out.data() + channels);
                return out;
              }),
              both);
    both = running_mean;
    both.insert(both.end(), running_variance.begin(), running_variance.end());
    EXPECT_EQ(
        run([&] {
          Floats out = beta;
          out.insert(out.end(), gamma.begin(), gamma.end());
          batch_norm_update_running(
              channels, momentum, mean.data(), variance.data(), out.data(), out.data() + channels);
          return out;
        }),
        both);
  }
}

TEST(BatchNorm, statistics_of_values_that_are_no_numbers_are_none) {
  Floats x = random_floats(64 * 20, 1, -1, 1);
  x[5 * 20 + 3] = std::numeric_limits<float>::quiet_NaN();
  Floats out = garbage(4 * 20);
  Floats scratch = garbage(batch_norm_statistics_workspace_floats(64, 20));
  batch_norm_statistics(64,
                        20,
                        x.data(),
                        {out.data(), out.data() + 20, out.data() + 40, out.data() + 60},
                        scratch.data());
  EXPECT_TRUE(std::isnan(out[3]));
  EXPECT_TRUE(std::isnan(out[20 + 3]));
  EXPECT_TRUE(std::isfinite(out[4]));
}

}  // namespace
}  // namespace intact::cpu
