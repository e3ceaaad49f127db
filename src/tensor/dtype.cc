#include "intact/tensor/dtype.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace intact {
namespace {

constexpr std::array<std::pair<DType, int32_t>, 9> kPaddleCodes = {{{DType::Bool, 0},
                                                                    {DType::Int16, 1},
                                                                    {DType::Int32, 2},
                                                                    {DType::Int64, 3},
                                                                    {DType::Float16, 4},
                                                                    {DType::Float32, 5},
                                                                    {DType::Float64, 6},
                                                                    {DType::UInt8, 20},
                                                                    {DType::Int8, 21}}};

}  // namespace

int32_t paddle_code(DType dtype) {
  for (const auto& [known, code] : kPaddleCodes) {
    if (known == dtype) {
      return code;
    }
  }
  fail(ErrorCode::Internal, "dtype: {} has no Paddle number; add it", static_cast<int>(dtype));
}

DType dtype_from_paddle_code(int32_t code) {
  for (const auto& [dtype, known] : kPaddleCodes) {
    if (known == code) {
      return dtype;
    }
  }
  fail(ErrorCode::Unsupported,
       "dtype: Paddle's type number {} is not supported; use 0 bool, 1 int16, 2 int32, 3 int64, "
       "5 float32, 6 float64, 20 uint8 or 21 int8",
       code);
}

const char* to_string(DType dtype) {
  switch (dtype) {
    case DType::Bool:
      return "bool";
    case DType::Int8:
      return "int8";
    case DType::UInt8:
      return "uint8";
    case DType::Int16:
      return "int16";
    case DType::Int32:
      return "int32";
    case DType::Int64:
      return "int64";
    case DType::Float16:
      return "float16";
    case DType::Float32:
      return "float32";
    case DType::Float64:
      return "float64";
  }
  return "?";
}

size_t size_bytes(DType dtype) {
  switch (dtype) {
    case DType::Bool:
    case DType::Int8:
    case DType::UInt8:
      return 1;
    case DType::Int16:
    case DType::Float16:
      return 2;
    case DType::Int32:
    case DType::Float32:
      return 4;
    case DType::Int64:
    case DType::Float64:
      return 8;
  }
  return 0;
}

}  // namespace intact
