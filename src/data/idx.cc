#include "data/idx.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "data/inflater.h"

namespace intact {
namespace {

/// The file's contents in order, inflated when it is a gzip file.
class Source {
 public:
  Source(std::string_view file, const std::string& where) : file_(file), where_(where) {
    if (is_gzip(file)) {
      inflater_.emplace(file, where);
    }
  }

  /// Most bytes that can still follow.
  uint64_t bound() const {
    return inflater_ ? file_.size() * kMaxInflateFactor : file_.size() - offset_;
  }

  void read(uint8_t* out, size_t size, const char* what) {
    size_t done = 0;
    if (inflater_) {
      done = inflater_->read(out, size);
    } else {
      done = std::min(size, file_.size() - offset_);
      if (done > 0) {
        std::memcpy(out, file_.data() + offset_, done);
      }
    }
    offset_ += done;
    if (done < size) {
      fail(ErrorCode::Format,
           "{}: ends at byte {}{}, inside its {}; get the file again",
           where_,
           offset_,
           inflater_ ? " after decompression" : "",
           what);
    }
  }

  void finish() {
    if (inflater_) {
      inflater_->finish();
    } else if (offset_ != file_.size()) {
      fail(ErrorCode::Format,
           "{}: {} bytes follow the data at byte {}; get the file again",
           where_,
           file_.size() - offset_,
           offset_);
    }
  }

 private:
  std::string_view file_;
  std::string where_;
  std::optional<Inflater> inflater_;
  size_t offset_ = 0;
};

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

/// Bytes the dimensions ask for. They are checked against what the file can hold, so that a wrong
/// header cannot exhaust memory.
uint64_t payload_size(const std::vector<int64_t>& dims, uint64_t bound, const std::string& where) {
  const bool is_empty = std::find(dims.begin(), dims.end(), 0) != dims.end();
  uint64_t size = is_empty ? 0 : 1;
  for (const int64_t dim : dims) {
    if (size > bound / std::max<uint64_t>(static_cast<uint64_t>(dim), 1)) {
      fail(ErrorCode::Format,
           "{}: the dimensions {} at byte 4 need more than the {} bytes the file can hold; get the "
           "file again",
           where,
           dims,
           bound);
    }
    size *= static_cast<uint64_t>(dim);
  }
  return size;
}

}  // namespace

IdxArray parse_idx(std::string_view file, const std::string& where, int rank) {
  Source source(file, where);
  uint8_t word[4];
  source.read(word, 4, "header");
  const uint32_t magic = 0x800u + static_cast<uint32_t>(rank);
  if (big_endian(word) != magic) {
    fail(ErrorCode::Format,
         "{}: the magic number at byte 0 is {} but must be {}; give an IDX file of {}",
         where,
         big_endian(word),
         magic,
         rank == 1 ? "labels" : "images");
  }
  IdxArray result;
  for (int axis = 0; axis < rank; ++axis) {
    source.read(word, 4, "header");
    result.dims.push_back(big_endian(word));
  }
  const uint64_t size = payload_size(result.dims, source.bound(), where);
  constexpr uint64_t kFirstChunk = uint64_t{1} << 20;
  while (result.bytes.size() < size) {
    const size_t have = result.bytes.size();
    const size_t want = std::min<uint64_t>(size, std::max<uint64_t>(kFirstChunk, 2 * have));
    result.bytes.reserve(want);
    result.bytes.resize(want);
    source.read(result.bytes.data() + have, want - have, "data");
  }
  source.finish();
  return result;
}

}  // namespace intact
