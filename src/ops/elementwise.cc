// Out = f(X, Y) with Paddle's broadcasting (detail/broadcast.h). A broadcast operand's gradient is
// the sum over its copies.
#include <cmath>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/broadcast.h"
#include "ops/detail/dispatch_number.h"

namespace intact {
namespace {

Broadcast broadcast_of(const Op& op, const Shape& x, const Shape& y) {
  return Broadcast(op.label(), x, y, op.attr<int32_t>("axis"));
}

void infer(InferContext& op) {
  check(op.dtype("X") == op.dtype("Y"),
        "{}: X is {} but Y is {}; cast one of them",
        op.where(),
        to_string(op.dtype("X")),
        to_string(op.dtype("Y")));
  const Broadcast broadcast = broadcast_of(op.op(), op.shape("X"), op.shape("Y"));
  op.set_output("Out", broadcast.output(), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
  op.set_output("Y@GRAD", op.shape("Y"), op.dtype("Y"));
}

/// F: a struct with static value(x, y), and dx(x, y) and dy(x, y), the partial derivatives.
template <class F>
void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor& y = op.input("Y");
  Tensor out = op.output("Out");
  dispatch_number(x.dtype(), op.where(), [&]<class T>(T) {
    const T* a = x.data<T>();
    const T* b = y.data<T>();
    T* c = out.data<T>();
    broadcast_of(op.op(), x.shape(), y.shape()).for_each([&](int64_t o, int64_t i, int64_t j) {
      c[o] = F::value(a[i], b[j]);
    });
  });
}

template <class F>
void backward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor& y = op.input("Y");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    const T* a = x.data<T>();
    const T* b = y.data<T>();
    const T* dout = op.input("Out@GRAD").data<T>();
    const Broadcast broadcast = broadcast_of(op.op(), x.shape(), y.shape());
    if (op.has_output("X@GRAD")) {
      std::vector<double> dx(static_cast<size_t>(x.numel()));
      broadcast.for_each(
          [&](int64_t o, int64_t i, int64_t j) { dx[i] += dout[o] * F::dx(a[i], b[j]); });
      std::copy(dx.begin(), dx.end(), op.output("X@GRAD").data<T>());
    }
    if (op.has_output("Y@GRAD")) {
      std::vector<double> dy(static_cast<size_t>(y.numel()));
      broadcast.for_each(
          [&](int64_t o, int64_t i, int64_t j) { dy[j] += dout[o] * F::dy(a[i], b[j]); });
      std::copy(dy.begin(), dy.end(), op.output("Y@GRAD").data<T>());
    }
  });
}

struct Add {
  template <class T>
  static T value(T x, T y) {
    return x + y;
  }
  static double dx(double, double) { return 1; }
  static double dy(double, double) { return 1; }
};

struct Sub {
  template <class T>
  static T value(T x, T y) {
    return x - y;
  }
  static double dx(double, double) { return 1; }
  static double dy(double, double) { return -1; }
};

struct Mul {
  template <class T>
  static T value(T x, T y) {
    return x * y;
  }
  static double dx(double, double y) { return y; }
  static double dy(double x, double) { return x; }
};

struct Div {
  template <class T>
  static T value(T x, T y) {
    return x / y;
  }
  static double dx(double, double y) { return 1 / y; }
  static double dy(double x, double y) { return -x / (y * y); }
};

// On a tie the whole gradient goes to Y, as in Paddle.
struct Max {
  template <class T>
  static T value(T x, T y) {
    return x > y ? x : y;
  }
  static double dx(double x, double y) { return x > y ? 1 : 0; }
  static double dy(double x, double y) { return x > y ? 0 : 1; }
};

struct Min {
  template <class T>
  static T value(T x, T y) {
    return x < y ? x : y;
  }
  static double dx(double x, double y) { return x < y ? 1 : 0; }
  static double dy(double x, double y) { return x < y ? 0 : 1; }
};

struct Pow {
  template <class T>
  static T value(T x, T y) {
    return static_cast<T>(std::pow(x, y));
  }
  static double dx(double x, double y) { return y * std::pow(x, y - 1); }
  static double dy(double x, double y) { return std::log(x) * std::pow(x, y); }
};

template <class F>
void register_type(OpRegistry& registry,
                   const std::string& type,
                   bool in_activation_pass,
                   OutputSign sign) {
  const std::vector<AttrDef> attrs = {{"axis", int32_t{-1}}};
  registry.add({.type = type,
                .inputs = {{"X"}, {"Y"}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward<F>,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X", "Y"},
                                         .outputs = {},
                                         .output_grads = {"Out"},
                                         .input_grads = {"X", "Y"}});
                    },
                .quant = {.inputs = {"X", "Y"},
                          .outputs = {"Out"},
                          .in_activation_pass = in_activation_pass,
                          .output_sign = sign}});
  registry.add({.type = type + "_grad",
                .inputs = {{"X"}, {"Y"}, {"Out@GRAD"}},
                .outputs = {{.name = "X@GRAD", .is_optional = true},
                            {.name = "Y@GRAD", .is_optional = true}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward<F>,
                .gradient = {}});
}

}  // namespace

void register_elementwise(OpRegistry& registry) {
  register_type<Add>(registry, "elementwise_add", true, OutputSign::AsInputs);
  register_type<Sub>(registry, "elementwise_sub", true, OutputSign::Any);
  register_type<Mul>(registry, "elementwise_mul", true, OutputSign::AsInputs);
  register_type<Div>(registry, "elementwise_div", false, OutputSign::AsInputs);
  register_type<Max>(registry, "elementwise_max", false, OutputSign::AsInputs);
  register_type<Min>(registry, "elementwise_min", false, OutputSign::AsInputs);
  register_type<Pow>(registry, "elementwise_pow", true, OutputSign::AsInputs);
}

}  // namespace intact
