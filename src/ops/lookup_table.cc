// Out[i, ..., :] = W[Ids[i, ..., 0], :], lookup_table_v2 of before Paddle 2.0: the last dimension
// of Ids is 1 and goes.
#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lookup.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  check_lookup(op);
  const Shape& ids = op.shape("Ids");
  check(ids.rank() >= 1 && ids[ids.rank() - 1] == 1,
        "{}: Ids is {} but its last dimension must be 1; reshape it, or use lookup_table_v2",
        op.where(),
        ids.to_string());
  std::vector<int64_t> dims = ids.dims();
  dims.back() = op.shape("W")[1];
  op.set_output("Out", Shape(dims), op.dtype("W"));
}

}  // namespace

void register_lookup_table(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"is_sparse", false},
                                      {"is_distributed", false},
                                      {"padding_idx", int64_t{-1}},
                                      {"remote_prefetch", false},
                                      {"entry_config", std::string()},
                                      {"is_test", false},
                                      {"entry", std::string("none")},
                                      {"table_class", std::string("none")},
                                      {"table_names", Strings{}},
                                      {"trainer_id", int32_t{0}},
                                      {"grad_inplace", false},
                                      {"epmap", Strings{}},
                                      {"height_sections", Longs{}}};
  registry.add({.type = "lookup_table",
                .inputs = {{"W"}, {"Ids"}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = look_up,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"W", "Ids"},
                                         .outputs = {},
                                         .output_grads = {"Out"},
                                         .input_grads = {"W"}});
                    },
                .quant = {.inputs = {"W", "Ids"}, .outputs = {"Out"}, .in_activation_pass = true}});
  registry.add({.type = "lookup_table_grad",
                .inputs = {{"W"}, {"Ids"}, {"Out@GRAD"}},
                .outputs = {{"W@GRAD"}},
                .attrs = attrs,
                .infer = infer_look_up_grad,
                .forward = look_up_grad,
                .gradient = {}});
}

}  // namespace intact
