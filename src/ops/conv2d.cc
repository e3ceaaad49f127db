// Output[n,o,oh,ow] = sum over i,y,x of
//     Input[n,i,oh*stride-pad+y*dilation,ow*stride-pad+x*dilation] * Filter[o,i,y,x].
// NCHW, OIHW. groups split i and o evenly; depthwise_conv2d is the same operation with one input
// channel a group.
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/convolution.h"
#include "ops/detail/int8_weight.h"
#include "ops/detail/window.h"
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

void infer(InferContext& op) {
  const Shape& input = op.shape("Input");
  const Shape& filter = op.shape("Filter");
  const int32_t groups = op.attr<int32_t>("groups");
  check(input.rank() == 4 && filter.rank() == 4,
        "{}: Input is {} and Filter {}; both need 4 dimensions, NCHW and OIHW",
        op.where(),
        input.to_string(),
        filter.to_string());
  check(op.attr<std::string>("data_format") == "NCHW" ||
            op.attr<std::string>("data_format") == "AnyLayout",
        "{}: data_format is '{}'; only NCHW is supported, transpose the Input",
        op.where(),
        op.attr<std::string>("data_format"));
  check(groups >= 1 && filter[0] % groups == 0,
        "{}: groups is {} but Filter {} has {} output channels; use a divisor of them",
        op.where(),
        groups,
        filter.to_string(),
        filter[0]);
  check(input[1] < 0 || filter[1] < 0 || input[1] == filter[1] * groups,
        "{}: Input {} has {} channels but Filter {} needs {} with groups={}; set groups or fix the "
        "Filter shape",
        op.where(),
        input.to_string(),
        input[1],
        filter.to_string(),
        filter[1] * groups,
        groups);
  const Window2d window = window_of(op.op(), input, filter);
  const Shape output = {
      input[0], filter[0], window.h.output_size(input[2]), window.w.output_size(input[3])};
  check(output[2] != 0 && output[3] != 0,
        "{}: Filter {} does not fit into Input {} with its padding; pad more or use a smaller "
        "Filter",
        op.where(),
        filter.to_string(),
        input.to_string());
  op.set_output("Output", output, op.dtype("Input"));
}

void infer_grad(InferContext& op) {
  op.set_output("Input@GRAD", op.shape("Input"), op.dtype("Input"));
  op.set_output("Filter@GRAD", op.shape("Filter"), op.dtype("Filter"));
}

Convolution convolution_of(const Op& op,
                           const Shape& input,
                           const Shape& filter,
                           const Shape& output) {
  return Convolution(
      window_of(op, input, filter), op.attr<int32_t>("groups"), input, filter, output);
}

void forward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  const Tensor filter = weight_as(input.dtype(), op, "Filter");
  Tensor output = op.output("Output");
  const Convolution conv = convolution_of(op.op(), input.shape(), filter.shape(), output.shape());
  dispatch_float(input.dtype(), op.where(), [&]<class T>(T) {
    conv.forward(input.data<T>(), filter.data<T>(), output.data<T>());
  });
}

void backward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  const Tensor& filter = op.input("Filter");
  const Tensor& dout = op.input("Output@GRAD");
  const Convolution conv = convolution_of(op.op(), input.shape(), filter.shape(), dout.shape());
  dispatch_float(input.dtype(), op.where(), [&]<class T>(T) {
    if (op.has_output("Input@GRAD")) {
      conv.input_grad(dout.data<T>(), filter.data<T>(), op.output("Input@GRAD").data<T>());
    }
    if (op.has_output("Filter@GRAD")) {
      conv.filter_grad(dout.data<T>(), input.data<T>(), op.output("Filter@GRAD").data<T>());
    }
  });
}

std::vector<AttrDef> attributes(bool use_cudnn) {
  return {{"strides", Ints{1, 1}},
          {"paddings", Ints{0, 0}},
          {"padding_algorithm", std::string("EXPLICIT")},
          {"dilations", Ints{1, 1}},
          {"groups", int32_t{1}},
          {"data_format", std::string("NCHW")},
          {.name = "is_test", .default_value = false, .is_extra = true},
          {.name = "use_cudnn", .default_value = use_cudnn, .is_extra = true}};
}

void register_type(OpRegistry& registry, const std::string& type, bool use_cudnn) {
  registry.add({.type = type,
                .inputs = {{"Input"}, {"Filter"}},
                .outputs = {{"Output"}},
                .attrs = attributes(use_cudnn),
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
                          .weight_axis = 0,
                          .in_weight_pass = true}});
  registry.add({.type = type + "_grad",
                .inputs = {{"Input"}, {"Filter"}, {"Output@GRAD"}},
                .outputs = {{.name = "Input@GRAD", .is_optional = true},
                            {.name = "Filter@GRAD", .is_optional = true}},
                .attrs = attributes(use_cudnn),
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace

void register_conv2d(OpRegistry& registry) {
  register_type(registry, "conv2d", true);
  register_type(registry, "depthwise_conv2d", false);
}

}  // namespace intact
