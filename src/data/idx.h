#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace intact {

/// Contents of an IDX file of unsigned bytes.
struct IdxArray {
  std::vector<int64_t> dims;
  std::vector<uint8_t> bytes;  // C order
};

/// Parses an IDX file, raw or gzipped (told apart by content), of exactly `rank` dimensions.
/// Layout: bytes 0, 0, 8 (unsigned byte), rank; then rank big-endian uint32; then the data.
/// Throws: Format, starting with `where`, with the byte offset.
IdxArray parse_idx(std::string_view file, const std::string& where, int rank);

}  // namespace intact
