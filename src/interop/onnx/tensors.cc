#include "interop/onnx/tensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/check.h"

namespace intact {
namespace {

using Proto = proto::TensorProto;
static_assert(std::endian::native == std::endian::little);

struct TypeName {
  int32_t code;
  const char* name;
  std::optional<DType> dtype;
};
constexpr std::array<TypeName, 17> kTypes = {{{Proto::UNDEFINED, "UNDEFINED", std::nullopt},
                                              {Proto::FLOAT, "FLOAT", DType::Float32},
                                              {Proto::UINT8, "UINT8", DType::UInt8},
                                              {Proto::INT8, "INT8", DType::Int8},
                                              {Proto::UINT16, "UINT16", std::nullopt},
                                              {Proto::INT16, "INT16", DType::Int16},
                                              {Proto::INT32, "INT32", DType::Int32},
                                              {Proto::INT64, "INT64", DType::Int64},
                                              {Proto::STRING, "STRING", std::nullopt},
                                              {Proto::BOOL, "BOOL", DType::Bool},
                                              {Proto::FLOAT16, "FLOAT16", DType::Float16},
                                              {Proto::DOUBLE, "DOUBLE", DType::Float64},
                                              {Proto::UINT32, "UINT32", std::nullopt},
                                              {Proto::UINT64, "UINT64", std::nullopt},
                                              {Proto::COMPLEX64, "COMPLEX64", std::nullopt},
                                              {Proto::COMPLEX128, "COMPLEX128", std::nullopt},
                                              {Proto::BFLOAT16, "BFLOAT16", std::nullopt}}};

class TensorReader {
 public:
  TensorReader(const Proto& tensor, const std::string& where) : tensor_(tensor), where_(where) {}

  Tensor read() {
    if (tensor_.has_segment() || tensor_.external_data_size() > 0 ||
        tensor_.data_location() == Proto::EXTERNAL) {
      fail(ErrorCode::Unsupported,
           "{}: its elements are outside the file; save the model with its data inside",
           where_);
    }
    const std::optional<DType> dtype = from_onnx(tensor_.data_type());
    if (!dtype) {
      fail(ErrorCode::Unsupported,
           "{}: has type {}, which this build does not have",
           where_,
           onnx_type_name(tensor_.data_type()));
    }
    const uint64_t count = element_count(*dtype);
    Tensor result(*dtype,
                  Shape(std::vector<int64_t>(tensor_.dims().begin(), tensor_.dims().end())));
    if (tensor_.has_raw_data()) {
      require(tensor_.raw_data().size() == count * size_bytes(*dtype),
              "its bytes do not fit its shape");
      std::copy(
          tensor_.raw_data().begin(), tensor_.raw_data().end(), static_cast<char*>(result.raw()));
    } else {
      read_typed(result);
    }
    if (*dtype == DType::Bool) {
      const auto* bytes = static_cast<const uint8_t*>(result.raw());
      require(std::all_of(bytes, bytes + count, [](uint8_t b) { return b <= 1; }),
              "a bool is neither 0 nor 1");
    }
    return result;
  }

 private:
  void require(bool ok, const char* what) const {
    if (!ok) {
      fail(ErrorCode::Format, "{}: {}; the file is damaged, get it again", where_, what);
    }
  }

  uint64_t available(DType dtype) const {
    if (tensor_.has_raw_data()) {
      return tensor_.raw_data().size() / size_bytes(dtype);
    }
    switch (dtype) {
      case DType::Float32:
        return static_cast<uint64_t>(tensor_.float_data_size());
      case DType::Float64:
        return static_cast<uint64_t>(tensor_.double_data_size());
      case DType::Int64:
        return static_cast<uint64_t>(tensor_.int64_data_size());
      default:
        return static_cast<uint64_t>(tensor_.int32_data_size());
    }
  }

  /// Empty tensors take no memory, yet the product of their dimensions must stay countable.
  uint64_t element_count(DType dtype) const {
    const bool is_empty =
        std::find(tensor_.dims().begin(), tensor_.dims().end(), 0) != tensor_.dims().end();
    const uint64_t limit = is_empty ? uint64_t{1} << 62 : available(dtype);
    uint64_t count = 1;
    for (const int64_t dim : tensor_.dims()) {
      require(dim >= 0, "a dimension is negative");
      const uint64_t factor = dim == 0 ? 1 : static_cast<uint64_t>(dim);
      require(count <= limit / factor, "its dimensions need more elements than it holds");
      count *= factor;
    }
    require(is_empty || count == available(dtype), "its shape and its number of elements differ");
    return is_empty ? 0 : count;
  }

  template <class T, class Values>
  void copy_values(Tensor& out, const Values& values) const {
    T* data = out.data<T>();
    for (int64_t i = 0; i < out.numel(); ++i) {
      const auto value = values[static_cast<int>(i)];
      require(static_cast<double>(value) == static_cast<double>(static_cast<T>(value)) ||
                  value != value,
              "an element does not fit its type");
      data[i] = static_cast<T>(value);
    }
  }

  void read_typed(Tensor& out) const {
    switch (out.dtype()) {
      case DType::Float32:
        return copy_values<float>(out, tensor_.float_data());
      case DType::Float64:
        return copy_values<double>(out, tensor_.double_data());
      case DType::Int64:
        return copy_values<int64_t>(out, tensor_.int64_data());
      case DType::Int32:
        return copy_values<int32_t>(out, tensor_.int32_data());
      case DType::Int16:
        return copy_values<int16_t>(out, tensor_.int32_data());
      case DType::Int8:
        return copy_values<int8_t>(out, tensor_.int32_data());
      case DType::UInt8:
        return copy_values<uint8_t>(out, tensor_.int32_data());
      case DType::Bool:
        return copy_values<bool>(out, tensor_.int32_data());
      case DType::Float16:  // the bits, as integers
        for (int64_t i = 0; i < out.numel(); ++i) {
          static_cast<uint16_t*>(out.raw())[i] =
              static_cast<uint16_t>(tensor_.int32_data(static_cast<int>(i)));
        }
    }
  }

  const Proto& tensor_;
  const std::string& where_;
};

}  // namespace

std::optional<DType> from_onnx(int32_t data_type) {
  const auto* const found = std::find_if(
      kTypes.begin(), kTypes.end(), [&](const TypeName& type) { return type.code == data_type; });
  return found == kTypes.end() ? std::nullopt : found->dtype;
}

int32_t to_onnx(DType dtype) {
  return std::find_if(kTypes.begin(),
                      kTypes.end(),
                      [&](const TypeName& type) { return type.dtype == dtype; })
      ->code;
}

std::string onnx_type_name(int32_t data_type) {
  for (const TypeName& type : kTypes) {
    if (type.code == data_type) {
      return type.name;
    }
  }
  return fmt::format("number {}", data_type);
}

Tensor from_onnx(const proto::TensorProto& tensor, const std::string& where) {
  return TensorReader(tensor, where).read();
}

void to_onnx(const std::string& name, const Tensor& tensor, proto::TensorProto& out) {
  out.set_name(name);
  out.set_data_type(to_onnx(tensor.dtype()));
  for (const int64_t dim : tensor.shape().dims()) {
    out.add_dims(dim);
  }
  out.set_raw_data(tensor.raw(), tensor.size_bytes());
}

}  // namespace intact
