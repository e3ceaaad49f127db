#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace intact {

/// True when the bytes start as a gzip file does.
bool is_gzip(std::string_view bytes);

/// Reads a gzip file held in memory as a stream, so that the caller decides how much to take.
class Inflater {
 public:
  Inflater(std::string_view compressed, std::string where);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Inflates up to `size` bytes; fewer only at the end of the stream.
  /// Throws: Format on damaged or truncated data, with the offset in the compressed file.
  size_t read(uint8_t* out, size_t size);
  /// Throws: Format when the stream holds more, or the file goes on behind it.
  void finish();
  uint64_t compressed_offset() const { return stream_.total_in; }

 private:
  std::string where_;
  size_t compressed_size_;
  z_stream stream_ = {};
  bool is_done_ = false;
};

/// No deflate stream grows by more than this factor (zlib's technical note).
inline constexpr uint64_t kMaxInflateFactor = 1032;

}  // namespace intact
