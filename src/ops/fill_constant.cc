// Out[i] = value, with the shape and dtype of the attributes. `str_value` holds the value exactly
// when a float cannot (int64); it wins when it is not empty, as in Paddle.
#include <algorithm>
#include <cstdlib>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  for (const char* slot : {"ValueTensor", "ShapeTensor", "ShapeTensorList"}) {
    check(!op.has_input(slot),
          "{}: takes its shape and value from attributes but input {} is set; drop the input",
          op.where(),
          slot);
  }
  op.set_output(
      "Out", Shape(op.attr<Longs>("shape")), dtype_from_paddle_code(op.attr<int32_t>("dtype")));
}

template <class T>
T parse_value(const std::string& text, float value, const std::string& where) {
  if (text.empty()) {
    return static_cast<T>(value);
  }
  char* end = nullptr;
  T parsed{};
  if constexpr (std::is_integral_v<T>) {
    // "1.0" is legal for an integer too.
    const bool is_whole = text.find_first_of(".eEnN") == std::string::npos;
    parsed = is_whole ? static_cast<T>(std::strtoll(text.c_str(), &end, 10))
                      : static_cast<T>(std::strtod(text.c_str(), &end));
  } else {
    parsed = static_cast<T>(std::strtod(text.c_str(), &end));
  }
  check(end == text.c_str() + text.size(),
        "{}: str_value '{}' is not a number; give a number or leave it empty",
        where,
        text);
  return parsed;
}

void forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  dispatch_all(out.dtype(), op.where(), [&]<class T>(T) {
    const T value =
        parse_value<T>(op.attr<std::string>("str_value"), op.attr<float>("value"), op.where());
    std::fill_n(out.data<T>(), out.numel(), value);
  });
}

}  // namespace

void register_fill_constant(OpRegistry& registry) {
  registry.add({.type = "fill_constant",
                .inputs = {{.name = "ValueTensor", .is_optional = true},
                           {.name = "ShapeTensor", .is_optional = true},
                           {.name = "ShapeTensorList", .is_optional = true, .is_list = true}},
                .outputs = {{"Out"}},
                .attrs = {{"dtype", int32_t{5}},
                          {"shape", Longs{}},
                          {"value", 0.0f},
                          {"str_value", std::string()},
                          {"force_cpu", false},
                          {"place_type", int32_t{-1}}},
                .infer = infer,
                .forward = forward,
                .gradient = {},
                .quant = {.outputs = {"Out"}, .in_activation_pass = true}});
}

}  // namespace intact
