#include "intact/nn/shape_ops.h"

#include "nn/layer.h"

namespace intact::nn {
namespace {

/// These ops have a second output, XShape, that only serves the backward pass.
Var& append_with_xshape(const std::string& type, Var& x, Attributes attrs) {
  Layer layer(type);
  Var& out = layer.temporary();
  Var& xshape = layer.temporary();
  xshape.set_stop_gradient(true);
  layer.append({.type = type,
                .inputs = {{"X", {&x}}},
                .outputs = {{"Out", {&out}}, {"XShape", {&xshape}}},
                .attrs = std::move(attrs)});
  out.set_stop_gradient(x.stop_gradient());
  return out;
}

}  // namespace

Var& reshape(Var& x, Ints shape) {
  return append_with_xshape("reshape2", x, {{"shape", std::move(shape)}});
}

Var& flatten(Var& x, int start_axis, int stop_axis) {
  return append_with_xshape(
      "flatten_contiguous_range",
      x,
      {{"start_axis", int32_t{start_axis}}, {"stop_axis", int32_t{stop_axis}}});
}

Var& transpose(Var& x, Ints permutation) {
  return append_with_xshape("transpose2", x, {{"axis", std::move(permutation)}});
}

Var& concat(const std::vector<Var*>& parts, int axis) {
  Layer layer("concat");
  Var& out = layer.temporary();
  layer.append({.type = "concat",
                .inputs = {{"X", parts}},
                .outputs = {{"Out", {&out}}},
                .attrs = {{"axis", int32_t{axis}}}});
  return out;
}

}  // namespace intact::nn
