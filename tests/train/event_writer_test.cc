// Bytes of event files; tests/clients/tensorboard_client.py reads them with TensorBoard itself.
#include "intact/train/event_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/atomic_file.h"
#include "support/expect_error.h"

namespace intact {
namespace {

namespace fs = std::filesystem;

TEST(EventWriter, Crc32cGivesTheValuesOfRfc3720) {
  std::string rising;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
  }
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(rising), 0x46DD794Eu);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}

/// Payloads of a TFRecord file whose lengths fit.
std::vector<std::string> records(const std::string& bytes) {
  std::vector<std::string> found;
  for (size_t at = 0; at < bytes.size();) {
    uint64_t size = 0;
    std::memcpy(&size, bytes.data() + at, 8);
    found.push_back(bytes.substr(at + 12, size));
    at += 12 + size + 4;
    EXPECT_LE(at, bytes.size());
  }
  return found;
}

TEST(EventWriter, WritesAVersionAndThenItsScalars) {
  const std::string directory = testing::TempDir() + "/intact_events/deep";
  fs::remove_all(directory);
  EventWriter writer(directory);
  writer.add(300, {{"loss", 0.5}, {"top1", 0.25}});
  writer.flush();
  EXPECT_THAT(writer.path(), testing::HasSubstr("/events.out.tfevents."));
  const std::vector<std::string> found = records(read_file(writer.path()));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0][0], '\x09');  // wall_time
  EXPECT_EQ(found[0].substr(9), std::string("\x1a\x0d") + "brain.Event:2");
  const std::string loss("\x0a\x0b\x0a\x04loss\x15\x00\x00\x00\x3f", 13);
  const std::string top1("\x0a\x0b\x0a\x04top1\x15\x00\x00\x80\x3e", 13);
  EXPECT_EQ(found[1].substr(9), "\x10\xac\x02\x2a\x1a" + loss + top1);
}

TEST(EventWriter, NamesTheFileItCannotCreate) {
  write_file(testing::TempDir() + "/intact_no_directory", "");
  expect_error(ErrorCode::Io, {"intact_no_directory", "event file"}, [] {
    EventWriter(testing::TempDir() + "/intact_no_directory");
  });
}

}  // namespace
}  // namespace intact
