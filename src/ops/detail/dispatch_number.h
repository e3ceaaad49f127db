#pragma once

#include <string_view>

#include "tensor/dispatch.h"

namespace intact {

/// dispatch_float, also for int32 and int64.
template <class Body>
void dispatch_number(DType dtype, std::string_view where, const Body& body) {
  switch (dtype) {
    case DType::Int32:
      return body(int32_t{});
    case DType::Int64:
      return body(int64_t{});
    default:
      return dispatch_float(dtype, where, body);
  }
}

}  // namespace intact
