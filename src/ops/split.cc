// Cuts X along `axis` into `num` equal parts, or into parts of the sizes in `sections` (one may be
// -1: what remains). Its gradient is a concat.
#include <algorithm>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "ops/detail/parts.h"

namespace intact {
namespace {

int64_t given_axis(const Op& op) {
  return int_input(op, {.attr = "axis", .tensor = "AxisTensor"});
}

int axis_of(const Op& op, int rank) {
  const int64_t axis = given_axis(op);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int64_t> part_sizes(const InferContext& op, int64_t total) {
  const Longs sections = int_inputs(op.op(), {.attr = "sections", .list = "SectionsTensorList"});
  if (sections.empty()) {
    const int64_t num = op.attr<int32_t>("num");
    check(num >= 1 && (total < 0 || total % num == 0),
          "{}: {} elements cannot be cut into {} equal parts; use a divisor, or sections",
          op.where(),
          total,
          num);
    return std::vector<int64_t>(static_cast<size_t>(num), total < 0 ? -1 : total / num);
  }
  std::vector<int64_t> sizes = sections;
  if (has_unknown(sections)) {
    std::ranges::replace(sizes, kUnknownInt, int64_t{-1});
    return sizes;
  }
  int64_t sum = 0;
  int64_t* open = nullptr;
  for (int64_t& size : sizes) {
    check(size >= 0 || (size == -1 && open == nullptr),
          "{}: sections [{}] holds {}; use sizes, with at most one -1",
          op.where(),
          fmt::join(sections, ","),
          size);
    open = size == -1 ? &size : open;
    sum += size == -1 ? 0 : size;
  }
  check(total < 0 || (open != nullptr ? sum <= total : sum == total),
        "{}: sections [{}] add up to {} but X has {} elements along the axis; make them equal",
        op.where(),
        fmt::join(sections, ","),
        sum,
        total);
  if (open != nullptr && total >= 0) {
    *open = total - sum;
  }
  return sizes;
}

void infer(InferContext& op) {
  Shape shape = op.shape("X");
  const int axis = axis_of(op.op(), shape.rank());
  check(axis >= 0 && axis < shape.rank(),
        "{}: axis {} is outside rank {} of X; use an axis in range",
        op.where(),
        given_axis(op.op()),
        shape.rank());
  const std::vector<int64_t> sizes = part_sizes(op, shape[axis]);
  check(sizes.size() == op.output_count("Out"),
        "{}: is cut into {} parts but has {} outputs; give as many Out as parts",
        op.where(),
        sizes.size(),
        op.output_count("Out"));
  for (size_t i = 0; i < sizes.size(); ++i) {
    shape[axis] = sizes[i];
    op.set_output("Out", shape, op.dtype("X"), i);
  }
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  cut_rows(op, "Out", x.shape().numel(0, axis_of(op.op(), x.shape().rank())));
}

void gradient(GradientContext& op) {
  Var* dx = op.input_grad("X");
  if (dx == nullptr) {
    return;
  }
  op.append({.type = "concat",
             .inputs = {{"X", part_grads(op, "Out")}},
             .outputs = {{"Out", {dx}}},
             .attrs = {{"axis", static_cast<int32_t>(given_axis(op.op()))}}});
}

}  // namespace

void register_split(OpRegistry& registry) {
  registry.add({.type = "split",
                .inputs = {{"X"},
                           {.name = "AxisTensor", .is_optional = true},
                           {.name = "SectionsTensorList", .is_optional = true, .is_list = true}},
                .outputs = {{.name = "Out", .is_list = true}},
                .attrs = {{"sections", Ints{}},
                          {"num", int32_t{0}},
                          {"axis", int32_t{0}},
                          {"use_mkldnn", false},
                          {"mkldnn_data_type", std::string("float32")}},
                .infer = infer,
                .forward = forward,
                .gradient = gradient,
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
}

}  // namespace intact
