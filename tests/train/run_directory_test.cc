#include "intact/train/run_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "intact/base/error.h"
#include "intact/ir/text.h"
#include "support/tiny_training.h"

namespace intact {
namespace {

namespace fs = std::filesystem;

class RunDirectories : public ::testing::Test {
 protected:
  RunDirectories() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path = (fs::path(::testing::TempDir()) / ("intact_run_" + std::string(test->name()))).string();
    fs::remove_all(path);
  }
  ~RunDirectories() override { fs::remove_all(path); }

  RunInfo info_of(const TinyTraining& tiny, int64_t epoch, int64_t iteration) const {
    RunInfo info;
    info.model = "tiny";
    info.batch_size = TinyTraining::kBatch;
    info.seed = 3;
    info.epoch = epoch;
    info.iteration = iteration;
    info.run_index = tiny.executor.run_index();
    info.loss = tiny.loss;
    info.config = {{"note", "a \"quoted\" text"}};
    return info;
  }

  void save(const TinyTraining& tiny, const RunInfo& info) const {
    RunDirectory(path).save(info, {{"train", &tiny.main}, {"test", &tiny.test}}, tiny.scope);
  }

  /// The file of the Run whose name starts with `prefix`.
  std::string file(const std::string& prefix) const {
    std::string found;
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().filename().string().starts_with(prefix)) {
        EXPECT_EQ(found, "") << "two files for " << prefix;
        found = entry.path().string();
      }
    }
    EXPECT_NE(found, "") << prefix;
    return found;
  }

  ErrorCode code_of_load(std::string* message = nullptr) const {
    try {
      RunDirectory(path).load();
    } catch (const Error& error) {
      if (message != nullptr) {
        *message = error.what();
      }
      return error.code();
    }
    ADD_FAILURE() << "load did not fail";
    return ErrorCode::Internal;
  }

  std::string path;
};

TEST_F(RunDirectories, LoadGivesWhatWasSaved) {
  const TinyTraining tiny;
  const RunInfo info = info_of(tiny, 2, 5);
  EXPECT_FALSE(RunDirectory(path).exists());
  save(tiny, info);
  EXPECT_TRUE(RunDirectory(path).exists());
  const SavedRun run = RunDirectory(path).load();
  EXPECT_EQ(run.info, info);
  ASSERT_EQ(run.programs.size(), 2u);
  EXPECT_EQ(to_text(run.programs.at("train")), to_text(tiny.main));
  EXPECT_EQ(to_text(run.programs.at("test")), to_text(tiny.test));
  EXPECT_TRUE(identical(run.scope, tiny.scope));
}

TEST_F(RunDirectories, KillAndResumeEqualsUninterrupted) {
  TinyTraining whole;
  DataLoader whole_loader = whole.loader();
  for (int epoch = 0; epoch < 3; ++epoch) {
    train_epoch(whole.executor, whole.main, whole_loader, whole.loop());
  }
  {
    TinyTraining first;
    DataLoader loader = first.loader();
    train_epoch(first.executor, first.main, loader, first.loop());
    LoopOptions options = first.loop();
    std::atomic<bool> stop = false;
    options.stop = &stop;
    options.on_iteration = [&](const Iteration& iteration) { stop = iteration.index == 3; };
    const EpochResult result = train_epoch(first.executor, first.main, loader, options);
    save(first, info_of(first, 1, result.next_iteration));
  }
  SavedRun run = RunDirectory(path).load();
  const StripesDataset dataset(TinyTraining::kImages);
  DataLoader loader(dataset,
                    {.batch_size = run.info.batch_size, .shuffle = true, .seed = run.info.seed});
  loader.set_epoch(run.info.epoch);
  Executor executor;
  executor.set_run_index(run.info.run_index);
  LoopOptions options;
  options.loss = run.info.loss;
  options.scope = &run.scope;
  options.first_iteration = run.info.iteration;
  for (int64_t epoch = run.info.epoch; epoch < 3; ++epoch) {
    train_epoch(executor, run.programs.at("train"), loader, options);
    options.first_iteration = 0;
  }
  EXPECT_TRUE(identical(run.scope, whole.scope));
}

TEST_F(RunDirectories, TheSameRunGivesTheSameBytes) {
  const TinyTraining tiny;
  const auto bytes = [&] {
    save(tiny, info_of(tiny, 0, 0));
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(path)) {
      files[entry.path().filename().string()] = read_file(entry.path().string());
    }
    return files;
  };
  const auto first = bytes();
  EXPECT_EQ(first.size(), 4u);  // run.json, two programs, tensors
  fs::remove_all(path);
  EXPECT_EQ(bytes(), first);
}

TEST_F(RunDirectories, ASaveReplacesTheEarlierFiles) {
  TinyTraining tiny;
  save(tiny, info_of(tiny, 0, 0));
  const std::string earlier = file("tensors");
  DataLoader loader = tiny.loader();
  train_epoch(tiny.executor, tiny.main, loader, tiny.loop());
  save(tiny, info_of(tiny, 1, 0));
  EXPECT_NE(file("tensors"), earlier);
  EXPECT_TRUE(identical(RunDirectory(path).load().scope, tiny.scope));
}

TEST_F(RunDirectories, AnInterruptedSaveLeavesTheEarlierRun) {
  const TinyTraining tiny;
  save(tiny, info_of(tiny, 0, 0));
  write_file(path + "/tensors-0123456789ab.pdiparams", "the file of a save that went no further");
  EXPECT_TRUE(identical(RunDirectory(path).load().scope, tiny.scope));
}

TEST_F(RunDirectories, AFailedSaveLeavesNothing) {
  const TinyTraining tiny;
  fs::create_directories(path + "/run.json");  // cannot be replaced by a file
  EXPECT_THROW(save(tiny, info_of(tiny, 0, 0)), Error);
  int files = 0;
  for (const auto& entry : fs::directory_iterator(path)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 0);
}

TEST_F(RunDirectories, DamageIsNamed) {
  const TinyTraining tiny;
  std::string message;
  EXPECT_EQ(code_of_load(&message), ErrorCode::NotFound);
  EXPECT_THAT(message, ::testing::HasSubstr(path));

  save(tiny, info_of(tiny, 0, 0));
  const std::string tensors = file("tensors");
  const std::string good = read_file(tensors);
  std::string bad = good;
  bad[bad.size() / 2] ^= 1;
  write_file(tensors, bad);
  EXPECT_EQ(code_of_load(&message), ErrorCode::Format);
  EXPECT_THAT(message, ::testing::HasSubstr(tensors));
  write_file(tensors, good.substr(0, good.size() - 1));
  EXPECT_EQ(code_of_load(), ErrorCode::Format);
  fs::remove(tensors);
  EXPECT_EQ(code_of_load(&message), ErrorCode::NotFound);
  EXPECT_THAT(message, ::testing::HasSubstr(tensors));
  write_file(tensors, good);
  RunDirectory(path).load();

  const std::string manifest = read_file(path + "/run.json");
  write_file(path + "/run.json", manifest.substr(0, manifest.size() / 2));
  EXPECT_EQ(code_of_load(&message), ErrorCode::Format);
  EXPECT_THAT(message, ::testing::HasSubstr("run.json"));
  write_file(path + "/run.json", "{\"format\": 1}");
  EXPECT_EQ(code_of_load(), ErrorCode::Format);
  write_file(path + "/run.json", "{\"format\": 2}");
  EXPECT_EQ(code_of_load(&message), ErrorCode::Format);
  EXPECT_THAT(message, ::testing::HasSubstr("format 2"));
}

}  // namespace
}  // namespace intact
