// Output[n,o,oh,ow] = sum over i,y,x of
//     Input[n,i,oh*stride-pad+y*dilation,ow*stride-pad+x*dilation] * Filter[o,i,y,x].
// NCHW, OIHW. groups split i and o evenly; depthwise_conv2d is the same operation with one input
// channel a group.
#include <algorithm>

#include "base/parallel.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
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

/// Sizes of one convolution, and where its planes lie.
struct Geometry {
  Geometry(const Op& op, const Shape& input, const Shape& filter, const Shape& output)
      : batch(input[0]),
        in_channels(input[1]),
        out_channels(filter[0]),
        in_per_group(filter[1]),
        out_per_group(filter[0] / op.attr<int32_t>("groups")),
        in_plane(input[2] * input[3]),
        out_plane(output[2] * output[3]),
        taps(filter[2] * filter[3]) {
    const Window2d window = window_of(op, input, filter);
    stride_w = window.w.stride;
    spans = window_spans(window, input[2], input[3], output[2], output[3]);
  }

  int64_t batch;
  int64_t in_channels;
  int64_t out_channels;
  int64_t in_per_group;
  int64_t out_per_group;
  int64_t in_plane;
  int64_t out_plane;
  int64_t taps;
  int64_t stride_w;
  std::vector<Span> spans;

  /// Input channel that channel i of Filter row o meets.
  int64_t in_channel(int64_t o, int64_t i) const { return o / out_per_group * in_per_group + i; }
  int64_t input(int64_t n, int64_t channel) const { return (n * in_channels + channel) * in_plane; }
  int64_t output(int64_t n, int64_t o) const { return (n * out_channels + o) * out_plane; }
  int64_t filter(int64_t o, int64_t i) const { return (o * in_per_group + i) * taps; }
};

void forward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  const Tensor& filter = op.input("Filter");
  Tensor output = op.output("Output");
  const Geometry g(op.op(), input.shape(), filter.shape(), output.shape());
  dispatch_float(input.dtype(), op.where(), [&]<class T>(T) {
    const T* in = input.data<T>();
    const T* weight = filter.data<T>();
    T* out = output.data<T>();
    parallel_for(g.batch * g.out_channels, [&](int64_t part) {
      const int64_t n = part / g.out_channels;
      const int64_t o = part % g.out_channels;
      std::vector<double> sum(static_cast<size_t>(g.out_plane));
      for (int64_t i = 0; i < g.in_per_group; ++i) {
        const T* plane = in + g.input(n, g.in_channel(o, i));
        const T* tap = weight + g.filter(o, i);
        for (const Span& span : g.spans) {
          const double w = tap[span.tap];
          for (int64_t k = 0; k < span.count; ++k) {
            sum[span.output + k] += w * plane[span.input + k * g.stride_w];
          }
        }
      }
      std::copy(sum.begin(), sum.end(), out + g.output(n, o));
    });
  });
}

/// Input@GRAD[n,i,ih,iw] = sum over the (o, tap, output) that read it of Output@GRAD * Filter.
template <class T>
void input_grad(const Geometry& g, const T* dout, const T* weight, T* din) {
  parallel_for(g.batch * g.in_channels, [&](int64_t part) {
    const int64_t n = part / g.in_channels;
    const int64_t group = part % g.in_channels / g.in_per_group;
    const int64_t i = part % g.in_per_group;
    std::vector<double> sum(static_cast<size_t>(g.in_plane));
    for (int64_t o = group * g.out_per_group; o < (group + 1) * g.out_per_group; ++o) {
      const T* plane = dout + g.output(n, o);
      const T* tap = weight + g.filter(o, i);
      for (const Span& span : g.spans) {
        const double w = tap[span.tap];
        for (int64_t k = 0; k < span.count; ++k) {
          sum[span.input + k * g.stride_w] += w * plane[span.output + k];
        }
      }
    }
    std::copy(sum.begin(), sum.end(), din + part * g.in_plane);
  });
}

/// Filter@GRAD[o,i,y,x] = sum over n and outputs of Output@GRAD * the Input that tap reads.
template <class T>
void filter_grad(const Geometry& g, const T* dout, const T* in, T* dweight) {
  parallel_for(g.out_channels * g.in_per_group, [&](int64_t part) {
    const int64_t o = part / g.in_per_group;
    const int64_t i = part % g.in_per_group;
    std::vector<double> sum(static_cast<size_t>(g.taps));
    for (int64_t n = 0; n < g.batch; ++n) {
      const T* in_plane = in + g.input(n, g.in_channel(o, i));
      const T* out_plane = dout + g.output(n, o);
      for (const Span& span : g.spans) {
        double partial = 0;
        for (int64_t k = 0; k < span.count; ++k) {
          partial += static_cast<double>(out_plane[span.output + k]) *
                     in_plane[span.input + k * g.stride_w];
        }
        sum[span.tap] += partial;
      }
    }
    std::copy(sum.begin(), sum.end(), dweight + g.filter(o, i));
  });
}

void backward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  const Tensor& filter = op.input("Filter");
  const Tensor& dout = op.input("Output@GRAD");
  const Geometry g(op.op(), input.shape(), filter.shape(), dout.shape());
  dispatch_float(input.dtype(), op.where(), [&]<class T>(T) {
    if (op.has_output("Input@GRAD")) {
      Tensor din = op.output("Input@GRAD");
      input_grad(g, dout.data<T>(), filter.data<T>(), din.data<T>());
    }
    if (op.has_output("Filter@GRAD")) {
      Tensor dweight = op.output("Filter@GRAD");
      filter_grad(g, dout.data<T>(), input.data<T>(), dweight.data<T>());
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
