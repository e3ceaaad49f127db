#include "intact/tensor/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace intact {
namespace {

using ::testing::ElementsAre;

// Philox4x32-10, from the known-answer file of the Random123 library (Salmon et al. 2011).
TEST(Philox, GivesThePublishedNumbersForKeyAndCounterZero) {
  EXPECT_THAT(Philox(0).block(0), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
}

TEST(Philox, BlocksDifferByCounterAndByEachHalfOfTheKey) {
  std::set<std::array<uint32_t, 4>> blocks;
  for (uint64_t seed : {0ull, 1ull, 1ull << 32}) {
    for (uint64_t index : {0ull, 1ull, 1ull << 32, ~0ull}) {
      blocks.insert(Philox(seed).block(index));
    }
  }
  EXPECT_EQ(blocks.size(), 12u);
}

TEST(Philox, BitsWalkThroughTheBlocks) {
  const Philox stream(42);
  for (uint64_t i = 0; i < 12; ++i) {
    EXPECT_EQ(stream.bits(i), stream.block(i / 4)[i % 4]);
  }
}

TEST(Philox, UniformIsInRangeAndEven) {
  const Philox stream(7);
  const int count = 100'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < count; ++i) {
    const float u = stream.uniform(static_cast<uint64_t>(i));
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    sum += u;
    squares += double{u} * u;
  }
  // Five standard errors: sqrt(1/12/n) and sqrt(4/45/n).
  EXPECT_NEAR(sum / count, 0.5, 0.0046);
  EXPECT_NEAR(squares / count, 1.0 / 3, 0.0047);
}

TEST(Philox, NormalHasMeanZeroVarianceOneAndTails) {
  const Philox stream(7);
  const int count = 100'000;
  double sum = 0;
  double squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < count; ++i) {
    const double z = stream.normal(static_cast<uint64_t>(i));
    ASSERT_TRUE(std::isfinite(z));
    sum += z;
    squares += z * z;
    beyond_two += std::abs(z) > 2 ? 1 : 0;
  }
  // Five standard errors: 1/sqrt(n), sqrt(2/n), sqrt(p(1-p)/n) with p = 0.0455.
  EXPECT_NEAR(sum / count, 0, 0.016);
  EXPECT_NEAR(squares / count, 1, 0.023);
  EXPECT_NEAR(beyond_two / double{count}, 0.0455, 0.0033);
}

TEST(StreamSeed, DiffersByNameAndBySeed) {
  std::set<uint64_t> seeds;
  for (uint64_t seed : {0ull, 1ull, 2ull}) {
    for (const char* name : {"", "w", "fc.w_0", "fc.w_1"}) {
      seeds.insert(stream_seed(seed, name));
    }
  }
  EXPECT_EQ(seeds.size(), 12u);
  EXPECT_EQ(stream_seed(3, "w"), stream_seed(3, "w"));
}

}  // namespace
}  // namespace intact
