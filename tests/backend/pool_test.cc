#include "backend/cpu/pool.h"

#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

struct Window {
  int64_t y0, y1, x0, x1;
  int64_t size() const { return (y1 - y0) * (x1 - x0); }
};

// Paddle's rule (phi pooling.cc), written out for one output.
Window window_of(const PoolShape& s, int64_t oy, int64_t ox) {
  if (s.adaptive) {
    return {oy * s.h / s.oh,
            ((oy + 1) * s.h + s.oh - 1) / s.oh,
            ox * s.w / s.ow,
            ((ox + 1) * s.w + s.ow - 1) / s.ow};
  }
  const int64_t y = oy * s.stride_h - s.pad_top;
  const int64_t x = ox * s.stride_w - s.pad_left;
  return {std::max<int64_t>(y, 0),
          std::min(y + s.kh, s.h),
          std::max<int64_t>(x, 0),
          std::min(x + s.kw, s.w)};
}

// visit(window, image index, output index) for every output element of channel c.
template <class Visit>
void for_outputs(const PoolShape& s, const Visit& visit) {
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t oy = 0; oy < s.oh; ++oy) {
      for (int64_t ox = 0; ox < s.ow; ++ox) {
        for (int64_t c = 0; c < s.c; ++c) {
          const Window window = window_of(s, oy, ox);
          std::vector<int64_t> inputs;
          for (int64_t y = window.y0; y < window.y1; ++y) {
            for (int64_t x = window.x0; x < window.x1; ++x) {
              inputs.push_back(((n * s.h + y) * s.w + x) * s.c + c);
            }
          }
          visit(inputs, ((n * s.oh + oy) * s.ow + ox) * s.c + c);
        }
      }
    }
  }
}

class PoolTest : public testing::TestWithParam<PoolShape> {
 protected:
  int64_t x_size() const { return GetParam().n * GetParam().h * GetParam().w * GetParam().c; }
  int64_t y_size() const { return GetParam().n * GetParam().oh * GetParam().ow * GetParam().c; }
};

TEST_P(PoolTest, max_gives_the_gradient_to_the_first_maximum) {
  const PoolShape s = GetParam();
  Floats x = random_floats(x_size(), 1, -2, 2);
  for (float& value : x) {
    value = std::round(value);  // many ties
  }
  const Floats dy = random_floats(y_size(), 2);
  Floats expected(y_size());
  Floats expected_dx(x_size());
  for_outputs(s, [&](const std::vector<int64_t>& inputs, int64_t out) {
    int64_t best = inputs[0];
    for (const int64_t i : inputs) {
      best = x[i] > x[best] ? i : best;
    }
    expected[out] = x[best];
    expected_dx[best] += dy[out];
  });
  const Floats y = run_everywhere([&] {
    Floats out = garbage(y_size());
    max_pool_forward(s, x.data(), out.data());
    return out;
  });
  EXPECT_EQ(y, expected);
  const Floats dx = run_everywhere([&] {
    Floats out = garbage(x_size());
    max_pool_backward(s, x.data(), y.data(), dy.data(), out.data());
    return out;
  });
  EXPECT_EQ(dx, expected_dx);  // same order of additions
}

TEST_P(PoolTest, average_divides_by_the_right_count) {
  PoolShape s = GetParam();
  for (const bool exclusive : {true, false}) {
    s.exclusive = exclusive;
    const Floats x = random_floats(x_size(), 1);
    const Floats dy = random_floats(y_size(), 2);
    Floats expected(y_size());
    Floats expected_dx(x_size());
    for_outputs(s, [&](const std::vector<int64_t>& inputs, int64_t out) {
      const auto count = static_cast<float>(
          exclusive || s.adaptive ? static_cast<int64_t>(inputs.size()) : s.kh * s.kw);
      for (const int64_t i : inputs) {
        expected[out] += x[i];
        expected_dx[i] += dy[out] / count;
      }
      expected[out] /= count;
    });
    const Floats y = run_everywhere([&] {
      Floats out = garbage(y_size());
      avg_pool_forward(s, x.data(), out.data());
      return out;
    });
    EXPECT_EQ(y, expected);
    const Floats dx = run_everywhere([&] {
      Floats out = garbage(x_size());
      avg_pool_backward(s, dy.data(), out.data());
      return out;
    });
    EXPECT_EQ(dx, expected_dx);
  }
}

PoolShape pool(int64_t n, int64_t size, int64_t c, int64_t kernel, int64_t stride, int64_t pad) {
  const int64_t out = (size + 2 * pad - kernel) / stride + 1;
  return {.n = n,
          .h = size,
          .w = size,
          .c = c,
          .kh = kernel,
          .kw = kernel,
          .stride_h = stride,
          .stride_w = stride,
          .pad_top = pad,
          .pad_left = pad,
          .oh = out,
          .ow = out};
}

PoolShape adaptive(int64_t n, int64_t h, int64_t w, int64_t c, int64_t oh, int64_t ow) {
  return {.n = n, .h = h, .w = w, .c = c, .oh = oh, .ow = ow, .adaptive = true};
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         PoolTest,
                         testing::Values(pool(1, 1, 1, 1, 1, 0),
                                         pool(3, 28, 4, 2, 2, 0),
                                         pool(2, 5, 33, 3, 2, 1),
                                         pool(64, 14, 16, 3, 1, 1),
                                         pool(1, 7, 3, 3, 2, 0),
                                         adaptive(64, 1, 1, 1024, 1, 1),
                                         adaptive(3, 7, 7, 100, 1, 1),
                                         adaptive(2, 5, 8, 7, 3, 3)));

// ceil_mode: the last window sticks out on the far side.
TEST(Pool, clips_windows_that_stick_out) {
  const PoolShape s{.n = 1,
                    .h = 3,
                    .w = 3,
                    .c = 1,
                    .kh = 2,
                    .kw = 2,
                    .stride_h = 2,
                    .stride_w = 2,
                    .oh = 2,
                    .ow = 2};
  const Floats x = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  Floats y(4);
  avg_pool_forward(s, x.data(), y.data());
  EXPECT_EQ(y, (Floats{3, 4.5f, 7.5f, 9}));
}

}  // namespace
}  // namespace intact::cpu
