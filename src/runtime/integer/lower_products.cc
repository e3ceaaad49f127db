// Convolutions and matrix products with what follows them.
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "runtime/integer/lowering.h"

namespace intact::integer {
namespace {

/// Codes that an activation between low and high lets through. Rounding keeps order, so limiting
/// codes equals limiting reals.
cpu::CodeScale limited(cpu::CodeScale scale, float low, float high) {
  if (std::isfinite(low)) {
    scale.lo = std::max(scale.lo,
                        static_cast<int32_t>(std::nearbyint(low / scale.step)) + scale.zero_point);
  }
  if (std::isfinite(high)) {
    const float code = std::nearbyint(high / scale.step) + static_cast<float>(scale.zero_point);
    scale.hi = static_cast<int32_t>(std::min(static_cast<float>(scale.hi), code));
  }
  return scale;
}

bool is_max_pool(const Op& op) {
  return op.type() == "pool2d" && op.attr<std::string>("pooling_type") == "max";
}

/// int8 [K,O] or, transposed, [O,K] as OIHW with a 1x1 window.
Tensor as_filter(const Tensor& matrix, bool is_transposed) {
  const int64_t k = matrix.shape()[is_transposed ? 1 : 0];
  const int64_t outputs = matrix.shape()[is_transposed ? 0 : 1];
  Tensor filter(DType::Int8, {outputs, k, 1, 1});
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < k; ++i) {
      filter.data<int8_t>()[o * k + i] =
          matrix.data<int8_t>()[is_transposed ? o * k + i : i * outputs + o];
    }
  }
  return filter;
}

struct MatrixForm {
  const char* weight = "Y";
  bool is_transposed = false;
  std::string obstacle;
};

MatrixForm matrix_form(const Op& op) {
  if (op.type() == "mul") {
    return {.obstacle = op.attr<int32_t>("y_num_col_dims") == 1 ? "" : "its Y is not a matrix"};
  }
  const bool is_v2 = op.type() == "matmul_v2";
  const bool x = op.attr<bool>(is_v2 ? "trans_x" : "transpose_X");
  const bool y = op.attr<bool>(is_v2 ? "trans_y" : "transpose_Y");
  const bool is_scaled = !is_v2 && op.attr_or<float>("alpha", 1.0f) != 1.0f;
  return {.is_transposed = y,
          .obstacle = x           ? "its X is transposed"
                      : is_scaled ? "its alpha is not 1"
                                  : ""};
}

std::string obstacle_of(const std::optional<ConstantCodes>& weight, int output_axis) {
  if (!weight) {
    return "its weight has no stored codes";
  }
  if (weight->codes.dtype() != DType::Int8 || weight->has_zero_points) {
    return "its weight is not int8 around 0";
  }
  if (weight->steps.size() != 1 && weight->axis != output_axis) {
    return "its weight's steps are not per output channel";
  }
  return "";
}

}  // namespace

void Lowering::take_activations(Tail& tail) const {
  for (const Op* op = sole_reader(*tail.end); op != nullptr; op = sole_reader(*tail.end)) {
    if (op->type() == "relu") {
      tail.low = std::max(tail.low, 0.0f);
      tail.high = std::max(tail.high, 0.0f);
    } else if (op->type() == "relu6") {
      const float most = op->attr_or<float>("threshold", 6.0f);
      tail.low = std::clamp(tail.low, 0.0f, most);
      tail.high = std::clamp(tail.high, 0.0f, most);
    } else {
      return;
    }
    tail.ops.push_back(op);
    tail.end = &op->output("Out");
  }
}

void Lowering::take_quantizer(Tail& tail) const {
  const Op* next = sole_reader(*tail.end);
  if (next != nullptr && is_max_pool(*next)) {
    tail.quantizer = sole_quantizer(next->output("Out"));
    tail.max_pool = tail.quantizer != nullptr ? next : nullptr;
  } else {
    tail.quantizer = sole_quantizer(*tail.end);
  }
  for (const Op* op : {tail.max_pool, tail.quantizer}) {
    if (op != nullptr) {
      tail.ops.push_back(op);
    }
  }
}

Tail Lowering::follow_activations(const Var& out) const {
  Tail tail{.end = &out};
  take_activations(tail);
  take_quantizer(tail);
  return tail;
}

Tail Lowering::follow_products(const Var& out,
                               const std::vector<float>& steps,
                               float x_step,
                               int64_t outputs) const {
  Tail tail{.end = &out, .bias = std::vector<int32_t>(static_cast<size_t>(outputs), 0)};
  const Op* next = sole_reader(out);
  if (next != nullptr && next->type() == "elementwise_add" &&
      take_bias(*next, steps, x_step, outputs, tail)) {
    tail.ops.push_back(next);
    tail.end = &next->output("Out");
  }
  take_activations(tail);
  take_quantizer(tail);
  return tail;
}

bool Lowering::take_bias(const Op& op,
                         const std::vector<float>& steps,
                         float x_step,
                         int64_t outputs,
                         Tail& tail) const {
  if (&op.input("X") != tail.end) {
    return false;
  }
  const std::optional<ConstantCodes> bias = constant_codes(op.input("Y"));
  const int rank = tail.end->shape().rank();
  const int channel_axis = rank == 4 ? 1 : rank - 1;
  if (!bias || bias->codes.dtype() != DType::Int32 || bias->codes.numel() != outputs ||
      bias->has_zero_points) {
    return false;
  }
  const int bias_rank = bias->codes.shape().rank();
  const int32_t axis = op.attr<int32_t>("axis");
  const int first = axis < 0 ? rank - bias_rank : axis;
  int place = -1;  // of the dimension that has all elements
  for (int i = 0; i < bias_rank; ++i) {
    place = bias->codes.shape()[i] == outputs ? first + i : place;
  }
  if (place != channel_axis) {
    return false;
  }
  for (int64_t o = 0; o < outputs; ++o) {
    const auto index = static_cast<size_t>(o);
    const float step = x_step * (steps.size() == 1 ? steps[0] : steps[index]);
    if ((bias->steps.size() == 1 ? bias->steps[0] : bias->steps[index]) != step) {
      return false;
    }
  }
  const auto values = bias->codes.values<int32_t>();
  tail.bias.assign(values.begin(), values.end());
  return true;
}

ValueId Lowering::add_quantized(const Op& quantizer, const Tail& tail) {
  const Var& codes = quantizer.output("Y");
  const ValueId id = add_codes(codes, limited(*scale_of(quantizer), tail.low, tail.high), true);
  graph_.values[static_cast<size_t>(id)].is_quantizer_output = true;
  codes_[&codes] = id;
  return id;
}

void Lowering::add_products(const Op& op, ValueId x, ConvSpec spec, const Tail& tail) {
  done_.insert(tail.ops.begin(), tail.ops.end());
  spec.bias = tail.bias;
  spec.low = tail.low;
  spec.high = tail.high;
  if (tail.quantizer == nullptr) {
    const ValueId y = add_real(*tail.end, true);
    return add_node(make_conv_node(op.label(), graph_, x, y, std::move(spec)));
  }
  const ValueId y = add_quantized(*tail.quantizer, tail);
  if (tail.max_pool == nullptr) {
    return add_node(make_conv_node(op.label(), graph_, x, y, std::move(spec)));
  }
  const ValueId unpooled = add_codes(*tail.end, graph_[y].scale, true);
  add_node(make_conv_node(op.label(), graph_, x, unpooled, std::move(spec)));
  add_node(make_pool_node(tail.max_pool->label(), graph_, *tail.max_pool, unpooled, y));
}

std::optional<std::string> Lowering::lower_conv(const Op& op) {
  const Var& input = op.input("Input");
  const std::optional<ValueId> codes = codes_behind(input);
  if (!codes) {
    return fmt::format("its Input '{}' is not quantized", input.name());
  }
  const std::optional<ConstantCodes> weight = constant_codes(op.input("Filter"));
  if (std::string obstacle = obstacle_of(weight, 0); !obstacle.empty()) {
    return obstacle;
  }
  const int64_t outputs = weight->codes.shape()[0];
  const Tail tail =
      follow_products(op.output("Output"), weight->steps, graph_[*codes].scale.step, outputs);
  const ValueId x = in_layout(*codes, input, true);
  add_products(op,
               x,
               {.weight = weight->codes,
                .weight_steps = weight->steps,
                .strides = op.attr<Ints>("strides"),
                .paddings = op.attr<Ints>("paddings"),
                .dilations = op.attr<Ints>("dilations"),
                .padding_algorithm = op.attr<std::string>("padding_algorithm"),
                .groups = op.attr<int32_t>("groups")},
               tail);
  return std::nullopt;
}

std::optional<std::string> Lowering::lower_matrix_product(const Op& op) {
  const Var& input = op.input("X");
  const std::optional<ValueId> codes = codes_behind(input);
  if (!codes) {
    return fmt::format("its X '{}' is not quantized", input.name());
  }
  const MatrixForm form = matrix_form(op);
  const std::optional<ConstantCodes> weight = constant_codes(op.input(form.weight));
  if (std::string obstacle = obstacle_of(weight, form.is_transposed ? 0 : 1); !obstacle.empty()) {
    return obstacle;
  }
  if (!form.obstacle.empty() || weight->codes.shape().rank() != 2) {
    return form.obstacle.empty() ? "its weight is not a matrix" : form.obstacle;
  }
  Tensor filter = as_filter(weight->codes, form.is_transposed);
  const Tail tail = follow_products(
      op.output("Out"), weight->steps, graph_[*codes].scale.step, filter.shape()[0]);
  add_products(
      op,
      in_layout(*codes, input, false),
      {.weight = std::move(filter), .weight_steps = weight->steps, .is_fully_connected = true},
      tail);
  return std::nullopt;
}

}  // namespace intact::integer
