// Out[n,c,oh,ow] = max or mean of X over a window, NCHW.
// exclusive: the mean divides by the elements inside X; else by those inside X and its padding.
// adaptive: ksize is the output size, bin o covers floor(o*in/out)..ceil((o+1)*in/out).
// global_pooling: the window is the whole plane. Source: Paddle 2.6.2.
#include <algorithm>
#include <array>
#include <limits>

#include "base/parallel.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/window.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

Window2d window_of(const Op& op, const Shape& x) {
  if (op.attr<bool>("global_pooling")) {
    return {.h = {.kernel = x[2]}, .w = {.kernel = x[3]}};
  }
  return make_window(op.label(),
                     {.kernel = op.attr<Ints>("ksize"),
                      .strides = op.attr<Ints>("strides"),
                      .paddings = op.attr<Ints>("paddings"),
                      .dilations = {1, 1},
                      .padding_algorithm = op.attr<std::string>("padding_algorithm")},
                     x[2],
                     x[3]);
}

bool is_adaptive(const Op& op) {
  return op.attr<bool>("adaptive") && !op.attr<bool>("global_pooling");
}

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const auto& type = op.attr<std::string>("pooling_type");
  check(x.rank() == 4, "{}: X is {}; give 4 dimensions, NCHW", op.where(), x.to_string());
  check(
      type == "max" || type == "avg", "{}: pooling_type is '{}'; use max or avg", op.where(), type);
  check(op.attr<std::string>("data_format") == "NCHW",
        "{}: data_format is '{}'; only NCHW is supported, transpose X",
        op.where(),
        op.attr<std::string>("data_format"));
  Shape out = {x[0], x[1], 1, 1};
  if (!op.attr<bool>("global_pooling")) {
    const Window2d window = window_of(op.op(), x);
    const bool ceil_mode = op.attr<bool>("ceil_mode");
    const bool adaptive = is_adaptive(op.op());
    out[2] = adaptive ? window.h.kernel : window.h.output_size(x[2], ceil_mode);
    out[3] = adaptive ? window.w.kernel : window.w.output_size(x[3], ceil_mode);
  }
  check(out[2] != 0 && out[3] != 0,
        "{}: the {} window does not fit into X {} with its padding; pad more or use a smaller "
        "window",
        op.where(),
        fmt::join(op.attr<Ints>("ksize"), "x"),
        x.to_string());
  op.set_output("Out", out, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

/// The inputs [begin, end) one output sees along one axis, and what a mean counts of it.
struct Bin {
  int64_t begin;
  int64_t end;
  int64_t padded;  // with the padding the window lies on
};

std::vector<Bin> bins(const WindowAxis& axis, bool adaptive, int64_t input, int64_t output) {
  std::vector<Bin> result;
  for (int64_t o = 0; o < output; ++o) {
    if (adaptive) {
      const int64_t begin = o * input / output;
      const int64_t end = ((o + 1) * input + output - 1) / output;
      result.push_back({begin, end, end - begin});
      continue;
    }
    const int64_t begin = o * axis.stride - axis.pad_before;
    const int64_t end = std::min(begin + axis.kernel, input + axis.pad_before);
    result.push_back({std::max<int64_t>(begin, 0), std::min(end, input), end - begin});
  }
  return result;
}

/// Calls body(output offset in its plane, h bin, w bin) for each output of a plane.
template <class Body>
void for_each_output(const std::vector<Bin>& h, const std::vector<Bin>& w, const Body& body) {
  int64_t out = 0;
  for (const Bin& row : h) {
    for (const Bin& column : w) {
      body(out++, row, column);
    }
  }
}

struct Pooling {
  Pooling(const KernelContext& op, const Shape& x, const Shape& out)
      : is_max(op.attr<std::string>("pooling_type") == "max"),
        is_exclusive(op.attr<bool>("exclusive")),
        planes(x[0] * x[1]),
        in_plane(x[2] * x[3]),
        out_plane(out[2] * out[3]),
        width(x[3]) {
    const Window2d window = window_of(op.op(), x);
    h = bins(window.h, is_adaptive(op.op()), x[2], out[2]);
    w = bins(window.w, is_adaptive(op.op()), x[3], out[3]);
  }

  bool is_max;
  bool is_exclusive;
  int64_t planes;
  int64_t in_plane;
  int64_t out_plane;
  int64_t width;
  std::vector<Bin> h;
  std::vector<Bin> w;

  /// Calls body(input offset in its plane) for each input of a window, in order.
  template <class Body>
  void for_each_input(const Bin& row, const Bin& column, const Body& body) const {
    for (int64_t ih = row.begin; ih < row.end; ++ih) {
      for (int64_t iw = column.begin; iw < column.end; ++iw) {
        body(ih * width + iw);
      }
    }
  }
  double divisor(const Bin& row, const Bin& column) const {
    const int64_t count = is_exclusive ? (row.end - row.begin) * (column.end - column.begin)
                                       : row.padded * column.padded;
    return static_cast<double>(count);
  }
};

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  const Pooling pool(op, x.shape(), out.shape());
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    parallel_for(pool.planes, [&](int64_t p) {
      const T* in = x.data<T>() + p * pool.in_plane;
      T* result = out.data<T>() + p * pool.out_plane;
      for_each_output(pool.h, pool.w, [&](int64_t o, const Bin& row, const Bin& column) {
        if (pool.is_max) {
          T largest = std::numeric_limits<T>::lowest();
          pool.for_each_input(row, column, [&](int64_t i) { largest = std::max(largest, in[i]); });
          result[o] = largest;
        } else {
          double sum = 0;
          pool.for_each_input(row, column, [&](int64_t i) { sum += in[i]; });
          result[o] = static_cast<T>(sum / pool.divisor(row, column));
        }
      });
    });
  });
}

/// max: the first largest input of a window gets its gradient. avg: all share it equally.
void backward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor& out = op.input("Out");
  const Pooling pool(op, x.shape(), out.shape());
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    parallel_for(pool.planes, [&](int64_t p) {
      const T* in = x.data<T>() + p * pool.in_plane;
      const T* result = out.data<T>() + p * pool.out_plane;
      const T* dout = op.input("Out@GRAD").data<T>() + p * pool.out_plane;
      std::vector<double> dx(static_cast<size_t>(pool.in_plane));
      for_each_output(pool.h, pool.w, [&](int64_t o, const Bin& row, const Bin& column) {
        if (pool.is_max) {
          bool is_found = false;
          pool.for_each_input(row, column, [&](int64_t i) {
            if (!is_found && in[i] == result[o]) {
              is_found = true;
              dx[i] += dout[o];
            }
          });
        } else {
          const double share = dout[o] / pool.divisor(row, column);
          pool.for_each_input(row, column, [&](int64_t i) { dx[i] += share; });
        }
      });
      std::copy(dx.begin(), dx.end(), op.output("X@GRAD").data<T>() + p * pool.in_plane);
    });
  });
}

}  // namespace

void register_pool2d(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {.name = "ksize", .default_value = Ints{}, .is_required = true},
      {"strides", Ints{1, 1}},
      {"paddings", Ints{0, 0}},
      {"ceil_mode", false},
      {"exclusive", true},
      {"data_format", std::string("NCHW")},
      {"pooling_type", std::string()},
      {"global_pooling", false},
      {"adaptive", false},
      {"padding_algorithm", std::string("EXPLICIT")},
      {"use_cudnn", false},
      {.name = "is_test", .default_value = false, .is_extra = true}};
  registry.add({.type = "pool2d",
                .inputs = {{"X"}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X"},
                                         .outputs = {"Out"},
                                         .output_grads = {"Out"},
                                         .input_grads = {"X"}});
                    },
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "pool2d_grad",
                .inputs = {{"X"}, {"Out"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
