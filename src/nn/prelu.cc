#include "intact/nn/prelu.h"

#include "base/check.h"
#include "nn/layer.h"

namespace intact::nn {
namespace {

Shape slope_shape(const std::string& where, const Shape& x, const std::string& mode) {
  check(mode == "all" || x.rank() >= 2,
        "{}: input has shape {} but mode '{}' needs [N,C,...]; use mode all",
        where,
        x.to_string(),
        mode);
  if (mode == "channel") {
    return {1, x[1], 1, 1};
  }
  if (mode == "element") {
    std::vector<int64_t> dims = x.dims();
    dims.front() = 1;
    return Shape(dims);
  }
  return {1};  // the op refuses other modes
}

}  // namespace

Var& prelu(Var& x, const PreluOptions& options) {
  Layer layer("prelu", options.name);
  Var& slope = layer.parameter(
      options.slope, "w", slope_shape(layer.where(), x.shape(), options.mode), Constant{0.25f});
  Var& out = layer.temporary();
  layer.append({.type = "prelu",
                .inputs = {{"X", {&x}}, {"Alpha", {&slope}}},
                .outputs = {{"Out", {&out}}},
                .attrs = {{"mode", options.mode}}});
  return out;
}

}  // namespace intact::nn
