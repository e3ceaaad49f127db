#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

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

/// run() on the best instruction set with two threads. Before, checks that one thread gives the
/// same bits there and on every other instruction set, and that results of instruction sets differ
/// by no more than `target_tolerance` (as expect_near; 0: not at all, as elementwise kernels
/// promise).
template <class Run>
Floats run_everywhere(const Run& run, float target_tolerance = 0.0f) {
  const int threads = thread_count();
  const auto use_targets = [](int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  };
  std::vector<Floats> results;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    use_targets(target);
    set_thread_count(1);
    const Floats one = run();
    set_thread_count(2);
    results.push_back(run());
    EXPECT_TRUE(one == results.back())
        << "one and two threads differ on " << hwy::TargetName(target);
  }
  use_targets(0);
  set_thread_count(threads);
  for (const Floats& other : results) {
    if (target_tolerance == 0.0f) {
      EXPECT_TRUE(other == results.front()) << "instruction sets differ";
    } else {
      expect_near(other, results.front(), target_tolerance);
    }
  }
  return results.front();
}

}  // namespace intact::cpu
