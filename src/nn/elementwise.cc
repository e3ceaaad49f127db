#include "intact/nn/elementwise.h"

#include "base/check.h"
#include "nn/layer.h"

namespace intact::nn {
namespace {

/// Paddle's VarType.Type (spec 6.1).
int32_t paddle_dtype(DType dtype) {
  switch (dtype) {
    case DType::Bool:
      return 0;
    case DType::Int16:
      return 1;
    case DType::Int32:
      return 2;
    case DType::Int64:
      return 3;
    case DType::Float16:
      return 4;
    case DType::Float32:
      return 5;
    case DType::Float64:
      return 6;
    case DType::UInt8:
      return 20;
    case DType::Int8:
      return 21;
  }
  fail(ErrorCode::Internal, "cast: dtype {} has no Paddle number", static_cast<int>(dtype));
}

}  // namespace

Var& elementwise_add(Var& x, Var& y, int axis) {
  return Layer("elementwise_add").add_bias(x, y, axis);
}

Var& scale(Var& x, float scale, float bias) {
  return Layer("scale").append_unary("scale", x, {{"scale", scale}, {"bias", bias}});
}

Var& cast(Var& x, DType dtype) {
  return Layer("cast").append_unary(
      "cast", x, {{"in_dtype", paddle_dtype(x.dtype())}, {"out_dtype", paddle_dtype(dtype)}});
}

}  // namespace intact::nn
