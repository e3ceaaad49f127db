#include "backend/cpu/pair_scale.h"

#include "backend/kernel_test.h"
#include "tensor/pair_sum.h"

namespace intact::cpu {
namespace {

struct PairCase {
  Shape shape;
  int axis;
};

class PairScaleTest : public testing::TestWithParam<PairCase> {};

TEST_P(PairScaleTest, equals_the_plain_formula) {
  const auto [shape, axis] = GetParam();
  constexpr float kFactor = 0.99f;
  const PairView view = pair_view(shape, axis);
  const Floats w = random_floats(shape.numel(), 5);
  Floats expected(view.channels);
  for (int64_t c = 0; c < view.channels; ++c) {
    const auto largest = largest_of_channel(w.data() + c * view.channel_stride, view);
    expected[c] = std::max(largest.single, largest.pair * kFactor);
  }
  const PairShape pairs{.channels = view.channels,
                        .inputs = view.inputs,
                        .taps = view.taps,
                        .is_transposed = axis == 1,
                        .any_two = view.any_two()};
  const Floats actual = run_everywhere([&] {
    Floats scale = garbage(view.channels);
    pair_limited_scales(pairs, w.data(), kFactor, scale.data());
    return scale;
  });
  ASSERT_EQ(actual, expected);
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         PairScaleTest,
                         testing::Values(PairCase{{1, 1, 1, 1}, 0},
                                         PairCase{{32, 1, 3, 3}, 0},
                                         PairCase{{64, 3, 7, 7}, 0},
                                         PairCase{{512, 512, 1, 1}, 0},
                                         PairCase{{40, 77, 1, 1}, 0},
                                         PairCase{{33, 64, 3, 3}, 0},
                                         PairCase{{10, 81}, 0},
                                         PairCase{{1024, 10}, 1},
                                         PairCase{{77, 300}, 1},
                                         PairCase{{6, 5, 3, 3}, 1},
                                         PairCase{{5, 6, 3, 3}, 1}));

TEST(PairSum, FindsTheLargestNeighboursOnly) {
  const Tensor codes = Tensor::from<int8_t>({2, 4}, {127, 1, -64, 64, 0, 127, 127, 0});
  EXPECT_EQ(largest_pair_sum(codes, 0), 128);
  // Columns as channels: rows 0 and 1 are neighbours.
  EXPECT_EQ(largest_pair_sum(codes, 1), 191);
  EXPECT_EQ(largest_pair_sum(Tensor::from<int8_t>({1, 1, 1, 3}, {-128, 5, 127}), 0), 255);
}

}  // namespace
}  // namespace intact::cpu
