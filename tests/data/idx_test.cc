#include "data/idx.h"

#include <gtest/gtest.h>

#include "data/idx_files.h"
#include "support/expect_error.h"

namespace intact {
namespace {

TEST(Idx, RawAndGzipGiveTheSameBytes) {
  const std::string raw = some_images(3, 5, 4);
  const IdxArray a = parse_idx(raw, "raw", 3);
  const IdxArray b = parse_idx(gzip(raw), "gz", 3);
  EXPECT_EQ(a.dims, (std::vector<int64_t>{3, 5, 4}));
  EXPECT_EQ(a.dims, b.dims);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(std::string(a.bytes.begin(), a.bytes.end()), raw.substr(16));
}

TEST(Idx, LargerThanOneChunkInflatesWhole) {
  const std::string raw = some_images(2000, 28, 28);
  const IdxArray a = parse_idx(gzip(raw), "gz", 3);
  EXPECT_EQ(std::string(a.bytes.begin(), a.bytes.end()), raw.substr(16));
}

TEST(Idx, EveryTruncationIsAFormatError) {
  const std::string raw = some_images(2, 3, 3);
  for (const std::string& whole : {raw, gzip(raw)}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      expect_error(ErrorCode::Format, {"a.idx: ", "byte"}, [&] {
        parse_idx(std::string_view(whole).substr(0, size), "a.idx", 3);
      });
    }
  }
}

TEST(Idx, WrongMagicNamesBothNumbers) {
  expect_error(
      ErrorCode::Format, {"byte 0", "2049", "2051"}, [] { parse_idx(some_labels(4), "a.idx", 3); });
}

TEST(Idx, TrailingBytesAreRefused) {
  const std::string raw = some_labels(4);
  const auto parse = [](const std::string& bytes) { parse_idx(bytes, "a.idx", 1); };
  expect_error(ErrorCode::Format, {"1 bytes follow", "byte 12"}, [&] { parse(raw + "x"); });
  expect_error(ErrorCode::Format, {"more data"}, [&] { parse(gzip(raw + "x")); });
  expect_error(ErrorCode::Format, {"3 bytes follow"}, [&] { parse(gzip(raw) + "abc"); });
}

TEST(Idx, AbsurdDimensionsAreRefusedBeforeMemoryIsTaken) {
  const std::string header = idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "abc");
  for (const std::string& bytes : {header, gzip(header)}) {
    expect_error(
        ErrorCode::Format, {"4294967295", "byte 4"}, [&] { parse_idx(bytes, "a.idx", 3); });
  }
  // Within what deflate could hold, but the stream ends long before.
  expect_error(ErrorCode::Format, {"ends at byte 19"}, [] {
    parse_idx(gzip(idx({20, 20, 20}, "abc")), "a.idx", 3);
  });
}

TEST(Idx, DamagedGzipIsRefused) {
  const std::string good = gzip(some_images(20, 28, 28));
  for (size_t i = 10; i < good.size(); i += 7) {  // the first 10 bytes hold flags and a time
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_THROW(parse_idx(bad, "a.idx", 3), Error) << "byte " << i;
  }
}

}  // namespace
}  // namespace intact
