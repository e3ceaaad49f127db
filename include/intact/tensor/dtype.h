#pragma once

#include <cstddef>
#include <cstdint>

namespace intact {

enum class DType { Bool, Int8, UInt8, Int16, Int32, Int64, Float16, Float32, Float64 };

/// "float32", "int8", ...
const char* to_string(DType dtype);
size_t size_bytes(DType dtype);
/// Paddle's VarType number of a dtype, as files and `dtype` attributes hold it: float32 is 5.
int32_t paddle_code(DType dtype);
/// Throws: Unsupported when the number is not a dtype of ours.
DType dtype_from_paddle_code(int32_t code);
inline bool is_float(DType dtype) {
  return dtype == DType::Float16 || dtype == DType::Float32 || dtype == DType::Float64;
}

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::Bool;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::Int8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::UInt8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::Int16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::Int32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::Int64;
};
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::Float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::Float64;
};
template <class T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

}  // namespace intact
