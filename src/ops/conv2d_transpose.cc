// The gradient of conv2d with respect to its Input, as a forward op: each Input element adds its
// multiple of the Filter to the Output, `strides` apart. NCHW; Filter is
// [in channels, out channels / groups, h, w].
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/convolution.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

Window2d window_of(const Op& op, const Shape& input, const Shape& filter) {
  return make_window(op.label(),
                     {.kernel = {static_cast<int32_t>(filter[2]), static_cast<int32_t>(filter[3])},
                      .strides = op.attr<Ints>("strides"),
                      .paddings = op.attr<Ints>("paddings"),
                      .dilations = op.attr<Ints>("dilations"),
                      .padding_algorithm = op.attr<std::string>("padding_algorithm")},
                     input[2],
                     input[3]);
}

/// Output sizes that give `input` when convolved back are smallest .. smallest + stride - 1;
/// output_size picks one, output_padding counts from the smallest.
int64_t output_size(const Op& op, const WindowAxis& axis, int64_t input, size_t index) {
  if (input < 0) {
    return -1;
  }
  const int64_t smallest =
      (input - 1) * axis.stride - axis.pad_before - axis.pad_after + axis.extent();
  const Ints& sizes = op.attr<Ints>("output_size");
  const Ints& extra = op.attr<Ints>("output_padding");
  check(
      (sizes.empty() || sizes.size() == 2) && (extra.empty() || extra.size() == 2),
      "{}: output_size is [{}] and output_padding [{}]; leave them empty or give height and width",
      op.label(),
      fmt::join(sizes, ","),
      fmt::join(extra, ","));
  const int64_t result =
      sizes.empty() ? smallest + (extra.empty() ? 0 : extra[index]) : sizes[index];
  check(result > 0 && result >= smallest && result < smallest + axis.stride,
        "{}: an output size of {} does not fit the input size {}; use {}..{}",
        op.label(),
        result,
        input,
        smallest,
        smallest + axis.stride - 1);
  return result;
}

void infer(InferContext& op) {
  const Shape& input = op.shape("Input");
  const Shape& filter = op.shape("Filter");
  const int32_t groups = op.attr<int32_t>("groups");
  check(input.rank() == 4 && filter.rank() == 4,
        "{}: Input is {} and Filter {}; both need 4 dimensions",
        op.where(),
        input.to_string(),
        filter.to_string());
  check(op.attr<std::string>("data_format") == "NCHW" ||
            op.attr<std::string>("data_format") == "AnyLayout",
        "{}: data_format is '{}'; only NCHW is supported, transpose the Input",
        op.where(),
        op.attr<std::string>("data_format"));
  check(input[1] < 0 || filter[0] < 0 || input[1] == filter[0],
        "{}: Input {} has {} channels but Filter {} has {} rows; make them equal",
        op.where(),
        input.to_string(),
        input[1],
        filter.to_string(),
        filter[0]);
  check(groups >= 1 && filter[0] % groups == 0,
        "{}: groups is {} but Filter {} has {} input channels; use a divisor of them",
        op.where(),
        groups,
        filter.to_string(),
        filter[0]);
  const Window2d window = window_of(op.op(), input, filter);
  op.set_output("Output",
                {input[0],
                 filter[1] * groups,
                 output_size(op.op(), window.h, input[2], 0),
                 output_size(op.op(), window.w, input[3], 1)},
                op.dtype("Input"));
}

void infer_grad(InferContext& op) {
  op.set_output("Input@GRAD", op.shape("Input"), op.dtype("Input"));
  op.set_output("Filter@GRAD", op.shape("Filter"), op.dtype("Filter"));
}

/// The convolution from Output to Input that this op reverses.
Convolution reversed(const Op& op, const Shape& input, const Shape& filter, const Shape& output) {
  return Convolution(
      window_of(op, input, filter), op.attr<int32_t>("groups"), output, filter, input);
}

void forward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  const Tensor& filter = op.input("Filter");
  Tensor output = op.output("Output");
  const Convolution conv = reversed(op.op(), input.shape(), filter.shape(), output.shape());
  dispatch_float(input.dtype(), op.where(), [&]<class T>(T) {
    conv.input_grad(input.data<T>(), filter.data<T>(), output.data<T>());
  });
}

void backward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  const Tensor& filter = op.input("Filter");
  const Tensor& dout = op.input("Output@GRAD");
  const Convolution conv = reversed(op.op(), input.shape(), filter.shape(), dout.shape());
  dispatch_float(input.dtype(), op.where(), [&]<class T>(T) {
    if (op.has_output("Input@GRAD")) {
      conv.forward(dout.data<T>(), filter.data<T>(), op.output("Input@GRAD").data<T>());
    }
    if (op.has_output("Filter@GRAD")) {
      conv.filter_grad(input.data<T>(), dout.data<T>(), op.output("Filter@GRAD").data<T>());
    }
  });
}

void register_type(OpRegistry& registry,
                   const std::string& type,
                   bool use_cudnn,
                   bool in_weight_pass) {
  const std::vector<AttrDef> attrs = {
      {"strides", Ints{1, 1}},
      {"paddings", Ints{0, 0}},
      {"output_padding", Ints{}},
      {"output_size", Ints{}},
      {"padding_algorithm", std::string("EXPLICIT")},
      {"groups", int32_t{1}},
      {"dilations", Ints{1, 1}},
      {"data_format", std::string("NCHW")},
      {.name = "is_test", .default_value = false, .is_extra = true},
      {.name = "use_cudnn", .default_value = use_cudnn, .is_extra = true}};
  registry.add({.type = type,
                .inputs = {{"Input"}, {"Filter"}},
                .outputs = {{"Output"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"Input", "Filter"},
                                         .outputs = {},
                                         .output_grads = {"Output"},
                                         .input_grads = {"Input", "Filter"}});
                    },
                .quant = {.inputs = {"Input"},
                          .outputs = {"Output"},
                          .weight = "Filter",
                          .weight_axis = 1,
                          .in_weight_pass = in_weight_pass}});
  registry.add({.type = type + "_grad",
                .inputs = {{"Input"}, {"Filter"}, {"Output@GRAD"}},
                .outputs = {{.name = "Input@GRAD", .is_optional = true},
                            {.name = "Filter@GRAD", .is_optional = true}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace

void register_conv2d_transpose(OpRegistry& registry) {
  register_type(registry, "conv2d_transpose", true, true);
  register_type(registry, "depthwise_conv2d_transpose", false, false);
}

}  // namespace intact
