// Out[..., :] = W[Ids[...], :]; the row padding_idx (when >= 0) gives zeros and takes no gradient.
#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lookup.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  check_lookup(op);
  std::vector<int64_t> dims = op.shape("Ids").dims();
  dims.push_back(op.shape("W")[1]);
  op.set_output("Out", Shape(dims), op.dtype("W"));
}

}  // namespace

void register_lookup_table_v2(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"padding_idx", int64_t{-1}}};
  registry.add({.type = "lookup_table_v2",
                .inputs = {{"Ids"}, {"W"}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = look_up,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"Ids", "W"},
                                         .outputs = {},
                                         .output_grads = {"Out"},
                                         .input_grads = {"W"}});
                    },
                .quant = {.inputs = {"W", "Ids"}, .outputs = {"Out"}, .in_activation_pass = true}});
  registry.add({.type = "lookup_table_v2_grad",
                .inputs = {{"Ids"}, {"W"}, {"Out@GRAD"}},
                .outputs = {{"W@GRAD"}},
                .attrs = attrs,
                .infer = infer_look_up_grad,
                .forward = look_up_grad,
                .gradient = {}});
}

}  // namespace intact
