// Zip: APPNOTE.TXT 4.3 (central directory, no zip64, no encryption). Npy: NumPy format 1.0 and 2.0.
#include "support/npz.h"

#include <zlib.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

#include "base/check.h"

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

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fail(ErrorCode::Io, "{}: cannot be opened; check the path", path);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

DType parse_descr(const std::string& descr, const std::string& path) {
  static const std::map<std::string, DType> kTypes = {{"|b1", DType::Bool},
                                                      {"|i1", DType::Int8},
                                                      {"|u1", DType::UInt8},
                                                      {"<i2", DType::Int16},
                                                      {"<i4", DType::Int32},
                                                      {"<i8", DType::Int64},
                                                      {"<f4", DType::Float32},
                                                      {"<f8", DType::Float64}};
  const auto it = kTypes.find(descr);
  if (it == kTypes.end()) {
    fail(ErrorCode::Format, "{}: element type '{}' is not supported; save another", path, descr);
  }
  return it->second;
}

/// The text after `'key': ` in the header's dictionary, up to the end of the header.
std::string_view header_value(std::string_view header,
                              std::string_view key,
                              const std::string& path) {
  const size_t position = header.find(key);
  if (position == std::string_view::npos) {
    fail(ErrorCode::Format, "{}: the npy header has no {}; it is not an npy file", path, key);
  }
  return header.substr(position + key.size());
}

Tensor parse_npy(std::string_view data, const std::string& path) {
  const Bytes bytes(data, path);
  if (bytes.slice(0, 6) != "\x93NUMPY") {
    fail(ErrorCode::Format, "{}: does not start with the npy magic; it is not an npy file", path);
  }
  const bool is_version_1 = bytes.read<uint8_t>(6) == 1;
  const size_t header_offset = is_version_1 ? 10 : 12;
  const size_t header_size = is_version_1 ? bytes.read<uint16_t>(8) : bytes.read<uint32_t>(8);
  const std::string_view header = bytes.slice(header_offset, header_size);
  if (header_value(header, "'fortran_order': ", path).starts_with("True")) {
    fail(ErrorCode::Format, "{}: is in Fortran order; save a C-order array", path);
  }
  const std::string_view descr = header_value(header, "'descr': '", path);
  const DType dtype = parse_descr(std::string(descr.substr(0, descr.find('\''))), path);
  std::string_view dims_text = header_value(header, "'shape': (", path);
  dims_text = dims_text.substr(0, dims_text.find(')'));
  std::vector<int64_t> dims;
  while (!dims_text.empty()) {
    const size_t comma = dims_text.find(',');
    const std::string dim(dims_text.substr(0, comma));
    if (dim.find_first_not_of(' ') != std::string::npos) {
      dims.push_back(std::stoll(dim));
    }
    dims_text = comma == std::string_view::npos ? "" : dims_text.substr(comma + 1);
  }
  Tensor tensor(dtype, Shape(dims));
  const std::string_view values = bytes.slice(header_offset + header_size, tensor.size_bytes());
  std::memcpy(tensor.raw(), values.data(), values.size());
  return tensor;
}

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

Tensor read_npy(const std::string& path) {
  return parse_npy(read_file(path), path);
}

TensorMap read_npz(const std::string& path) {
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
