#include "intact/train/loops.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "intact/base/error.h"
#include "intact/base/threads.h"
#include "support/tiny_training.h"

namespace intact {
namespace {

TEST(TrainEpoch, LearnsAndReportsEveryIteration) {
  TinyTraining tiny;
  DataLoader loader = tiny.loader();
  LoopOptions options = tiny.loop();
  std::vector<Iteration> seen;
  options.on_iteration = [&](const Iteration& iteration) { seen.push_back(iteration); };
  const EpochResult first = train_epoch(tiny.executor, tiny.main, loader, options);
  EXPECT_TRUE(first.is_complete);
  EXPECT_EQ(first.metrics.images, TinyTraining::kImages);
  EXPECT_EQ(first.metrics.iterations, TinyTraining::kImages / TinyTraining::kBatch);
  ASSERT_EQ(seen.size(), static_cast<size_t>(first.metrics.iterations));
  EXPECT_EQ(seen.back().index, first.metrics.iterations - 1);
  EXPECT_EQ(seen.back().count, first.metrics.iterations);
  double mean = 0;
  for (const Iteration& iteration : seen) {
    mean += iteration.loss / static_cast<double>(seen.size());
  }
  EXPECT_DOUBLE_EQ(first.metrics.loss, mean);
  for (int epoch = 0; epoch < 8; ++epoch) {
    train_epoch(tiny.executor, tiny.main, loader, options);
  }
  const EpochResult tested = evaluate(tiny.executor, tiny.test, loader, tiny.loop());
  EXPECT_LT(tested.metrics.loss, first.metrics.loss / 2);
  EXPECT_GT(tested.metrics.top1, 0.9);
  EXPECT_GE(tested.metrics.top5, tested.metrics.top1);
}

TEST(Evaluate, ChangesNothingAndWeighsByImages) {
  TinyTraining tiny;
  const Scope before = tiny.scope.clone();
  DataLoader loader(tiny.dataset, {.batch_size = 48});  // 128 images: 48 + 48 + 32
  DataLoader whole(tiny.dataset, {.batch_size = TinyTraining::kImages});
  const Metrics parts = evaluate(tiny.executor, tiny.test, loader, tiny.loop()).metrics;
  const Metrics all = evaluate(tiny.executor, tiny.test, whole, tiny.loop()).metrics;
  EXPECT_EQ(parts.images, TinyTraining::kImages);
  EXPECT_EQ(parts.iterations, 3);
  EXPECT_NEAR(parts.top1, all.top1, 1e-6);  // fp32 means of at most 128 images
  EXPECT_NEAR(parts.loss, all.loss, 1e-6);
  EXPECT_TRUE(identical(tiny.scope, before));
}

TEST(TrainEpoch, StopsAfterTheIterationAndResumesAtItsCursor) {
  TinyTraining whole;
  DataLoader whole_loader = whole.loader();
  train_epoch(whole.executor, whole.main, whole_loader, whole.loop());

  TinyTraining parts;
  std::atomic<bool> stop = false;
  LoopOptions options = parts.loop();
  options.stop = &stop;
  options.on_iteration = [&](const Iteration& iteration) { stop = iteration.index == 2; };
  DataLoader loader = parts.loader();
  const EpochResult interrupted = train_epoch(parts.executor, parts.main, loader, options);
  EXPECT_FALSE(interrupted.is_complete);
  EXPECT_EQ(interrupted.next_iteration, 3);

  options.first_iteration = interrupted.next_iteration;
  loader.set_epoch(0);
  const EpochResult rest = train_epoch(parts.executor, parts.main, loader, options);
  EXPECT_TRUE(rest.is_complete);
  EXPECT_EQ(rest.metrics.iterations, TinyTraining::kImages / TinyTraining::kBatch - 3);
  EXPECT_TRUE(identical(parts.scope, whole.scope));
}

TEST(TrainEpoch, FollowsTheSchedule) {
  TinyTraining tiny;
  LoopOptions options = tiny.loop();
  options.schedule = [](int64_t step) { return 1.0f + static_cast<float>(step); };
  options.learning_rate = "learning_rate_0";
  options.first_step = 100;
  std::vector<float> rates;
  options.on_iteration = [&](const Iteration&) {
    rates.push_back(tiny.scope.get("learning_rate_0").values<float>()[0]);
  };
  DataLoader loader(tiny.dataset, {.batch_size = 64});
  train_epoch(tiny.executor, tiny.main, loader, options);
  EXPECT_EQ(rates, (std::vector<float>{101.0f, 102.0f}));
}

TEST(TrainEpoch, TheThreadCountChangesNothing) {
  const int threads = thread_count();
  const auto train = [](int count) {
    set_thread_count(count);
    auto tiny = std::make_unique<TinyTraining>();
    DataLoader loader = tiny->loader();
    train_epoch(tiny->executor, tiny->main, loader, tiny->loop());
    return tiny;
  };
  const auto one = train(1);
  const auto two = train(2);
  set_thread_count(threads);
  EXPECT_TRUE(identical(one->scope, two->scope));
}

/// Replaces one image by NaN.
class PoisonedDataset : public Dataset {
 public:
  PoisonedDataset(const Dataset& clean, int64_t poisoned) : clean_(clean), poisoned_(poisoned) {}
  int64_t size() const override { return clean_.size(); }
  Sample get(int64_t index, int64_t epoch) const override {
    Sample sample = clean_.get(index, epoch);
    if (index == poisoned_) {
      sample.image = sample.image.clone();
      sample.image.values<float>()[0] = std::numeric_limits<float>::quiet_NaN();
    }
    return sample;
  }

 private:
  const Dataset& clean_;
  int64_t poisoned_;
};

std::string message_of_failed_epoch(TinyTraining& tiny,
                                    DataLoader& loader,
                                    const LoopOptions& options) {
  try {
    train_epoch(tiny.executor, tiny.main, loader, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(TrainEpoch, ANanInputKeepsTheLastGoodState) {
  TinyTraining good;
  LoopOptions options = good.loop();
  std::atomic<bool> stop = false;
  options.stop = &stop;
  options.on_iteration = [&](const Iteration& iteration) { stop = iteration.index == 4; };
  DataLoader good_loader(good.dataset, {.batch_size = TinyTraining::kBatch});
  train_epoch(good.executor, good.main, good_loader, options);  // iterations 0..4

  TinyTraining bad;
  const PoisonedDataset poisoned(bad.dataset, 5 * TinyTraining::kBatch + 1);  // in iteration 5
  DataLoader loader(poisoned, {.batch_size = TinyTraining::kBatch});
  const std::string message = message_of_failed_epoch(bad, loader, bad.loop());
  EXPECT_THAT(message, ::testing::HasSubstr("iteration 5"));
  EXPECT_THAT(message, ::testing::HasSubstr("the fed 'image'"));
  EXPECT_TRUE(identical(bad.scope, good.scope));
}

TEST(TrainEpoch, ADivergingRateNamesTheOpAndKeepsFiniteParameters) {
  TinyTraining tiny;
  LoopOptions options = tiny.loop();
  options.schedule = constant_rate(1e30f);
  options.learning_rate = "learning_rate_0";
  DataLoader loader = tiny.loader();
  const std::string message = message_of_failed_epoch(tiny, loader, options);
  EXPECT_THAT(message,
              ::testing::ContainsRegex("iteration [0-9]+ gives values that are not finite"));
  EXPECT_THAT(message, ::testing::HasSubstr(" '"));  // an op's label
  EXPECT_TRUE(is_finite(tiny.scope));
}

}  // namespace
}  // namespace intact
