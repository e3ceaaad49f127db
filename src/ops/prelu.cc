// Out = X > 0 ? X : Alpha * X. mode: all (one Alpha), channel (one a channel, NCHW), element (one
// for each element of a sample).
#include <algorithm>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const Shape& alpha = op.shape("Alpha");
  const auto& mode = op.attr<std::string>("mode");
  check(mode == "all" || mode == "channel" || mode == "element",
        "{}: mode is '{}'; use all, channel or element",
        op.where(),
        mode);
  check(op.attr<std::string>("data_format") == "NCHW",
        "{}: data_format is '{}'; only NCHW is supported, transpose X",
        op.where(),
        op.attr<std::string>("data_format"));
  check(mode == "all" || x.rank() >= 2,
        "{}: X is {} but mode '{}' needs 2 dimensions; use mode all",
        op.where(),
        x.to_string(),
        mode);
  const int64_t needed = mode == "all" ? 1 : (mode == "channel" ? x[1] : x.numel(1, x.rank()));
  check(needed < 0 || alpha.numel() < 0 || alpha.numel() == needed,
        "{}: Alpha is {} but X {} needs {} values with mode '{}'; give as many",
        op.where(),
        alpha.to_string(),
        x.to_string(),
        needed,
        mode);
  op.set_output("Out", x, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
  op.set_output("Alpha@GRAD", op.shape("Alpha"), op.dtype("Alpha"));
}

/// Which Alpha element i of X uses.
struct AlphaIndex {
  explicit AlphaIndex(const KernelContext& op) : count(op.input("Alpha").numel()) {
    const Shape& x = op.input("X").shape();
    plane = op.attr<std::string>("mode") == "channel" ? x.numel(2, x.rank()) : 1;
  }
  int64_t operator()(int64_t i) const { return i / plane % count; }

  int64_t count;
  int64_t plane;
};

void forward(const KernelContext& op) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const auto x = op.input("X").values<T>();
    const T* alpha = op.input("Alpha").data<T>();
    T* out = op.output("Out").data<T>();
    const AlphaIndex index(op);
    for (size_t i = 0; i < x.size(); ++i) {
      out[i] = x[i] > 0 ? x[i] : alpha[index(static_cast<int64_t>(i))] * x[i];
    }
  });
}

void backward(const KernelContext& op) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const auto x = op.input("X").values<T>();
    const T* alpha = op.input("Alpha").data<T>();
    const T* dout = op.input("Out@GRAD").data<T>();
    const AlphaIndex index(op);
    std::vector<double> dalpha(static_cast<size_t>(index.count));
    for (size_t i = 0; i < x.size(); ++i) {
      const int64_t a = index(static_cast<int64_t>(i));
      if (op.has_output("X@GRAD")) {
        op.output("X@GRAD").data<T>()[i] = x[i] > 0 ? dout[i] : alpha[a] * dout[i];
      }
      dalpha[a] += x[i] > 0 ? 0 : static_cast<double>(dout[i]) * x[i];
    }
    if (op.has_output("Alpha@GRAD")) {
      std::copy(dalpha.begin(), dalpha.end(), op.output("Alpha@GRAD").data<T>());
    }
  });
}

}  // namespace

void register_prelu(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {"data_format", std::string("NCHW")},
      {"mode", std::string("all")},
      {.name = "is_test", .default_value = false, .is_extra = true}};
  registry.add(
      {.type = "prelu",
       .inputs = {{"X"}, {"Alpha"}},
       .outputs = {{"Out"}},
       .attrs = attrs,
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op({.inputs = {"X", "Alpha"},
                                .outputs = {},
                                .output_grads = {"Out"},
                                .input_grads = {"X", "Alpha"}});
           },
       .quant = {.inputs = {"X", "Alpha"}, .outputs = {"Out"}, .in_activation_pass = true}});
  registry.add({.type = "prelu_grad",
                .inputs = {{"X"}, {"Alpha"}, {"Out@GRAD"}},
                .outputs = {{.name = "X@GRAD", .is_optional = true},
                            {.name = "Alpha@GRAD", .is_optional = true}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
