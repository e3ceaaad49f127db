#pragma once

#include <string_view>

#include "base/check.h"
#include "intact/tensor/dtype.h"

namespace intact {

/// Calls body(T{}) with T the C++ type of a float32 or float64 dtype. `where` names the caller in
/// the error.
template <class Body>
void dispatch_float(DType dtype, std::string_view where, const Body& body) {
  switch (dtype) {
    case DType::Float32:
      return body(float{});
    case DType::Float64:
      return body(double{});
    default:
      fail(ErrorCode::Unsupported,
           "{}: dtype is {}; only float32 and float64 are supported",
           where,
           to_string(dtype));
  }
}

/// The same for every dtype with a C++ type (all but float16).
template <class Body>
void dispatch_all(DType dtype, std::string_view where, const Body& body) {
  switch (dtype) {
    case DType::Bool:
      return body(bool{});
    case DType::Int8:
      return body(int8_t{});
    case DType::UInt8:
      return body(uint8_t{});
    case DType::Int16:
      return body(int16_t{});
    case DType::Int32:
      return body(int32_t{});
    case DType::Int64:
      return body(int64_t{});
    case DType::Float32:
      return body(float{});
    case DType::Float64:
      return body(double{});
    case DType::Float16:
      fail(ErrorCode::Unsupported, "{}: dtype float16 is not supported; cast to float32", where);
  }
}

}  // namespace intact
