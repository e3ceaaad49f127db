#include "backend/cpu/tap_order.h"

#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

std::vector<int8_t> some_codes(int64_t count) {
  std::vector<int8_t> codes(static_cast<size_t>(count));
  for (size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<int8_t>(i * 37 % 255 - 127);
  }
  return codes;
}

// Nine taps take another way in groups of 16 columns.
TEST(SplitTaps, moves_each_code_to_its_tap) {
  for (const int64_t taps : {1, 9, 25}) {
    for (const int64_t columns : {1, 15, 16, 50, 64}) {
      const int64_t stride = columns + 3;
      const std::vector<int8_t> codes = some_codes(columns * taps);
      const Floats values = run_everywhere([&] {
        Floats out(static_cast<size_t>(taps * stride), -1.0f);
        split_taps(columns, taps, codes.data(), 0.7f, 127.0f, out.data(), stride);
        std::vector<int8_t> split(static_cast<size_t>(taps * stride), 99);
        split_taps(columns, taps, codes.data(), split.data(), stride);
        for (int64_t tap = 0; tap < taps; ++tap) {
          for (int64_t i = 0; i < stride; ++i) {
            EXPECT_EQ(split[static_cast<size_t>(tap * stride + i)],
                      i < columns ? codes[static_cast<size_t>(i * taps + tap)] : 99);
          }
        }
        return out;
      });
      for (int64_t tap = 0; tap < taps; ++tap) {
        for (int64_t i = 0; i < stride; ++i) {
          const float expected =
              i < columns
                  ? static_cast<float>(codes[static_cast<size_t>(i * taps + tap)]) * 0.7f / 127.0f
                  : -1.0f;
          ASSERT_EQ(values[static_cast<size_t>(tap * stride + i)], expected);
        }
      }
    }
  }
}

}  // namespace
}  // namespace intact::cpu
