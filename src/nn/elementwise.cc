#include "intact/nn/elementwise.h"

#include "intact/tensor/dtype.h"
#include "nn/layer.h"

namespace intact::nn {

Var& binary(Var& x, Var& y, const std::string& type, Attributes attrs) {
  return Layer(type).append_binary(type, x, y, std::move(attrs));
}

Var& elementwise_add(Var& x, Var& y, int axis) {
  return binary(x, y, "elementwise_add", {{"axis", int32_t{axis}}});
}
Var& elementwise_sub(Var& x, Var& y, int axis) {
  return binary(x, y, "elementwise_sub", {{"axis", int32_t{axis}}});
}
Var& elementwise_mul(Var& x, Var& y, int axis) {
  return binary(x, y, "elementwise_mul", {{"axis", int32_t{axis}}});
}
Var& elementwise_div(Var& x, Var& y, int axis) {
  return binary(x, y, "elementwise_div", {{"axis", int32_t{axis}}});
}
Var& elementwise_max(Var& x, Var& y, int axis) {
  return binary(x, y, "elementwise_max", {{"axis", int32_t{axis}}});
}
Var& elementwise_min(Var& x, Var& y, int axis) {
  return binary(x, y, "elementwise_min", {{"axis", int32_t{axis}}});
}

Var& scale(Var& x, float scale, float bias) {
  return Layer("scale").append_unary("scale", x, {{"scale", scale}, {"bias", bias}});
}

Var& cast(Var& x, DType dtype) {
  return Layer("cast").append_unary(
      "cast", x, {{"in_dtype", paddle_code(x.dtype())}, {"out_dtype", paddle_code(dtype)}});
}

}  // namespace intact::nn
