#include "picture.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace intact::tools {
namespace {

void append_big_endian(std::string& bytes, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift & 0xFF);
  }
}

void append_chunk(std::string& png, const std::string& type, const std::string& data) {
  append_big_endian(png, static_cast<uint32_t>(data.size()));
  const std::string body = type + data;
  png += body;
  append_big_endian(
      png,
      static_cast<uint32_t>(
          ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

std::string deflated(const std::string& data) {
  uLongf size = ::compressBound(static_cast<uLong>(data.size()));
  std::string result(size, '\0');
  if (::compress(reinterpret_cast<Bytef*>(result.data()),
                 &size,
                 reinterpret_cast<const Bytef*>(data.data()),
                 static_cast<uLong>(data.size())) != Z_OK) {
    fail(ErrorCode::Internal, "png: zlib could not compress {} bytes", data.size());
  }
  result.resize(size);
  return result;
}

std::string base64(const std::string& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

}  // namespace

std::string png_data_uri(const Tensor& image) {
  const int64_t height = image.shape()[-2];
  const int64_t width = image.shape()[-1];
  check(image.numel() == height * width && image.numel() > 0,
        "png: the image is {}; give one plane",
        image.shape().to_string());
  const float* pixels = image.data<float>();
  const auto [low, high] = std::minmax_element(pixels, pixels + image.numel());
  const float range = std::max(*high - *low, 1e-30f);
  std::string rows;
  for (int64_t y = 0; y < height; ++y) {
    rows += '\0';  // no filter
    for (int64_t x = 0; x < width; ++x) {
      rows +=
          static_cast<char>(static_cast<uint8_t>((pixels[y * width + x] - *low) / range * 255.0f));
    }
  }
  std::string header;
  append_big_endian(header, static_cast<uint32_t>(width));
  append_big_endian(header, static_cast<uint32_t>(height));
  header += std::string("\x08\0\0\0\0", 5);  // 8 bits, gray
  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", deflated(rows));
  append_chunk(png, "IEND", "");
  return "data:image/png;base64," + base64(png);
}

}  // namespace intact::tools
