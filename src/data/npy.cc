#include "intact/data/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/atomic_file.h"
#include "base/check.h"

namespace intact {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic("\x93NUMPY", 6);

struct NpyType {
  std::string_view code;  // without byte order
  DType dtype;
};
constexpr std::array<NpyType, 9> kTypes = {{{"b1", DType::Bool},
                                            {"i1", DType::Int8},
                                            {"u1", DType::UInt8},
                                            {"i2", DType::Int16},
                                            {"i4", DType::Int32},
                                            {"i8", DType::Int64},
                                            {"f2", DType::Float16},
                                            {"f4", DType::Float32},
                                            {"f8", DType::Float64}}};

/// Reads the Python dict of the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)}.
class HeaderParser {
 public:
  HeaderParser(std::string_view file, size_t begin, size_t end, const std::string& where)
      : file_(file), position_(begin), end_(end), where_(where) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr") {
        descr = string();
      } else if (key == "fortran_order") {
        is_fortran_order = boolean();
      } else if (key == "shape") {
        tuple();
      } else {
        broken("a known key");
      }
      seen_ += 1;
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (seen_ != 3 || descr.empty()) {
      broken("the three keys descr, fortran_order and shape");
    }
  }

  std::string_view descr;
  bool is_fortran_order = false;
  std::vector<int64_t> shape;

 private:
  [[noreturn]] void broken(const char* wanted) const {
    fail(ErrorCode::Format,
         "{}: the header at byte {} is not {}; write the file with numpy.save",
         where_,
         position_,
         wanted);
  }
  void skip_spaces() {
    while (position_ < end_ && (file_[position_] == ' ' || file_[position_] == '\n')) {
      ++position_;
    }
  }
  bool accept(char wanted) {
    skip_spaces();
    if (position_ < end_ && file_[position_] == wanted) {
      ++position_;
      return true;
    }
    return false;
  }
  void expect(char wanted) {
    if (!accept(wanted)) {
      const char text[] = {'\'', wanted, '\'', '\0'};
      broken(text);
    }
  }
  std::string_view string() {
    skip_spaces();
    const char quote = position_ < end_ ? file_[position_] : '\0';
    if (quote != '\'' && quote != '"') {
      broken("a string (structured dtypes are not read)");
    }
    const size_t close = file_.substr(0, end_).find(quote, position_ + 1);
    if (close == std::string_view::npos) {
      broken("a closed string");
    }
    const std::string_view text = file_.substr(position_ + 1, close - position_ - 1);
    position_ = close + 1;
    return text;
  }
  bool boolean() {
    skip_spaces();
    for (const auto& [word, value] : {std::pair{"True", true}, std::pair{"False", false}}) {
      if (file_.substr(position_, end_ - position_).starts_with(word)) {
        position_ += std::strlen(word);
        return value;
      }
    }
    broken("True or False");
  }
  void tuple() {
    expect('(');
    while (!accept(')')) {
      skip_spaces();
      int64_t dim = -1;
      const char* begin = file_.data() + position_;
      const auto [next, error] = std::from_chars(begin, file_.data() + end_, dim);
      if (error != std::errc() || dim < 0) {
        broken("a dimension");
      }
      position_ += static_cast<size_t>(next - begin);
      shape.push_back(dim);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }

  std::string_view file_;
  size_t position_;
  size_t end_;
  std::string where_;
  int seen_ = 0;
};

DType dtype_of_code(std::string_view descr, const std::string& where) {
  for (const NpyType& type : kTypes) {
    const bool is_byte = size_bytes(type.dtype) == 1;
    const bool has_order = descr.starts_with('<') || descr.starts_with('=') ||
                           (is_byte && (descr.starts_with('|') || descr.starts_with('>')));
    if (has_order && descr.substr(1) == type.code) {
      return type.dtype;
    }
  }
  fail(ErrorCode::Unsupported,
       "{}: dtype '{}' is not one of little-endian b1, i1, u1, i2, i4, i8, f2, f4, f8; convert it",
       where,
       descr);
}

/// Elements, checked against what the file can hold before memory is taken.
uint64_t payload_size(const HeaderParser& header,
                      size_t element,
                      uint64_t available,
                      const std::string& where) {
  uint64_t size = element;
  for (const int64_t dim : header.shape) {
    size = dim == 0 ? 0 : size;
  }
  for (const int64_t dim : header.shape) {
    if (size > available / std::max<uint64_t>(static_cast<uint64_t>(dim), 1)) {
      fail(ErrorCode::Format,
           "{}: shape {} needs more than the {} bytes that follow the header; get the file again",
           where,
           header.shape,
           available);
    }
    size *= static_cast<uint64_t>(dim);
  }
  return size;
}

}  // namespace

Tensor parse_npy(std::string_view bytes, const std::string& where) {
  if (bytes.size() < 10 || !bytes.starts_with(kMagic)) {
    fail(ErrorCode::Format, "{}: byte 0 does not start a .npy file; give one", where);
  }
  const auto byte = [&](size_t offset) {
    return static_cast<size_t>(static_cast<uint8_t>(bytes[offset]));
  };
  const size_t version = byte(6);
  if (version < 1 || version > 3) {
    fail(ErrorCode::Unsupported, "{}: version {} at byte 6 is not 1, 2 or 3", where, version);
  }
  const size_t begin = version == 1 ? 10 : 12;
  if (bytes.size() < begin) {
    fail(ErrorCode::Format, "{}: ends at byte {}, inside its header", where, bytes.size());
  }
  const size_t length = version == 1 ? byte(8) | byte(9) << 8
                                     : byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
  if (length > bytes.size() - begin) {
    fail(ErrorCode::Format,
         "{}: the header length {} at byte 8 exceeds the file of {} bytes; get the file again",
         where,
         length,
         bytes.size());
  }
  HeaderParser header(bytes, begin, begin + length, where);
  header.parse();
  const DType dtype = dtype_of_code(header.descr, where);
  if (header.is_fortran_order) {
    fail(ErrorCode::Unsupported,
         "{}: is in Fortran order; save numpy.ascontiguousarray(x) instead",
         where);
  }
  const uint64_t available = bytes.size() - begin - length;
  const uint64_t size = payload_size(header, size_bytes(dtype), available, where);
  if (size != available) {
    fail(ErrorCode::Format,
         "{}: shape {} needs {} bytes but {} follow the header at byte {}; get the file again",
         where,
         header.shape,
         size,
         available,
         begin + length);
  }
  const std::string_view payload = bytes.substr(begin + length);
  if (dtype == DType::Bool) {
    const size_t bad = payload.find_first_not_of(std::string_view("\0\1", 2));
    if (bad != std::string_view::npos) {
      fail(ErrorCode::Format, "{}: byte {} is not a bool (0 or 1)", where, begin + length + bad);
    }
  }
  Tensor tensor(dtype, Shape(header.shape));
  std::copy(payload.begin(), payload.end(), static_cast<char*>(tensor.raw()));
  return tensor;
}

Tensor load_npy(const std::string& path) {
  return parse_npy(read_file(path), path);
}

std::string format_npy(const Tensor& tensor) {
  check(tensor.is_defined(), "npy: the tensor holds nothing; give it a value");
  const auto type = std::find_if(kTypes.begin(), kTypes.end(), [&](const NpyType& candidate) {
    return candidate.dtype == tensor.dtype();
  });
  const std::vector<int64_t>& dims = tensor.shape().dims();
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   size_bytes(tensor.dtype()) == 1 ? '|' : '<',
                                   type->code,
                                   fmt::join(dims, ", "),
                                   dims.size() == 1 ? "," : "");
  constexpr size_t kPrefix = 10;
  const size_t total = (kPrefix + header.size() + 1 + 63) / 64 * 64;
  header.append(total - kPrefix - header.size() - 1, ' ');
  header.push_back('\n');
  check(header.size() <= 0xFFFF, "npy: rank {} is too high for a version 1 header", dims.size());
  std::string bytes(kMagic);
  bytes +=
      {'\1', '\0', static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  bytes += header;
  bytes.append(static_cast<const char*>(tensor.raw()), tensor.size_bytes());
  return bytes;
}

void save_npy(const std::string& path, const Tensor& tensor) {
  write_file(path, format_npy(tensor));
}

}  // namespace intact
