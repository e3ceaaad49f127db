#include "intact/nn/create_parameter.h"

#include "nn/layer.h"

namespace intact::nn {

Var& create_parameter(Shape shape, const ParamAttr& attr, bool is_bias) {
  const Initializer initializer =
      is_bias ? Initializer(Constant{0.0f}) : Initializer(XavierUniform{});
  return Layer("create_parameter")
      .parameter(attr, is_bias ? "b" : "w", std::move(shape), initializer);
}

}  // namespace intact::nn
