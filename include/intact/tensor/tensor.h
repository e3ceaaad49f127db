#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "intact/tensor/dtype.h"
#include "intact/tensor/shape.h"

namespace intact {

/// A dense C-order array. Copying a Tensor shares its memory; clone() copies it.
class Tensor {
 public:
  /// No elements, no memory; is_defined() is false.
  Tensor() = default;
  /// Zero-filled, 64-byte aligned. Throws: InvalidArgument when a dimension is unknown.
  Tensor(DType dtype, Shape shape);
  /// Does not own `data`, which must outlive every copy.
  static Tensor view(DType dtype, Shape shape, void* data);
  template <class T>
  static Tensor from(Shape shape, const std::vector<T>& values);
  template <class T>
  static Tensor scalar(T value);

  bool is_defined() const { return data_ != nullptr; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t numel() const { return is_defined() ? shape_.numel() : 0; }
  size_t size_bytes() const { return static_cast<size_t>(numel()) * intact::size_bytes(dtype_); }

  /// Throws: InvalidArgument when T is not the dtype.
  template <class T>
  T* data() {
    require(dtype_of<T>);
    return static_cast<T*>(data_.get());
  }
  template <class T>
  const T* data() const {
    require(dtype_of<T>);
    return static_cast<const T*>(data_.get());
  }
  template <class T>
  std::span<const T> values() const {
    return {data<T>(), static_cast<size_t>(numel())};
  }
  template <class T>
  std::span<T> values() {
    return {data<T>(), static_cast<size_t>(numel())};
  }
  void* raw() { return data_.get(); }
  const void* raw() const { return data_.get(); }

  Tensor clone() const;
  /// Same memory, other shape with as many elements. Throws: InvalidArgument.
  Tensor reshaped(Shape shape) const;
  /// Value conversion as the `cast` op does it (float to int truncates toward zero).
  Tensor cast(DType dtype) const;
  /// Same dtype, shape and bytes.
  bool identical(const Tensor& other) const;

 private:
  void require(DType dtype) const;

  DType dtype_ = DType::Float32;
  Shape shape_;
  std::shared_ptr<void> data_;
};

/// Tensors by name: feeds, batches.
using TensorMap = std::map<std::string, Tensor>;

template <class T>
Tensor Tensor::from(Shape shape, const std::vector<T>& values) {
  Tensor tensor(dtype_of<T>, std::move(shape));
  if (static_cast<size_t>(tensor.numel()) != values.size()) {
    tensor = tensor.reshaped(Shape{static_cast<int64_t>(values.size())});  // throws, naming both
  }
  T* out = tensor.data<T>();
  for (size_t i = 0; i < values.size(); ++i) {
    out[i] = values[i];
  }
  return tensor;
}

template <class T>
Tensor Tensor::scalar(T value) {
  return from<T>(Shape{}, {value});
}

}  // namespace intact
