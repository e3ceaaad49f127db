// nearest_interp_v2, bilinear_interp_v2: resize the planes of X, NCHW, to out_h x out_w, or to
// scale times their size. Each output row mixes two input rows, and columns likewise; nearest is
// the case where one of the two has weight 0. Source: Paddle 2.6.2.
#include <algorithm>

#include "base/parallel.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

/// scale of axis 0 (height) or 1 (width); 0 when out_h and out_w rule.
double scale_of(const Op& op, size_t axis) {
  const Floats& scale = op.attr<Floats>("scale");
  return scale.empty() ? 0 : (scale.size() == 1 ? scale[0] : scale[axis]);
}

int64_t output_size(const Op& op, size_t axis, int64_t input) {
  const double scale = scale_of(op, axis);
  if (scale > 0) {
    return input < 0 ? -1 : static_cast<int64_t>(static_cast<double>(input) * scale);
  }
  return op.attr<int32_t>(axis == 0 ? "out_h" : "out_w");
}

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const Floats& scale = op.attr<Floats>("scale");
  check(x.rank() == 4, "{}: X is {}; give 4 dimensions, NCHW", op.where(), x.to_string());
  check(op.attr<std::string>("data_layout") == "NCHW",
        "{}: data_layout is '{}'; only NCHW is supported, transpose X",
        op.where(),
        op.attr<std::string>("data_layout"));
  check(scale.size() <= 2,
        "{}: scale is [{}]; leave it empty or give one value or height and width",
        op.where(),
        fmt::join(scale, ","));
  const Shape out = {x[0], x[1], output_size(op.op(), 0, x[2]), output_size(op.op(), 1, x[3])};
  check((out[2] > 0 || x[2] < 0) && (out[3] > 0 || x[3] < 0),
        "{}: the output would be {}; give out_h and out_w, or a larger scale",
        op.where(),
        out.to_string());
  op.set_output("Out", out, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

/// An output position is near * (1 - weight) + far * weight.
struct Mix {
  int64_t near;
  int64_t far;
  double weight;
};

std::vector<Mix> mixes(const Op& op, size_t axis, int64_t input, int64_t output) {
  const bool align_corners = op.attr<bool>("align_corners");
  const bool is_nearest = op.type().starts_with("nearest");
  const bool half_pixel = !is_nearest && !align_corners && op.attr<int32_t>("align_mode") == 0;
  const double scale = scale_of(op, axis);
  double ratio = scale > 0 ? 1 / scale : static_cast<double>(input) / static_cast<double>(output);
  if (align_corners) {
    ratio = output > 1 ? static_cast<double>(input - 1) / static_cast<double>(output - 1) : 0;
  }
  std::vector<Mix> result;
  for (int64_t o = 0; o < output; ++o) {
    const auto position = static_cast<double>(o);
    if (is_nearest) {
      const auto at = static_cast<int64_t>(ratio * position + (align_corners ? 0.5 : 0));
      result.push_back({std::min(at, input - 1), std::min(at, input - 1), 0});
      continue;
    }
    const double at = std::max(half_pixel ? ratio * (position + 0.5) - 0.5 : ratio * position, 0.0);
    const int64_t near = std::min(static_cast<int64_t>(at), input - 1);
    result.push_back({near, std::min(near + 1, input - 1), at - static_cast<double>(near)});
  }
  return result;
}

/// Calls body(output offset, input offset, weight) for the four inputs of each output of a plane.
template <class Body>
void for_each_part(const std::vector<Mix>& rows,
                   const std::vector<Mix>& columns,
                   int64_t width,
                   const Body& body) {
  int64_t out = 0;
  for (const Mix& row : rows) {
    for (const Mix& column : columns) {
      body(out, row.near * width + column.near, (1 - row.weight) * (1 - column.weight));
      body(out, row.near * width + column.far, (1 - row.weight) * column.weight);
      body(out, row.far * width + column.near, row.weight * (1 - column.weight));
      body(out, row.far * width + column.far, row.weight * column.weight);
      ++out;
    }
  }
}

/// Planes of X and Out, and how they depend on each other.
struct Planes {
  Planes(const Op& op, const Shape& x, const Shape& out)
      : count(x[0] * x[1]),
        in_size(x[2] * x[3]),
        out_size(out[2] * out[3]),
        width(x[3]),
        rows(mixes(op, 0, x[2], out[2])),
        columns(mixes(op, 1, x[3], out[3])) {}

  int64_t count;
  int64_t in_size;
  int64_t out_size;
  int64_t width;
  std::vector<Mix> rows;
  std::vector<Mix> columns;
};

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  const Planes planes(op.op(), x.shape(), out.shape());
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    parallel_for(planes.count, [&](int64_t p) {
      const T* from = x.data<T>() + p * planes.in_size;
      std::vector<double> sum(static_cast<size_t>(planes.out_size));
      for_each_part(
          planes.rows, planes.columns, planes.width, [&](int64_t o, int64_t i, double weight) {
            sum[o] += weight * from[i];
          });
      std::copy(sum.begin(), sum.end(), out.data<T>() + p * planes.out_size);
    });
  });
}

void backward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  Tensor dx = op.output("X@GRAD");
  const Planes planes(op.op(), dx.shape(), dout.shape());
  dispatch_float(dout.dtype(), op.where(), [&]<class T>(T) {
    parallel_for(planes.count, [&](int64_t p) {
      const T* from = dout.data<T>() + p * planes.out_size;
      std::vector<double> sum(static_cast<size_t>(planes.in_size));
      for_each_part(
          planes.rows, planes.columns, planes.width, [&](int64_t o, int64_t i, double weight) {
            sum[i] += weight * from[o];
          });
      std::copy(sum.begin(), sum.end(), dx.data<T>() + p * planes.in_size);
    });
  });
}

void register_type(OpRegistry& registry, const std::string& type) {
  const std::vector<AttrDef> attrs = {{"data_layout", std::string("NCHW")},
                                      {"out_d", int32_t{0}},
                                      {"out_h", int32_t{0}},
                                      {"out_w", int32_t{0}},
                                      {"scale", Floats{}},
                                      {"interp_method", std::string("bilinear")},
                                      {"align_corners", true},
                                      {"align_mode", int32_t{1}}};
  registry.add(
      {.type = type,
       .inputs = {{"X"}},
       .outputs = {{"Out"}},
       .attrs = attrs,
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {"X"}, .outputs = {}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"}, .outputs = {"Out"}, .in_activation_pass = true}});
  registry.add({.type = type + "_grad",
                .inputs = {{"X"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace

void register_interp(OpRegistry& registry) {
  register_type(registry, "nearest_interp_v2");
  register_type(registry, "bilinear_interp_v2");
}

}  // namespace intact
