#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "intact/base/threads.h"

namespace intact::cpu {

using Floats = std::vector<float>;

/// n values uniform in [low,high), the same for the same seed.
inline Floats random_floats(int64_t n, uint32_t seed, float low = -1.0f, float high = 1.0f) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  Floats values(static_cast<size_t>(n));
  std::generate(values.begin(), values.end(), [&] { return uniform(engine); });
  return values;
}

/// `n` floats that no kernel should leave in its output.
inline Floats garbage(int64_t n) {
  return Floats(static_cast<size_t>(n), -12345.0f);
}

/// |actual - expected| <= tolerance * max(1, max |expected|), element by element.
inline void expect_near(const Floats& actual, const Floats& expected, float tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  float largest = 1.0f;
  for (const float value : expected) {
    largest = std::max(largest, std::fabs(value));
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], tolerance * largest) << "element " << i;
  }
}

/// run() with two threads, after checking that one thread gives the same bits.
template <class Run>
Floats same_at_1_and_2_threads(const Run& run) {
  const int before = thread_count();
  set_thread_count(1);
  const Floats one = run();
  set_thread_count(2);
  const Floats two = run();
  set_thread_count(before);
  EXPECT_TRUE(one == two) << "one and two threads differ";
  return two;
}

}  // namespace intact::cpu
