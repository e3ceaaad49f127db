// Work is done once, wherever it runs: any number of parts and threads, nested, or from two
// threads.
#include "base/thread_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include "base/parallel.h"
#include "intact/base/threads.h"

#ifdef __unix__
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace intact {
namespace {

using ::testing::Each;

class ThreadPoolTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_thread_count(GetParam()); }
  void TearDown() override { set_thread_count(before_); }

 private:
  int before_ = thread_count();
};

std::vector<int> visits(int64_t parts) {
  std::vector<int> counts(static_cast<size_t>(parts));
  parallel_for(parts, [&](int64_t part) { ++counts[static_cast<size_t>(part)]; });
  return counts;
}

TEST_P(ThreadPoolTest, EachPartRunsOnce) {
  for (const int64_t parts : {0, 1, 2, 3, 7, 8, 63, 64, 65, 1000, 100003}) {
    EXPECT_THAT(visits(parts), Each(1)) << parts;
  }
}

TEST_P(ThreadPoolTest, ManySmallJobsInARow) {
  for (int job = 0; job < 3000; ++job) {
    ASSERT_THAT(visits(2 + job % 9), Each(1)) << job;
  }
}

TEST_P(ThreadPoolTest, WritesOfAPartAreSeenAfterwards) {
  std::vector<int64_t> values(4096);
  for (int64_t job = 0; job < 200; ++job) {
    parallel_for(64, [&](int64_t part) {
      for (int64_t i = part * 64; i < (part + 1) * 64; ++i) {
        values[static_cast<size_t>(i)] += i;
      }
    });
  }
  for (int64_t i = 0; i < 4096; ++i) {
    ASSERT_EQ(values[static_cast<size_t>(i)], 200 * i);
  }
}

TEST_P(ThreadPoolTest, ANestedCallStaysOnItsThread) {
  std::atomic<int> moved = 0;
  std::atomic<int> count = 0;
  parallel_for(8, [&](int64_t) {
    const auto self = std::this_thread::get_id();
    parallel_for(8, [&](int64_t) {
      moved += std::this_thread::get_id() != self;
      ++count;
    });
  });
  EXPECT_EQ(moved, 0);
  EXPECT_EQ(count, 64);
}

TEST_P(ThreadPoolTest, CallsFromSeveralThreadsDoNotMix) {
  std::atomic<int> wrong = 0;
  const auto call = [&] {
    for (int job = 0; job < 300; ++job) {
      const std::vector<int> counts = visits(20);
      wrong += std::accumulate(counts.begin(), counts.end(), 0) != 20;
    }
  };
  std::thread other(call);
  call();
  other.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(ThreadPoolTest, NoMoreThreadsThanAskedForTakePart) {
  visits(64);
  set_thread_count(1);
  const auto self = std::this_thread::get_id();
  std::atomic<int> others = 0;
  parallel_for(64, [&](int64_t) { others += std::this_thread::get_id() != self; });
  EXPECT_EQ(others, 0);
}

#ifdef __unix__
TEST_P(ThreadPoolTest, AForkedChildHasThreadsOfItsOwn) {
  visits(64);
  const pid_t child = fork();
  if (child == 0) {
    const std::vector<int> counts = visits(64);
    _exit(std::accumulate(counts.begin(), counts.end(), 0) == 64 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}
#endif

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace intact
