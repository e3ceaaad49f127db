// The small parts of base/: nearest names, checks, threads, splitting of work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/check.h"
#include "base/nearest.h"
#include "base/parallel.h"
#include "intact/base/threads.h"

namespace intact {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

TEST(Nearest, FindsTheSmallestEditDistance) {
  EXPECT_EQ(nearest("sotfmax", {"relu", "softmax", "sigmoid"}), "softmax");
  EXPECT_EQ(nearest("groups", {"group", "groups", "grouped"}), "groups");
  EXPECT_EQ(nearest("conv2", {"conv3d", "conv2d"}), "conv2d");
}

TEST(Nearest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest("relu", {"softmax", "batch_norm"}), "");
  EXPECT_EQ(nearest("relu", {}), "");
  EXPECT_EQ(nearest("ab", {"cd"}), "");
}

TEST(Nearest, TheFirstOfEquallyNearOnesWins) {
  EXPECT_EQ(nearest("pool", {"pool3", "pool2"}), "pool3");
}

TEST(Check, ThrowsWithTheFormattedMessage) {
  check(true, "never");
  try {
    check(false, "conv2d '{}': groups is {}", "c", 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_STREQ(error.what(), "conv2d 'c': groups is 3");
  }
}

TEST(Check, EveryErrorCodeHasItsOwnName) {
  std::vector<std::string> names;
  for (ErrorCode code : {ErrorCode::InvalidArgument,
                         ErrorCode::NotFound,
                         ErrorCode::Unsupported,
                         ErrorCode::Format,
                         ErrorCode::Io,
                         ErrorCode::Internal}) {
    EXPECT_THAT(names, Each(::testing::Ne(to_string(code))));
    names.emplace_back(to_string(code));
  }
}

TEST(Threads, CountIsSetAndBounded) {
  const int before = thread_count();
  EXPECT_GE(before, 1);
  set_thread_count(2);
  EXPECT_EQ(thread_count(), 2);
  EXPECT_THROW(set_thread_count(0), Error);
  EXPECT_THROW(set_thread_count(100'000), Error);
  set_thread_count(before);
}

TEST(Parallel, RunsEachPartOnceAtAnyThreadCount) {
  const int before = thread_count();
  for (int threads : {1, 2, 3}) {
    set_thread_count(threads);
    for (int64_t parts : {0, 1, 7, 100}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(parts));
      parallel_for(parts, [&](int64_t part) { ++runs[static_cast<size_t>(part)]; });
      for (const std::atomic<int>& count : runs) {
        EXPECT_EQ(count.load(), 1);
      }
    }
  }
  set_thread_count(before);
}

TEST(Parallel, SplitEvenlyCoversTheRangeWithPartsOfNearlyOneSize) {
  for (int64_t total : {0, 1, 7, 100}) {
    for (int64_t parts : {1, 3, 16}) {
      int64_t end = 0;
      for (int64_t part = 0; part < parts; ++part) {
        const Range range = split_evenly(total, parts, part);
        EXPECT_EQ(range.begin, end);
        EXPECT_LE(range.end - range.begin, total / parts + 1);
        end = range.end;
      }
      EXPECT_EQ(end, total);
    }
  }
}

}  // namespace
}  // namespace intact
