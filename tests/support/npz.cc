// Zip: APPNOTE.TXT 4.3 (central directory, no zip64, no encryption).
#include "support/npz.h"

#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <string_view>

#include "base/atomic_file.h"
#include "base/check.h"
#include "intact/data/npy.h"

namespace intact {
namespace {

class Bytes {
 public:
  Bytes(std::string_view data, const std::string& path) : data_(data), path_(path) {}

  size_t size() const { return data_.size(); }
  std::string_view slice(size_t offset, size_t count) const {
    if (offset > data_.size() || count > data_.size() - offset) {
      fail(ErrorCode::Format,
           "{}: {} bytes at offset {} run past the end ({} bytes); the file is cut short",
           path_,
           count,
           offset,
           data_.size());
    }
    return data_.substr(offset, count);
  }
  template <class T>
  T read(size_t offset) const {
    T value;
    std::memcpy(&value, slice(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }

 private:
  std::string_view data_;
  const std::string& path_;
};

std::string inflate_raw(std::string_view packed, size_t size, const std::string& path) {
  std::string result(size, '\0');
  z_stream stream = {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(size);
  constexpr int kRawDeflate = -MAX_WBITS;
  const bool is_ok = inflateInit2(&stream, kRawDeflate) == Z_OK &&
                     inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!is_ok) {
    fail(ErrorCode::Format, "{}: a deflated member is damaged; copy the file again", path);
  }
  return result;
}

}  // namespace

TensorMap read_npz(const std::string& path) {
  if (std::filesystem::exists(path + ".1")) {
    TensorMap all;
    for (int part = 1; std::filesystem::exists(fmt::format("{}.{}", path, part)); ++part) {
      all.merge(read_npz(fmt::format("{}.{}", path, part)));
    }
    return all;
  }
  const std::string file = read_file(path);
  const Bytes bytes(file, path);
  const size_t end_record = file.rfind("PK\x05\x06");
  if (end_record == std::string::npos) {
    fail(ErrorCode::Format, "{}: has no zip end record; it is not an npz file", path);
  }
  TensorMap tensors;
  const size_t entry_count = bytes.read<uint16_t>(end_record + 10);
  size_t entry = bytes.read<uint32_t>(end_record + 16);
  for (size_t i = 0; i < entry_count; ++i) {
    const auto method = bytes.read<uint16_t>(entry + 10);
    const size_t packed_size = bytes.read<uint32_t>(entry + 20);
    const size_t size = bytes.read<uint32_t>(entry + 24);
    const size_t name_size = bytes.read<uint16_t>(entry + 28);
    const size_t local = bytes.read<uint32_t>(entry + 42);
    std::string name(bytes.slice(entry + 46, name_size));
    entry += 46 + name_size + bytes.read<uint16_t>(entry + 30) + bytes.read<uint16_t>(entry + 32);
    const size_t data =
        local + 30 + bytes.read<uint16_t>(local + 26) + bytes.read<uint16_t>(local + 28);
    const std::string_view packed = bytes.slice(data, packed_size);
    const std::string member = method == 0 ? std::string(packed) : inflate_raw(packed, size, path);
    if (name.ends_with(".npy")) {
      name.resize(name.size() - 4);
    }
    tensors[name] = parse_npy(member, path + ":" + name);
  }
  return tensors;
}

}  // namespace intact
