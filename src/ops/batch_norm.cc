// Y = (X - mean) / sqrt(variance + epsilon) * Scale + Bias, per channel (axis 1).
// Training uses the batch's mean and biased variance and moves the running ones towards them:
// running = running * momentum + batch * (1 - momentum). SavedVariance is 1/sqrt(variance+epsilon).
// Source: Paddle 2.6.2 (spec 1.3).
#include <cmath>

#include "base/parallel.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void check_channels(const InferContext& op, const char* slot) {
  if (!op.has_input(slot)) {
    return;
  }
  const int64_t channels = op.shape("X")[1];
  const Shape& shape = op.shape(slot);
  check(channels < 0 || compatible(shape, Shape{channels}),
        "{}: {} is {} but X {} has {} channels; give one value a channel",
        op.where(),
        slot,
        shape.to_string(),
        op.shape("X").to_string(),
        channels);
  check(op.dtype(slot) == op.dtype("X"),
        "{}: {} is {} but X is {}; cast one of them",
        op.where(),
        slot,
        to_string(op.dtype(slot)),
        to_string(op.dtype("X")));
}

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  check(x.rank() >= 2 && x.rank() <= 5,
        "{}: X is {}; give 2 to 5 dimensions, the second is the channel",
        op.where(),
        x.to_string());
  check(op.attr<std::string>("data_layout") == "NCHW" ||
            op.attr<std::string>("data_layout") == "AnyLayout",
        "{}: data_layout is '{}'; only NCHW is supported, transpose X",
        op.where(),
        op.attr<std::string>("data_layout"));
  for (const char* slot : {"Scale", "Bias", "Mean", "Variance"}) {
    check_channels(op, slot);
  }
  const Shape& channels = op.shape("Mean");
  op.set_output("Y", x, op.dtype("X"));
  op.set_output("MeanOut", channels, op.dtype("Mean"));
  op.set_output("VarianceOut", channels, op.dtype("Variance"));
  op.set_output("SavedMean", channels, op.dtype("Mean"));
  op.set_output("SavedVariance", channels, op.dtype("Variance"));
  op.set_output("ReserveSpace", Shape{0}, op.dtype("X"));  // a cuDNN workspace: empty on a CPU
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
  for (const char* slot : {"Scale", "Bias"}) {
    op.set_output(slot + std::string("@GRAD"), op.shape("SavedMean"), op.dtype("SavedMean"));
  }
}

bool uses_running_statistics(const KernelContext& op) {
  const bool is_test = op.attr<bool>("is_test") && !op.attr<bool>("trainable_statistics");
  return is_test || op.attr<bool>("use_global_stats");
}

/// X as [batch, channels, plane].
struct Layout {
  explicit Layout(const Shape& x) : batch(x[0]), channels(x[1]), plane(x.numel(2, x.rank())) {}

  int64_t batch;
  int64_t channels;
  int64_t plane;

  double count() const { return static_cast<double>(batch * plane); }
  /// Calls body(offset) for each element of a channel.
  template <class Body>
  void for_each(int64_t channel, const Body& body) const {
    for (int64_t n = 0; n < batch; ++n) {
      const int64_t begin = (n * channels + channel) * plane;
      for (int64_t i = begin; i < begin + plane; ++i) {
        body(i);
      }
    }
  }
};

struct Statistics {
  double mean = 0;
  double variance = 0;  // biased
};

template <class T>
Statistics batch_statistics(const Layout& layout, const T* x, int64_t channel) {
  Statistics result;
  layout.for_each(channel, [&](int64_t i) { result.mean += x[i]; });
  result.mean /= layout.count();
  layout.for_each(channel, [&](int64_t i) {
    const double difference = x[i] - result.mean;
    result.variance += difference * difference;
  });
  result.variance /= layout.count();
  return result;
}

/// Element of an optional per-channel input.
template <class T>
double value_or(const KernelContext& op, const char* slot, int64_t channel, double fallback) {
  return op.has_input(slot) ? static_cast<double>(op.input(slot).data<T>()[channel]) : fallback;
}

template <class T>
void write(const KernelContext& op, const char* slot, int64_t channel, double value) {
  if (op.has_output(slot)) {
    op.output(slot).data<T>()[channel] = static_cast<T>(value);
  }
}

void forward(const KernelContext& op) {
  const Layout layout(op.input("X").shape());
  const double epsilon = op.attr<float>("epsilon");
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const T* x = op.input("X").data<T>();
    T* y = op.output("Y").data<T>();
    const double momentum = op.has_input("MomentumTensor")
                                ? op.input("MomentumTensor").data<float>()[0]
                                : op.attr<float>("momentum");
    parallel_for(layout.channels, [&](int64_t c) {
      const Statistics running = {op.input("Mean").data<T>()[c], op.input("Variance").data<T>()[c]};
      Statistics used = running;
      Statistics moved = running;
      if (!uses_running_statistics(op)) {
        used = batch_statistics(layout, x, c);
        moved.mean = running.mean * momentum + used.mean * (1 - momentum);
        moved.variance = running.variance * momentum + used.variance * (1 - momentum);
      }
      const double inverse_std = 1 / std::sqrt(used.variance + epsilon);
      const double scale = inverse_std * value_or<T>(op, "Scale", c, 1);
      const double bias = value_or<T>(op, "Bias", c, 0);
      layout.for_each(c,
                      [&](int64_t i) { y[i] = static_cast<T>((x[i] - used.mean) * scale + bias); });
      write<T>(op, "MeanOut", c, moved.mean);
      write<T>(op, "VarianceOut", c, moved.variance);
      write<T>(op, "SavedMean", c, used.mean);
      write<T>(op, "SavedVariance", c, inverse_std);
    });
  });
}

/// With xhat = (x - mean) * inverse_std and m elements a channel:
/// dBias = sum dy;  dScale = sum dy * xhat;
/// dX = Scale * inverse_std * (dy - dBias/m - xhat * dScale/m), the last two terms only when mean
/// and variance are the batch's.
void backward(const KernelContext& op) {
  const Layout layout(op.input("X").shape());
  const bool is_batch = !uses_running_statistics(op);
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const T* x = op.input("X").data<T>();
    const T* dy = op.input("Y@GRAD").data<T>();
    parallel_for(layout.channels, [&](int64_t c) {
      const double mean = op.input("SavedMean").data<T>()[c];
      const double inverse_std = op.input("SavedVariance").data<T>()[c];
      double dbias = 0;
      double dscale = 0;
      layout.for_each(c, [&](int64_t i) {
        dbias += dy[i];
        dscale += dy[i] * ((x[i] - mean) * inverse_std);
      });
      write<T>(op, "Bias@GRAD", c, dbias);
      write<T>(op, "Scale@GRAD", c, dscale);
      if (op.has_output("X@GRAD")) {
        T* dx = op.output("X@GRAD").data<T>();
        const double factor = inverse_std * value_or<T>(op, "Scale", c, 1);
        const double through_mean = is_batch ? dbias / layout.count() : 0;
        const double through_std = is_batch ? dscale / layout.count() : 0;
        layout.for_each(c, [&](int64_t i) {
          const double xhat = (x[i] - mean) * inverse_std;
          dx[i] = static_cast<T>(factor * (dy[i] - through_mean - xhat * through_std));
        });
      }
    });
  });
}

}  // namespace

void register_batch_norm(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"is_test", false},
                                      {"momentum", 0.9f},
                                      {"epsilon", 1e-5f},
                                      {"data_layout", std::string("NCHW")},
                                      {"use_global_stats", false},
                                      {"trainable_statistics", false}};
  registry.add({.type = "batch_norm",
                .inputs = {{"X"},
                           {.name = "Scale", .is_optional = true},
                           {.name = "Bias", .is_optional = true},
                           {"Mean"},
                           {"Variance"},
                           {.name = "MomentumTensor", .is_optional = true}},
                .outputs = {{"Y"},
                            {"MeanOut"},
                            {"VarianceOut"},
                            {.name = "SavedMean", .is_intermediate = true},
                            {.name = "SavedVariance", .is_intermediate = true},
                            {.name = "ReserveSpace", .is_optional = true, .is_intermediate = true}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X", "Scale", "Bias"},
                                         .outputs = {"MeanOut",
                                                     "VarianceOut",
                                                     "SavedMean",
                                                     "SavedVariance",
                                                     "ReserveSpace"},
                                         .output_grads = {"Y"},
                                         .input_grads = {"X", "Scale", "Bias"}});
                    },
                .quant = {.inputs = {"X"}, .outputs = {"Y"}, .in_activation_pass = true},
                .in_place = {{"MeanOut", "Mean"}, {"VarianceOut", "Variance"}}});
  registry.add({.type = "batch_norm_grad",
                .inputs = {{"X"},
                           {"Y@GRAD"},
                           {.name = "Scale", .is_optional = true},
                           {.name = "Bias", .is_optional = true},
                           {"SavedMean"},
                           {"SavedVariance"},
                           {.name = "MeanOut", .is_optional = true},
                           {.name = "VarianceOut", .is_optional = true},
                           {.name = "ReserveSpace", .is_optional = true}},
                .outputs = {{.name = "X@GRAD", .is_optional = true},
                            {.name = "Scale@GRAD", .is_optional = true},
                            {.name = "Bias@GRAD", .is_optional = true}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
