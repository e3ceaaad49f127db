#include "intact/train/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "support/expect_error.h"

namespace intact {
namespace {

namespace fs = std::filesystem;

class Histories : public testing::Test {
 protected:
  Histories() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path =
        (fs::path(testing::TempDir()) / ("intact_history_" + std::string(test->name()))).string();
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Histories() override { fs::remove_all(path); }

  std::string curves() const { return read_file(path + "/history.json"); }

  std::string path;
};

/// Loss, top-1 and speed that differ at every iteration.
Iteration iteration(int64_t index) {
  return {.index = index,
          .top1 = 1.0 / static_cast<double>(index + 3),
          .loss = 1.0 / static_cast<double>(index + 1),
          .images = 64,
          .seconds = 0.01};
}

void add(TrainingHistory& history, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    history.add(iteration(i), 0.5 / static_cast<double>(i + 1));
  }
}

TEST_F(Histories, APointIsTheMeanOfItsIterations) {
  TrainingHistory history;
  history.begin_phase("train", 0);
  add(history, 0, 25);
  const HistoryPhase& phase = history.phases().at(0);
  EXPECT_EQ(phase.iterations, 25);
  ASSERT_EQ(phase.points.size(), 2U);
  double loss = 0;
  for (int64_t i = 10; i < 20; ++i) {
    loss += iteration(i).loss;
  }
  EXPECT_EQ(phase.points[1].iteration, 20);
  EXPECT_EQ(phase.points[1].loss, loss / 10);
  EXPECT_EQ(phase.points[1].learning_rate, 0.5 / 20);
  EXPECT_NEAR(phase.points[1].images_per_second, 6400, 1e-6);
}

TEST_F(Histories, SavedAndResumedAtAnyPointEqualsUninterrupted) {
  TrainingHistory whole;
  whole.begin_phase("train", 0);
  add(whole, 0, 47);
  whole.save(path);
  const std::string expected = curves();
  for (const int64_t cut : {1, 10, 23, 46}) {
    TrainingHistory first;
    first.begin_phase("train", 0);
    add(first, 0, cut);
    first.save(path);
    TrainingHistory second = TrainingHistory::load(path);
    second.begin_phase("train", cut);
    add(second, cut, 47);
    second.save(path);
    EXPECT_EQ(curves(), expected) << cut;
  }
}

TEST_F(Histories, StaysSmallByHalvingAndKeepsItsMeans) {
  TrainingHistory history;
  history.begin_phase("train", 0);
  add(history, 0, 12000);
  const HistoryPhase& phase = history.phases().at(0);
  EXPECT_LT(phase.points.size(), TrainingHistory::kMaxPoints);
  EXPECT_EQ(phase.every, 40);
  EXPECT_EQ(phase.points.size(), 300U);
  for (size_t i = 0; i < phase.points.size(); ++i) {
    ASSERT_EQ(phase.points[i].iteration, static_cast<int64_t>(i + 1) * 40);
  }
  double loss = 0;
  for (int64_t i = 0; i < 40; ++i) {
    loss += iteration(i).loss;
  }
  EXPECT_DOUBLE_EQ(phase.points[0].loss, loss / 40);  // sums in another order
}

TEST_F(Histories, KeepsThePhasesItWasMadeFrom) {
  TrainingHistory history;
  history.begin_phase("train", 0);
  add(history, 0, 10);
  history.finish_phase({.top1 = 0.75, .top5 = 1, .loss = 0.5, .images = 100}, "float");
  history.save(path);
  TrainingHistory quantized = TrainingHistory::load(path);
  quantized.begin_phase("quantize", 0);
  add(quantized, 0, 20);
  quantized.save(path);
  const TrainingHistory read = TrainingHistory::load(path);
  ASSERT_EQ(read.phases().size(), 2U);
  EXPECT_EQ(read.phases()[0].test->top1, 0.75);
  EXPECT_EQ(read.phases()[0].arithmetic, "float");
  EXPECT_FALSE(read.phases()[1].test.has_value());
  EXPECT_EQ(read.phases()[1].points.size(), 2U);
  EXPECT_NEAR(read.phases()[1].points[0].images_per_second, 6400, 1e-6);
}

TEST_F(Histories, AnotherCursorBeginsAPhase) {
  TrainingHistory history;
  history.begin_phase("train", 0);
  add(history, 0, 15);
  history.begin_phase("train", 12);  // a history that does not belong to the run
  EXPECT_EQ(history.phases().size(), 2U);
  history.begin_phase("train", 0);
  EXPECT_EQ(history.phases().size(), 3U);
}

TEST_F(Histories, NoneIsEmptyAndDamageIsNamed) {
  EXPECT_TRUE(TrainingHistory::load(path).phases().empty());
  TrainingHistory history;
  history.begin_phase("train", 0);
  add(history, 0, 10);
  history.save(path);
  const std::string good = curves();
  write_file(path + "/speed.json", "{}");
  expect_error(ErrorCode::Format, {"speed.json", "damaged"}, [&] { TrainingHistory::load(path); });
  fs::remove(path + "/speed.json");
  EXPECT_EQ(TrainingHistory::load(path).phases().at(0).points.size(), 1U);
  for (const std::string& bad : {good.substr(0, good.size() / 2),
                                 std::string("[]"),
                                 std::string("{\"phases\":[{\"name\":3}]}")}) {
    write_file(path + "/history.json", bad);
    expect_error(
        ErrorCode::Format, {"history.json", "damaged"}, [&] { TrainingHistory::load(path); });
  }
}

}  // namespace
}  // namespace intact
