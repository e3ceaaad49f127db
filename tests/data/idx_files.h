#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace intact {

inline std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24),
          static_cast<char>(value >> 16),
          static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

/// An IDX file of unsigned bytes.
inline std::string idx(const std::vector<uint32_t>& dims, const std::string& data) {
  std::string bytes = big_endian(0x800u + static_cast<uint32_t>(dims.size()));
  for (const uint32_t dim : dims) {
    bytes += big_endian(dim);
  }
  return bytes + data;
}

inline std::string gzip(const std::string& bytes) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// `count` images whose pixels all differ between images; label i % 10.
inline std::string some_images(uint32_t count, uint32_t height, uint32_t width) {
  std::string data;
  for (uint32_t i = 0; i < count * height * width; ++i) {
    data.push_back(static_cast<char>((i * 37 + i / 251) & 0xFF));
  }
  return idx({count, height, width}, data);
}

inline std::string some_labels(uint32_t count) {
  std::string data;
  for (uint32_t i = 0; i < count; ++i) {
    data.push_back(static_cast<char>(i % 10));
  }
  return idx({count}, data);
}

}  // namespace intact
