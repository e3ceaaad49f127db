#include "casters.h"

#include <array>

#include "intact/tensor/dtype.h"

namespace intact::python {
namespace {

using Array = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

constexpr std::array kDTypes = {DType::Bool,
                                DType::Int8,
                                DType::UInt8,
                                DType::Int16,
                                DType::Int32,
                                DType::Int64,
                                DType::Float16,
                                DType::Float32,
                                DType::Float64};

nb::dlpack::dtype dlpack_type(DType dtype) {
  using Code = nb::dlpack::dtype_code;
  Code code = Code::Int;
  if (is_float(dtype)) {
    code = Code::Float;
  } else if (dtype == DType::Bool) {
    code = Code::Bool;
  } else if (dtype == DType::UInt8) {
    code = Code::UInt;
  }
  return {static_cast<uint8_t>(code), static_cast<uint8_t>(8 * size_bytes(dtype)), 1};
}

}  // namespace

DType to_dtype(nb::handle value) {
  const nb::object dtype = nb::module_::import_("numpy").attr("dtype")(value);
  const std::string name = nb::cast<std::string>(dtype.attr("name"));
  for (const DType known : kDTypes) {
    if (name == to_string(known)) {
      return known;
    }
  }
  throw Error(ErrorCode::Unsupported,
              "tensor: dtype '" + name +
                  "' has no counterpart; use bool, int8, uint8, int16, int32, int64, float16, "
                  "float32 or float64");
}

BorrowedTensor borrow(nb::handle value) {
  const nb::object array = nb::module_::import_("numpy").attr("asarray")(value, "order"_a = "C");
  const DType dtype = to_dtype(array.attr("dtype"));
  const auto view = nb::cast<Array>(array);
  std::vector<int64_t> dims;
  for (size_t axis = 0; axis < view.ndim(); ++axis) {
    dims.push_back(static_cast<int64_t>(view.shape(axis)));
  }
  // A Tensor without a const form: nothing writes to what is borrowed.
  void* data = const_cast<void*>(static_cast<const void*>(view.data()));
  return {array, Tensor::view(dtype, Shape(std::move(dims)), data)};
}

nb::object to_numpy(const Tensor& tensor) {
  auto owner = std::make_unique<Tensor>(tensor);
  void* data = owner->raw();
  const std::vector<size_t> dims(tensor.shape().dims().begin(), tensor.shape().dims().end());
  const nb::capsule capsule(owner.get(),
                            [](void* pointer) noexcept { delete static_cast<Tensor*>(pointer); });
  static_cast<void>(owner.release());
  nb::ndarray<nb::numpy> array(
      data, dims.size(), dims.data(), capsule, nullptr, dlpack_type(tensor.dtype()));
  return array.cast();
}

}  // namespace intact::python
