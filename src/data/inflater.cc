#include "data/inflater.h"

#include <algorithm>

#include "base/check.h"

namespace intact {

bool is_gzip(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

Inflater::Inflater(std::string_view compressed, std::string where)
    : where_(std::move(where)), compressed_size_(compressed.size()) {
  if (compressed.size() >= (uint64_t{1} << 32)) {
    fail(ErrorCode::Unsupported,
         "{}: is {} bytes but gzip files of 4 GiB and more are not read; decompress it first",
         where_,
         compressed.size());
  }
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream_.avail_in = static_cast<uInt>(compressed.size());
  constexpr int kGzipOnly = 15 + 16;
  if (inflateInit2(&stream_, kGzipOnly) != Z_OK) {
    fail(ErrorCode::Internal, "{}: zlib could not be started", where_);
  }
}

Inflater::~Inflater() {
  inflateEnd(&stream_);
}

size_t Inflater::read(uint8_t* out, size_t size) {
  size_t done = 0;
  while (done < size && !is_done_) {
    const size_t chunk = std::min<size_t>(size - done, size_t{1} << 30);
    stream_.next_out = out + done;
    stream_.avail_out = static_cast<uInt>(chunk);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    done += chunk - stream_.avail_out;
    if (status == Z_STREAM_END) {
      is_done_ = true;
    } else if (status == Z_BUF_ERROR || (status == Z_OK && stream_.avail_in == 0 && done < size)) {
      fail(ErrorCode::Format,
           "{}: the gzip data end early, at byte {}; get the file again",
           where_,
           stream_.total_in);
    } else if (status != Z_OK) {
      fail(ErrorCode::Format,
           "{}: the gzip data are damaged near byte {} ({}); get the file again",
           where_,
           stream_.total_in,
           stream_.msg != nullptr ? stream_.msg : "no reason given");
    }
  }
  return done;
}

void Inflater::finish() {
  uint8_t extra = 0;
  if (read(&extra, 1) != 0) {
    fail(ErrorCode::Format,
         "{}: holds more data than its header says, seen near byte {}; get the file again",
         where_,
         stream_.total_in);
  }
  if (stream_.total_in != compressed_size_) {
    fail(ErrorCode::Format,
         "{}: {} bytes follow the gzip data at byte {}; get the file again",
         where_,
         compressed_size_ - stream_.total_in,
         stream_.total_in);
  }
}

}  // namespace intact
