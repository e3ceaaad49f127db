#include "base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "intact/base/error.h"

namespace intact {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AtomicFile : public ::testing::Test {
 protected:
  AtomicFile() { std::filesystem::create_directories(folder); }
  ~AtomicFile() override { std::filesystem::remove_all(folder); }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  template <class Action>
  static void expect_error(ErrorCode code, const std::string& message, const Action& action) {
    try {
      action();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }

  std::string folder = testing::TempDir() + "intact_atomic_" + std::to_string(::getpid());
  std::string path = folder + "/file";
};

/// Files may grow to `bytes`; writing on fails with EFBIG, as a full disk fails with ENOSPC.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit = {bytes, previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    std::signal(SIGXFSZ, previous_handler_);
  }

 private:
  rlimit previous_ = {};
  void (*previous_handler_)(int) = nullptr;
};

TEST_F(AtomicFile, WritesAndReadsBytesAsTheyAre) {
  const std::string bytes(
      "a\0\n\xff"
      "b",
      5);
  write_file(path, bytes);
  EXPECT_EQ(read_file(path), bytes);
  write_file(path, "");
  EXPECT_EQ(read_file(path), "");
  EXPECT_THAT(files(), ElementsAre("file"));
}

TEST_F(AtomicFile, AFullDiskLeavesTheOldFileAndNoTemporary) {
  write_file(path, "old");
  {
    const FileSizeLimit limit(4096);
    expect_error(ErrorCode::Io, path + ": cannot write: File too large; nothing was changed", [&] {
      write_file(path, std::string(100'000, 'x'));
    });
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_THAT(files(), ElementsAre("file"));
  write_file(path, std::string(100'000, 'x'));
  EXPECT_EQ(read_file(path).size(), 100'000u);
}

TEST_F(AtomicFile, AFailedRenameRemovesTheTemporary) {
  std::filesystem::create_directories(path + "/occupied");
  expect_error(ErrorCode::Io, "cannot rename into place", [&] { write_file(path, "new"); });
  EXPECT_THAT(files(), ElementsAre("file"));
  EXPECT_TRUE(std::filesystem::is_directory(path));
}

TEST_F(AtomicFile, AMissingFolderIsNamed) {
  const std::string missing = folder + "/none/file";
  expect_error(ErrorCode::Io, missing + ": cannot create: No such file or directory", [&] {
    write_file(missing, "new");
  });
}

TEST_F(AtomicFile, ReadingTellsMissingFilesFromFolders) {
  expect_error(ErrorCode::NotFound, path + ": cannot open", [&] { read_file(path); });
  expect_error(ErrorCode::Io, "is not a regular file", [&] { read_file(folder); });
  expect_error(ErrorCode::Io, "is not a regular file", [&] { read_file("/dev/zero"); });
}

TEST_F(AtomicFile, AReaderThatHasTheOldFileOpenKeepsIt) {
  write_file(path, "old");
  FILE* reader = std::fopen(path.c_str(), "r");
  ASSERT_NE(reader, nullptr);
  write_file(path, "new");
  char bytes[8] = {};
  EXPECT_EQ(std::fread(bytes, 1, sizeof bytes, reader), 3u);
  std::fclose(reader);
  EXPECT_STREQ(bytes, "old");
}

}  // namespace
}  // namespace intact
