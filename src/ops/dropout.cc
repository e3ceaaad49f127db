// Training: Mask[i] = 1 with probability 1-p, Out = X * Mask, divided by 1-p for upscale_in_train.
// Test: Out = X * (1-p) for downgrade_in_infer, X for upscale_in_train.
// The stream is a function of the seed, the run and the name of Out; fix_seed leaves out the run.
#include <algorithm>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "intact/tensor/random.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const float p = op.attr<float>("dropout_prob");
  check(p >= 0 && p <= 1, "{}: dropout_prob is {}; use 0..1", op.where(), p);
  const std::string& implementation = op.attr<std::string>("dropout_implementation");
  check(implementation == "downgrade_in_infer" || implementation == "upscale_in_train",
        "{}: dropout_implementation is '{}'; use 'downgrade_in_infer' or 'upscale_in_train'",
        op.where(),
        implementation);
  check(!op.has_input("Seed"),
        "{}: takes its seed from the attribute but Seed is set; drop the input",
        op.where());
  op.set_output("Out", op.shape("X"), op.dtype("X"));
  op.set_output("Mask", op.shape("X"), DType::UInt8);
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("Out@GRAD"), op.dtype("Out@GRAD"));
}

Philox stream_of(const KernelContext& op) {
  const auto seed = static_cast<uint32_t>(op.attr<int32_t>("seed"));
  const uint64_t run = op.attr<bool>("fix_seed") ? 0 : op.run_index();
  return Philox(stream_seed(seed ^ (run << 32), op.op().output("Out").name()));
}

/// What a kept element is multiplied with.
template <class T>
T factor(const KernelContext& op) {
  const T keep = static_cast<T>(1) - static_cast<T>(op.attr<float>("dropout_prob"));
  const bool upscales = op.attr<std::string>("dropout_implementation") == "upscale_in_train";
  if (op.attr<bool>("is_test")) {
    return upscales ? 1 : keep;
  }
  return upscales && keep > 0 ? 1 / keep : 1;
}

std::vector<uint8_t> draw_mask(const KernelContext& op, int64_t count) {
  std::vector<uint8_t> mask(static_cast<size_t>(count), 1);
  if (!op.attr<bool>("is_test")) {
    const Philox stream = stream_of(op);
    const float p = op.attr<float>("dropout_prob");
    for (size_t i = 0; i < mask.size(); ++i) {
      mask[i] = stream.uniform(i) >= p ? 1 : 0;
    }
  }
  return mask;
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  const std::vector<uint8_t> mask = draw_mask(op, x.numel());
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    const T scale = factor<T>(op);
    for (size_t i = 0; i < mask.size(); ++i) {
      out.data<T>()[i] = mask[i] != 0 ? x.data<T>()[i] * scale : 0;
    }
  });
  if (op.has_output("Mask")) {
    std::copy(mask.begin(), mask.end(), op.output("Mask").data<uint8_t>());
  }
}

void backward(const KernelContext& op) {
  const auto mask = op.input("Mask").values<uint8_t>();
  Tensor dx = op.output("X@GRAD");
  dispatch_float(dx.dtype(), op.where(), [&]<class T>(T) {
    const T scale = factor<T>(op);
    const T* dout = op.input("Out@GRAD").data<T>();
    for (size_t i = 0; i < mask.size(); ++i) {
      dx.data<T>()[i] = mask[i] != 0 ? dout[i] * scale : 0;
    }
  });
}

}  // namespace

void register_dropout(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {"dropout_prob", 0.5f},
      {"is_test", false},
      {"dropout_implementation", std::string("downgrade_in_infer")},
      {.name = "fix_seed", .default_value = false, .is_extra = true},
      {.name = "seed", .default_value = int32_t{0}, .is_extra = true}};
  registry.add({.type = "dropout",
                .inputs = {{"X"}, {.name = "Seed", .is_optional = true}},
                .outputs = {{"Out"}, {.name = "Mask", .is_intermediate = true}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {},
                                         .outputs = {"Mask"},
                                         .output_grads = {"Out"},
                                         .input_grads = {"X"}});
                    },
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs},
                .has_random = true});
  registry.add({.type = "dropout_grad",
                .inputs = {{"Mask"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
