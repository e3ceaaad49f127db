#include "intact/nn/activation.h"

#include "nn/layer.h"

namespace intact::nn {

Var& activation(Var& x, const std::string& type, Attributes attrs) {
  return Layer(type).append_unary(type, x, std::move(attrs));
}

Var& relu(Var& x) {
  return activation(x, "relu");
}
Var& relu6(Var& x) {
  return activation(x, "relu6");
}
Var& sigmoid(Var& x) {
  return activation(x, "sigmoid");
}
Var& tanh(Var& x) {
  return activation(x, "tanh");
}
Var& leaky_relu(Var& x, float alpha) {
  return activation(x, "leaky_relu", {{"alpha", alpha}});
}
Var& softmax(Var& x, int axis) {
  return activation(x, "softmax", {{"axis", int32_t{axis}}});
}

}  // namespace intact::nn
