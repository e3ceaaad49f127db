// scale has no ONNX op of its own: Mul and Add, or Identity.
#include <algorithm>

#include "interop/onnx/converter.h"

namespace intact {
namespace {

void write(OnnxWriter& writer, const Op& op) {
  writer.require_inputs(op, {"X"});
  if (op.input("X").dtype() != DType::Float32) {
    writer.refuse(op, "X is {}; only float32 is written", to_string(op.input("X").dtype()));
  }
  struct Step {
    const char* type;
    const char* name;
    float value;
  };
  std::vector<Step> steps;
  if (op.attr<float>("scale") != 1) {
    steps.push_back({"Mul", "scale", op.attr<float>("scale")});
  }
  if (op.attr<float>("bias") != 0) {
    steps.push_back({"Add", "bias", op.attr<float>("bias")});
  }
  if (!op.attr<bool>("bias_after_scale")) {
    std::reverse(steps.begin(), steps.end());
  }
  std::string value = writer.input(op, "X");
  const std::string& output = writer.output(op, "Out");
  if (steps.empty()) {
    writer.node("Identity", {value}, output);
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string result = i + 1 == steps.size() ? output : writer.fresh(op, "step");
    const std::string constant =
        writer.add_constant(op, steps[i].name, Tensor::scalar(steps[i].value));
    writer.node(steps[i].type, {value, constant}, result);
    value = result;
  }
}

}  // namespace

void register_scale(OnnxConverters& converters) {
  converters.add({.ours = {"scale"}, .write = write});
}

}  // namespace intact
