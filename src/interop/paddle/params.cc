// One record per tensor (spec 6.2): uint32 0; uint64 LoD levels; uint32 0; int32 n; n bytes of
// TensorDesc; the elements, little-endian, C order.
#include <framework.pb.h>

#include <bit>
#include <cstring>

#include "base/check.h"
#include "intact/interop/paddle.h"
#include "interop/paddle/params_file.h"
#include "interop/paddle/types.h"

namespace intact {
namespace paddle {
namespace {

static_assert(std::endian::native == std::endian::little);

class RecordReader {
 public:
  RecordReader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  Tensor read(const std::string& name) {
    name_ = name;
    begin_ = offset_;
    require(take<uint32_t>("tensor version") == 0, "its version is not 0");
    const auto lod_levels = take<uint64_t>("LoD count");
    require(take_lod_is_empty(lod_levels), "it is a sequence (LoD); only dense tensors are read");
    require(take<uint32_t>("version") == 0, "its second version is not 0");
    const auto desc_size = take<int32_t>("TensorDesc size");
    require(desc_size >= 0, "its TensorDesc has a negative size");
    const std::string_view desc_bytes = take_bytes(static_cast<uint64_t>(desc_size), "TensorDesc");
    proto::VarType::TensorDesc desc;
    require(desc.ParsePartialFromArray(desc_bytes.data(), desc_size) && desc.has_data_type(),
            "its TensorDesc cannot be decoded");
    const std::optional<DType> dtype = from_proto(desc.data_type());
    if (!dtype) {
      fail(ErrorCode::Unsupported,
           "{}: tensor '{}' at byte {} has dtype {}, which this build does not have",
           where_,
           name_,
           begin_,
           name_of(desc.data_type()));
    }
    return read_elements(*dtype, desc);
  }

  void finish(size_t count) const {
    if (offset_ != bytes_.size()) {
      fail(ErrorCode::Format,
           "{}: {} bytes follow the last of {} tensors at byte {}; the file belongs to another "
           "program",
           where_,
           bytes_.size() - offset_,
           count,
           offset_);
    }
  }

 private:
  void require(bool ok, const char* what) const {
    if (!ok) {
      fail(ErrorCode::Format,
           "{}: tensor '{}' at byte {}: {}; the file is damaged or belongs to another program",
           where_,
           name_,
           begin_,
           what);
    }
  }

  std::string_view take_bytes(uint64_t size, const char* what) {
    if (size > bytes_.size() - offset_) {
      fail(ErrorCode::Format,
           "{}: tensor '{}': its {} at byte {} needs {} bytes but {} are left; the file is damaged "
           "or belongs to another program",
           where_,
           name_,
           what,
           offset_,
           size,
           bytes_.size() - offset_);
    }
    const std::string_view result = bytes_.substr(offset_, size);
    offset_ += size;
    return result;
  }

  template <class T>
  T take(const char* what) {
    T value;
    std::memcpy(&value, take_bytes(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  /// Levels without offsets are as good as none.
  bool take_lod_is_empty(uint64_t levels) {
    for (uint64_t level = 0; level < levels; ++level) {
      const auto size = take<uint64_t>("LoD level");
      if (size != 0) {
        return false;
      }
    }
    return true;
  }

  Tensor read_elements(DType dtype, const proto::VarType::TensorDesc& desc) {
    std::vector<int64_t> dims(desc.dims().begin(), desc.dims().end());
    const uint64_t available = bytes_.size() - offset_;
    bool is_empty = false;
    for (const int64_t dim : dims) {
      require(dim >= 0, "a dimension is negative");
      is_empty = is_empty || dim == 0;
    }
    // Empty tensors take no memory, yet the product of their dimensions must stay countable.
    uint64_t count = 1;
    const uint64_t limit = is_empty ? uint64_t{1} << 62 : available / size_bytes(dtype);
    for (const int64_t dim : dims) {
      const uint64_t factor = dim == 0 ? 1 : static_cast<uint64_t>(dim);
      require(count <= limit / factor, "its dimensions need more bytes than the file has left");
      count *= factor;
    }
    const std::string_view data = take_bytes(is_empty ? 0 : count * size_bytes(dtype), "elements");
    if (dtype == DType::Bool) {
      require(data.find_first_not_of(std::string_view("\0\1", 2)) == std::string_view::npos,
              "a bool is neither 0 nor 1");
    }
    Tensor tensor(dtype, Shape(std::move(dims)));
    std::copy(data.begin(), data.end(), static_cast<char*>(tensor.raw()));
    return tensor;
  }

  std::string_view bytes_;
  std::string where_;
  std::string name_;
  size_t offset_ = 0;
  size_t begin_ = 0;
};

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace

TensorMap read_tensors(std::string_view bytes,
                       const std::vector<std::string>& names,
                       const std::string& where) {
  RecordReader reader(bytes, where);
  TensorMap tensors;
  for (const std::string& name : names) {
    tensors.emplace(name, reader.read(name));
  }
  reader.finish(names.size());
  return tensors;
}

}  // namespace paddle

std::string write_params(const std::vector<std::string>& names, const Scope& scope) {
  constexpr size_t kHeaderBytes = 64;  // of one record, or thereabouts
  size_t size = 0;
  for (const std::string& name : names) {
    size += scope.get(name).size_bytes() + kHeaderBytes;
  }
  std::string bytes;
  bytes.reserve(size);
  for (const std::string& name : names) {
    const Tensor& tensor = scope.get(name);
    paddle::proto::VarType::TensorDesc desc;
    desc.set_data_type(paddle::to_proto(tensor.dtype()));
    for (const int64_t dim : tensor.shape().dims()) {
      desc.add_dims(dim);
    }
    const std::string desc_bytes = desc.SerializeAsString();
    paddle::append(bytes, uint32_t{0});
    paddle::append(bytes, uint64_t{0});
    paddle::append(bytes, uint32_t{0});
    paddle::append(bytes, static_cast<int32_t>(desc_bytes.size()));
    bytes += desc_bytes;
    bytes.append(static_cast<const char*>(tensor.raw()), tensor.size_bytes());
  }
  return bytes;
}

void read_params(std::string_view bytes,
                 const Program& program,
                 Scope& scope,
                 const std::string& where) {
  for (auto& [name, tensor] : paddle::read_tensors(bytes, param_names(program), where)) {
    scope.set(name, std::move(tensor));
  }
}

}  // namespace intact
