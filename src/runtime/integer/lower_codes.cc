// Ops on codes other than products.
#include <algorithm>

#include "base/check.h"
#include "runtime/integer/lowering.h"

namespace intact::integer {
namespace {

/// y is [N,C,1,1] for x [N,C,H,W].
bool is_per_channel(const Shape& x, const Shape& y) {
  return x.rank() == 4 && y.rank() == 4 && x[0] == y[0] && x[1] == y[1] && y[2] == 1 && y[3] == 1;
}

}  // namespace

std::optional<std::string> Lowering::lower_quantize(const Op& op) {
  const std::optional<cpu::CodeScale> scale = scale_of(op);
  if (!scale) {
    return "its step is not one stored number";
  }
  const Var& x = op.input("X");
  if (is_constant(x)) {
    return "it quantizes a constant";
  }
  const Var& y = op.output("Y");
  const bool is_four = y.shape().rank() == 4;
  const std::optional<ValueId> codes = codes_behind(x);
  const ValueId from = codes ? *codes : real(x);
  const ValueId to = add_codes(y, *scale, graph_[from].is_channels_last);
  add_node(codes ? make_requantize_node(op.label(), graph_, from, to)
                 : make_quantize_node(op.label(), graph_, from, to));
  codes_[&y] = is_four ? in_layout(to, y, true) : to;
  graph_.values[static_cast<size_t>(codes_[&y])].is_quantizer_output = true;
  return std::nullopt;
}

std::optional<std::string> Lowering::lower_sum_or_product(const Op& op) {
  const bool is_product = op.type() == "elementwise_mul";
  const Var& x = op.input("X");
  const Var& y = op.input("Y");
  const std::optional<ValueId> a = codes_behind(x);
  const std::optional<ValueId> b = codes_behind(y);
  if (!a || !b) {
    return fmt::format("its input '{}' is not quantized", a ? y.name() : x.name());
  }
  const bool is_factor_per_channel = is_product && is_per_channel(x.shape(), y.shape());
  if (x.shape() != y.shape() && !is_factor_per_channel) {
    return fmt::format(
        "its inputs have shapes {} and {}", x.shape().to_string(), y.shape().to_string());
  }
  Tail tail{.end = &op.output("Out")};
  take_activations(tail);
  tail.quantizer = sole_quantizer(*tail.end);
  if (tail.quantizer == nullptr) {
    return "its result is not quantized";
  }
  done_.insert(tail.ops.begin(), tail.ops.end());
  done_.insert(tail.quantizer);
  const bool is_four = x.shape().rank() == 4;
  const ValueId first = in_layout(*a, x, is_four);
  const ValueId second = in_layout(*b, y, is_four);
  const ValueId result = add_quantized(*tail.quantizer, tail);
  add_node(is_product ? make_mul_node(op.label(), graph_, first, second, result)
                      : make_add_node(op.label(), graph_, first, second, result));
  return std::nullopt;
}

std::optional<std::string> Lowering::lower_pool(const Op& op) {
  const Var& x = op.input("X");
  const std::optional<ValueId> codes = codes_behind(x);
  if (!codes) {
    return fmt::format("its X '{}' is not quantized", x.name());
  }
  const Op* quantizer = sole_quantizer(op.output("Out"));
  if (quantizer == nullptr) {
    return "its result is not quantized";
  }
  const cpu::CodeScale& from = graph_[*codes].scale;
  const cpu::CodeScale to = *scale_of(*quantizer);
  const bool is_max = op.attr<std::string>("pooling_type") == "max";
  const bool keeps_scale = from.type == to.type && from.step == to.step &&
                           from.zero_point == to.zero_point && from.lo >= to.lo && from.hi <= to.hi;
  if (is_max && !keeps_scale) {
    return "its result has another scale than its X";
  }
  done_.insert(quantizer);
  const ValueId in = in_layout(*codes, x, true);
  const ValueId out = add_quantized(*quantizer, {});
  add_node(make_pool_node(op.label(), graph_, op, in, out));
  return std::nullopt;
}

std::optional<std::string> Lowering::lower_concat(const Op& op) {
  const std::vector<Var*>& xs = op.input_list("X");
  std::vector<ValueId> codes;
  for (const Var* x : xs) {
    const std::optional<ValueId> id = codes_behind(*x);
    if (!id) {
      return fmt::format("its input '{}' is not quantized", x->name());
    }
    codes.push_back(*id);
  }
  const Var& out = op.output("Out");
  const Op* quantizer = sole_quantizer(out);
  if (quantizer == nullptr || op.has_input("AxisTensor")) {
    return quantizer == nullptr ? "its result is not quantized" : "its axis is a tensor";
  }
  done_.insert(quantizer);
  for (size_t i = 0; i < codes.size(); ++i) {
    codes[i] = in_layout(codes[i], *xs[i], xs[i]->shape().rank() == 4);
  }
  const int32_t axis = op.attr<int32_t>("axis");
  const int rank = out.shape().rank();
  const ValueId y = add_quantized(*quantizer, {});
  add_node(make_concat_node(op.label(), graph_, codes, y, axis < 0 ? axis + rank : axis));
  return std::nullopt;
}

}  // namespace intact::integer
