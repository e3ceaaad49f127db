#include "intact/tensor/tensor.h"

#include <sys/mman.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/check.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

/// static_cast, but defined where a float does not fit an integer: the nearest one, 0 for NaN.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To> &&
                !std::is_same_v<To, bool>) {
    constexpr auto kLowest = static_cast<From>(std::numeric_limits<To>::lowest());
    constexpr auto kBeyond = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * 2;
    if (std::isnan(value)) {
      return 0;
    }
    return value < kLowest    ? std::numeric_limits<To>::lowest()
           : value >= kBeyond ? std::numeric_limits<To>::max()
                              : static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define INTACT_WATCHED_MALLOC
#endif
#endif
#if defined(INTACT_WATCHED_MALLOC) || defined(__SANITIZE_ADDRESS__)
constexpr size_t kLargeBytes = std::numeric_limits<size_t>::max();
#else
constexpr size_t kLargeBytes = size_t{1} << 20;
#endif

/// Zeros at a multiple of 64; empty when there is no memory. Large tensors are pages of their own,
/// which go back to the system when freed: a heap would keep those of the tensors before them.
std::shared_ptr<void> allocate(size_t bytes) {
  if (bytes >= kLargeBytes) {
    void* pages =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
      return nullptr;
    }
#ifdef MADV_HUGEPAGE
    ::madvise(pages, bytes, MADV_HUGEPAGE);  // a wish; neighbours share huge pages
#endif
    return {pages, [bytes](void* memory) { ::munmap(memory, bytes); }};
  }
  void* memory = std::aligned_alloc(64, bytes);
  if (memory == nullptr) {
    return nullptr;
  }
  std::memset(memory, 0, bytes);
  return {memory, std::free};
}

}  // namespace

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)) {
  check(shape_.is_known(),
        "tensor: shape {} has an unknown dimension; give every dimension a size",
        shape_.to_string());
  const size_t numel = static_cast<size_t>(shape_.numel());
  const size_t rounded = (numel * intact::size_bytes(dtype) / 64 + 1) * 64;
  const bool fits = numel <= (size_t{1} << 62) / intact::size_bytes(dtype);
  data_ = fits ? allocate(rounded) : nullptr;
  if (data_ == nullptr) {
    fail(ErrorCode::InvalidArgument,
         "tensor: {} elements of {} for shape {} could not be allocated; use a smaller shape",
         numel,
         to_string(dtype),
         shape_.to_string());
  }
}

Tensor Tensor::view(DType dtype, Shape shape, void* data) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.data_ = std::shared_ptr<void>(data, [](void*) {});
  return tensor;
}

Tensor Tensor::clone() const {
  if (!is_defined()) {
    return {};
  }
  Tensor copy(dtype_, shape_);
  std::memcpy(copy.raw(), raw(), size_bytes());
  return copy;
}

Tensor Tensor::reshaped(Shape shape) const {
  if (shape.numel() != numel()) {
    fail(ErrorCode::InvalidArgument,
         "tensor: shape {} has {} elements but the tensor {} has {}; use a shape of as many "
         "elements",
         shape.to_string(),
         shape.numel(),
         shape_.to_string(),
         numel());
  }
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

Tensor Tensor::cast(DType dtype) const {
  Tensor result(dtype, shape_);
  dispatch_all(dtype_, "cast", [&]<class From>(From) {
    dispatch_all(dtype, "cast", [&]<class To>(To) {
      const From* from = data<From>();
      To* to = result.data<To>();
      const int64_t count = numel();
      for (int64_t i = 0; i < count; ++i) {
        to[i] = convert<To>(from[i]);
      }
    });
  });
  return result;
}

bool Tensor::identical(const Tensor& other) const {
  return dtype_ == other.dtype_ && shape_ == other.shape_ && is_defined() == other.is_defined() &&
         (!is_defined() || std::memcmp(raw(), other.raw(), size_bytes()) == 0);
}

void Tensor::require(DType dtype) const {
  check(dtype == dtype_ && is_defined(),
        "tensor: accessed as {} but {}; use the tensor's own dtype",
        to_string(dtype),
        is_defined() ? to_string(dtype_) : "it holds nothing");
}

}  // namespace intact
