// softmax_with_cross_entropy, along axis:
//   Softmax = softmax(Logits);  Loss = -sum over classes of Label * log Softmax.
// Label holds class numbers (size 1 along axis), or probabilities with soft_label. A row whose
// class number is ignore_index has Loss 0 and no gradient. use_softmax=false: Logits are
// probabilities already, Softmax is their copy.
#include <algorithm>
#include <cmath>
#include <limits>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lines.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& logits = op.shape("Logits");
  const bool soft_label = op.attr<bool>("soft_label");
  const int axis = normalize_axis(op.where(), logits, op.attr<int32_t>("axis"));
  Shape loss = logits;
  loss[axis] = 1;
  const Shape& wanted = soft_label ? logits : loss;
  check(compatible(op.shape("Label"), wanted),
        "{}: Label is {} but Logits {} need {} with soft_label={}; reshape the Label",
        op.where(),
        op.shape("Label").to_string(),
        logits.to_string(),
        wanted.to_string(),
        soft_label);
  check(is_float(op.dtype("Label")) == soft_label,
        "{}: Label is {} but soft_label is {}; give {}",
        op.where(),
        to_string(op.dtype("Label")),
        soft_label,
        soft_label ? "float probabilities" : "integer class numbers");
  op.set_output("Softmax", logits, op.dtype("Logits"));
  op.set_output("Loss", loss, op.dtype("Logits"));
}

void infer_grad(InferContext& op) {
  op.set_output("Logits@GRAD", op.shape("Softmax"), op.dtype("Softmax"));
}

Lines lines_of(const KernelContext& op, const Shape& shape) {
  return {shape, normalize_axis(op.where(), shape, op.attr<int32_t>("axis"))};
}

/// Label as a probability per class, whatever form it has.
class Labels {
 public:
  Labels(const KernelContext& op, const Lines& lines)
      : lines_(lines), ignore_index_(op.attr<int32_t>("ignore_index")) {
    if (op.attr<bool>("soft_label")) {
      probabilities_ = op.input("Label").cast(DType::Float64);
      return;
    }
    classes_ = op.input("Label").cast(DType::Int64);
    for (int64_t label : classes_.values<int64_t>()) {
      check(label == ignore_index_ || (label >= 0 && label < lines.size),
            "{}: Label holds class {} but there are {} classes; use 0..{}, or ignore_index {}",
            op.where(),
            label,
            lines.size,
            lines.size - 1,
            ignore_index_);
    }
  }

  double operator()(int64_t line, int64_t k) const {
    if (probabilities_.is_defined()) {
      return probabilities_.data<double>()[lines_.start(line) + k * lines_.stride];
    }
    const int64_t label = classes_.data<int64_t>()[line];
    return label == k && label != ignore_index_ ? 1 : 0;
  }

 private:
  const Lines& lines_;
  int64_t ignore_index_;
  Tensor probabilities_;
  Tensor classes_;
};

/// log of the softmax of one line, in double.
template <class T>
std::vector<double> log_softmax(const T* logits, const Lines& lines) {
  std::vector<double> result(static_cast<size_t>(lines.size));
  for (int64_t k = 0; k < lines.size; ++k) {
    result[k] = logits[k * lines.stride];
  }
  const double largest = *std::max_element(result.begin(), result.end());
  double sum = 0;
  for (double value : result) {
    sum += std::exp(value - largest);
  }
  const double shift = largest + std::log(sum);
  for (double& value : result) {
    value -= shift;
  }
  return result;
}

void forward(const KernelContext& op) {
  const Tensor& logits = op.input("Logits");
  const Lines lines = lines_of(op, logits.shape());
  const Labels labels(op, lines);
  const bool use_softmax = op.attr<bool>("use_softmax");
  dispatch_float(logits.dtype(), op.where(), [&]<class T>(T) {
    for (int64_t line = 0; line < lines.count; ++line) {
      const T* in = logits.data<T>() + lines.start(line);
      T* softmax = op.output("Softmax").data<T>() + lines.start(line);
      std::vector<double> log_probability(static_cast<size_t>(lines.size));
      if (use_softmax) {
        log_probability = log_softmax(in, lines);
      }
      double loss = 0;
      for (int64_t k = 0; k < lines.size; ++k) {
        const double probability =
            use_softmax ? std::exp(log_probability[k]) : in[k * lines.stride];
        softmax[k * lines.stride] = static_cast<T>(probability);
        if (const double label = labels(line, k); label != 0) {
          loss -= label * (use_softmax ? log_probability[k] : std::log(probability));
        }
      }
      op.output("Loss").data<T>()[line] = static_cast<T>(loss);
    }
  });
}

/// dLogits = dLoss * (Softmax * sum(Label) - Label); dLoss * -Label / Softmax when use_softmax is
/// false. The sum of the labels is 1, or 0 for an ignored row.
void backward(const KernelContext& op) {
  const Tensor& softmax = op.input("Softmax");
  const Lines lines = lines_of(op, softmax.shape());
  const Labels labels(op, lines);
  dispatch_float(softmax.dtype(), op.where(), [&]<class T>(T) {
    for (int64_t line = 0; line < lines.count; ++line) {
      const T* probability = softmax.data<T>() + lines.start(line);
      T* dlogits = op.output("Logits@GRAD").data<T>() + lines.start(line);
      const double dloss = op.input("Loss@GRAD").data<T>()[line];
      double label_sum = 0;
      for (int64_t k = 0; k < lines.size; ++k) {
        label_sum += labels(line, k);
      }
      for (int64_t k = 0; k < lines.size; ++k) {
        const double p = probability[k * lines.stride];
        const double label = labels(line, k);
        const double slope =
            op.attr<bool>("use_softmax") ? p * label_sum - label : (label == 0 ? 0 : -label / p);
        dlogits[k * lines.stride] = static_cast<T>(dloss * slope);
      }
    }
  });
}

}  // namespace

void register_cross_entropy(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"soft_label", false},
                                      {"use_softmax", true},
                                      {"numeric_stable_mode", true},
                                      {"ignore_index", int32_t{-100}},
                                      {"axis", int32_t{-1}}};
  registry.add({.type = "softmax_with_cross_entropy",
                .inputs = {{"Logits"}, {"Label"}},
                .outputs = {{"Softmax"}, {"Loss"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient = [](GradientContext& op) {
                  op.append_grad_op({.inputs = {"Label"},
                                     .outputs = {"Softmax"},
                                     .output_grads = {"Loss"},
                                     .input_grads = {"Logits"}});
                }});
  registry.add({.type = "softmax_with_cross_entropy_grad",
                .inputs = {{"Label"}, {"Softmax"}, {"Loss@GRAD"}},
                .outputs = {{"Logits@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
