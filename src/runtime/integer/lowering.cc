#include "runtime/integer/lowering.h"

#include <algorithm>

#include "base/check.h"
#include "intact/ir/kernel_context.h"

namespace intact::integer {
namespace {

const std::set<std::string> kReshapes = {"reshape",
                                         "reshape2",
                                         "flatten",
                                         "flatten2",
                                         "flatten_contiguous_range",
                                         "squeeze2",
                                         "unsqueeze2"};

const std::set<std::string> kFastFloat = {"relu", "relu6", "elementwise_add", "pool2d", "softmax"};

bool is_type(const Op& op, const char* type) {
  return op.type() == type;
}

}  // namespace

bool is_layout_free(const Shape& shape) {
  return shape.rank() != 4 || shape[1] == 1 || (shape[2] == 1 && shape[3] == 1);
}

Lowering::Lowering(const Program& program,
                   const Scope& scope,
                   const std::vector<std::string>& fetches)
    : program_(program), scope_(scope), fetched_(fetches.begin(), fetches.end()) {}

Lowered Lowering::run(const std::vector<std::string>& feeds,
                      const std::vector<std::string>& fetches) {
  Lowered result;
  for (const std::string& name : feeds) {
    const Var& var = program_.var(name);
    result.feeds.push_back(add_real(var, is_layout_free(var.shape())));
  }
  for (const Op* op : program_.ops()) {
    if (!done_.contains(op) && op->type() != "feed" && op->type() != "fetch") {
      lower(*op);
    }
  }
  for (const std::string& name : fetches) {
    const Var& var = program_.var(name);
    check(!is_constant(var), "integer model: fetch '{}' is a constant; fetch a result", name);
    const auto codes = codes_.find(&var);
    const ValueId id = codes != codes_.end() ? codes->second : real(var);
    result.fetches.push_back(in_layout(id, var, false));
  }
  result.graph = std::move(graph_);
  return result;
}

void Lowering::lower(const Op& op) {
  std::optional<std::string> reason = "it has no integer form";
  if (is_type(op, "onnx_dequantize_linear")) {
    const Var& x = op.input("X");
    if (x.is_persistable() || codes_behind(op.output("Y"))) {
      return;  // read by whoever needs it
    }
    reason = "its codes come from a float op";
  } else if (is_type(op, "onnx_quantize_linear")) {
    reason = lower_quantize(op);
  } else if (is_type(op, "conv2d") || is_type(op, "depthwise_conv2d")) {
    reason = lower_conv(op);
  } else if (is_type(op, "mul") || is_type(op, "matmul") || is_type(op, "matmul_v2")) {
    reason = lower_matrix_product(op);
  } else if (is_type(op, "elementwise_add") || is_type(op, "elementwise_mul")) {
    reason = lower_sum_or_product(op);
  } else if (is_type(op, "pool2d")) {
    reason = lower_pool(op);
  } else if (is_type(op, "concat")) {
    reason = lower_concat(op);
  } else if (kReshapes.contains(op.type()) && lower_reshape(op)) {
    return;
  }
  if (reason) {
    lower_in_float(op, *reason);
  }
}

bool Lowering::is_constant(const Var& var) const {
  if (var.is_persistable()) {
    return true;
  }
  const Op* producer = var.producers().size() == 1 ? var.producers().front() : nullptr;
  return producer != nullptr && is_type(*producer, "onnx_dequantize_linear") &&
         producer->input("X").is_persistable();
}

const Tensor* Lowering::stored(const Var& var) const {
  return var.is_persistable() ? &scope_.get(var.name()) : nullptr;
}

Tensor Lowering::constant(const Var& var) const {
  if (var.is_persistable()) {
    return scope_.get(var.name()).clone();
  }
  const Op& op = *var.producer();
  KernelContext::TensorSlots inputs;
  for (const auto& [slot, vars] : op.inputs()) {
    inputs[slot] = {scope_.get(vars.front()->name())};
  }
  Tensor result(DType::Float32, inputs["X"].front().shape());
  op.def().forward(KernelContext(op, std::move(inputs), {{"Y", {result}}}));
  return result;
}

std::optional<ConstantCodes> Lowering::constant_codes(const Var& var) const {
  const Op* op = var.producers().size() == 1 ? var.producers().front() : nullptr;
  if (op == nullptr || !is_type(*op, "onnx_dequantize_linear")) {
    return std::nullopt;
  }
  const Tensor* codes = stored(op->input("X"));
  const Tensor* steps = stored(op->input("Step"));
  const Tensor* zero_points = stored(op->input("ZeroPoint"));
  if (codes == nullptr || steps == nullptr || zero_points == nullptr) {
    return std::nullopt;
  }
  ConstantCodes result{.codes = *codes};
  result.steps.assign(steps->values<float>().begin(), steps->values<float>().end());
  const auto* bytes = static_cast<const uint8_t*>(zero_points->raw());
  result.has_zero_points =
      std::any_of(bytes, bytes + zero_points->size_bytes(), [](uint8_t byte) { return byte != 0; });
  const int axis = op->attr<int32_t>("axis");
  result.axis = axis < 0 ? axis + codes->shape().rank() : axis;
  return result;
}

std::optional<cpu::CodeScale> Lowering::scale_of(const Op& quantizer) const {
  const Tensor* step = stored(quantizer.input("Step"));
  const Tensor* zero_point = stored(quantizer.input("ZeroPoint"));
  if (step == nullptr || zero_point == nullptr || step->numel() != 1) {
    return std::nullopt;
  }
  cpu::CodeScale scale{.step = step->data<float>()[0]};
  if (zero_point->dtype() == DType::Int8) {
    scale.type = cpu::CodeType::Signed8;
    scale.zero_point = zero_point->data<int8_t>()[0];
    scale.lo = -128;
    scale.hi = 127;
  } else if (zero_point->dtype() == DType::UInt8) {
    scale.zero_point = zero_point->data<uint8_t>()[0];
  } else {
    return std::nullopt;
  }
  scale.lo = std::max(scale.lo, quantizer.attr_or<int32_t>("qmin", scale.lo));
  scale.hi = std::min(scale.hi, quantizer.attr_or<int32_t>("qmax", scale.hi));
  return scale;
}

const Op* Lowering::sole_reader(const Var& var) const {
  return fetched_.contains(var.name()) || var.consumers().size() != 1 ? nullptr
                                                                      : var.consumers().front();
}

const Op* Lowering::sole_quantizer(const Var& var) const {
  const Op* op = sole_reader(var);
  return op != nullptr && is_type(*op, "onnx_quantize_linear") && scale_of(*op) ? op : nullptr;
}

ValueId Lowering::add_real(const Var& var, bool is_channels_last) {
  const ValueId id = graph_.add({.name = var.name(),
                                 .dtype = var.dtype(),
                                 .is_channels_last = var.shape().rank() == 4 && is_channels_last});
  reals_[&var] = id;
  return id;
}

ValueId Lowering::add_codes(const Var& shape_of,
                            const cpu::CodeScale& scale,
                            bool is_channels_last) {
  return graph_.add({.name = shape_of.name(),
                     .dtype = scale.type == cpu::CodeType::Signed8 ? DType::Int8 : DType::UInt8,
                     .is_codes = true,
                     .scale = scale,
                     .is_channels_last = shape_of.shape().rank() == 4 && is_channels_last});
}

std::optional<ValueId> Lowering::codes_behind(const Var& real) {
  const Op* op = real.producers().size() == 1 ? real.producers().front() : nullptr;
  if (op == nullptr || !is_type(*op, "onnx_dequantize_linear")) {
    return std::nullopt;
  }
  const auto it = codes_.find(&op->input("X"));
  const std::optional<cpu::CodeScale> scale = scale_of(*op);
  if (it == codes_.end() || !scale) {
    return std::nullopt;
  }
  const cpu::CodeScale& written = graph_[it->second].scale;
  const bool is_same = written.step == scale->step && written.zero_point == scale->zero_point &&
                       written.type == scale->type;
  return is_same ? std::optional(it->second) : std::nullopt;
}

ValueId Lowering::real(const Var& var) {
  if (const auto it = reals_.find(&var); it != reals_.end()) {
    return it->second;
  }
  const std::optional<ValueId> codes = codes_behind(var);
  if (!codes) {
    fail(ErrorCode::InvalidArgument,
         "integer model: '{}' is read before anything writes it; feed it",
         var.name());
  }
  const ValueId id = add_real(var, graph_[*codes].is_channels_last);
  add_node(make_dequantize_node(var.producer()->label(), graph_, *codes, id));
  return id;
}

ValueId Lowering::in_layout(ValueId id, const Var& var, bool is_channels_last) {
  const Value value = graph_[id];
  if (value.is_channels_last == is_channels_last || is_layout_free(var.shape())) {
    return id;
  }
  const auto [it, is_new] = in_layout_.emplace(std::pair(id, is_channels_last), 0);
  if (is_new) {
    Value changed = value;
    changed.name = var.name();
    changed.is_channels_last = is_channels_last;
    changed.is_quantizer_output = false;
    it->second = graph_.add(changed);
    add_node(make_layout_node("layout '" + var.name() + "'", graph_, id, it->second));
  }
  return it->second;
}

bool Lowering::lower_reshape(const Op& op) {
  const Var& x = op.input("X");
  const Var& y = op.output("Out");
  const auto codes = codes_.find(&x);
  if (is_constant(x) || (codes == codes_.end() && x.dtype() != DType::Float32)) {
    return false;
  }
  const ValueId from = in_layout(codes == codes_.end() ? real(x) : codes->second, x, false);
  const ValueId to =
      codes == codes_.end() ? add_real(y, false) : add_codes(y, graph_[from].scale, false);
  if (codes != codes_.end()) {
    codes_[&y] = to;
  }
  add_node(make_layout_node(op.label(), graph_, from, to));
  return true;
}

bool Lowering::lower_in_fast_float(const Op& op) {
  const std::string& type = op.type();
  if (!kFastFloat.contains(type)) {
    return false;
  }
  std::vector<const Var*> inputs;
  for (const char* slot : {"X", "Y"}) {
    for (const Var* var : op.input_list(slot)) {
      inputs.push_back(var);
    }
  }
  const bool is_simple = !inputs.empty() && std::ranges::all_of(inputs, [&](const Var* var) {
    return !is_constant(*var) && var->dtype() == DType::Float32 &&
           var->shape() == inputs.front()->shape();
  });
  const bool is_softmax_of_rows = type == "softmax" && inputs.front()->shape().rank() == 2 &&
                                  (op.attr<int32_t>("axis") == -1 || op.attr<int32_t>("axis") == 1);
  if (!is_simple || (type == "softmax" && !is_softmax_of_rows)) {
    return false;
  }
  const bool is_last = type == "pool2d" || graph_[real(*inputs.front())].is_channels_last;
  std::vector<ValueId> values;
  for (const Var* var : inputs) {
    values.push_back(in_layout(real(*var), *var, is_last && var->shape().rank() == 4));
  }
  const Var& out = op.output("Out");
  Value y{.name = out.name(),
          .dtype = out.dtype(),
          .is_channels_last = out.shape().rank() == 4 && is_last};
  const auto id = static_cast<ValueId>(graph_.values.size());
  std::unique_ptr<Node> node = make_fast_float_node(graph_, op, values, id);
  if (node == nullptr) {
    return false;
  }
  reals_[&out] = graph_.add(y);
  add_node(std::move(node));
  return true;
}

void Lowering::lower_in_float(const Op& op, const std::string& reason) {
  graph_.float_ops.push_back(fmt::format("{}: {}", op.label(), reason));
  if (lower_in_fast_float(op)) {
    return;
  }
  std::map<std::string, std::vector<FloatInput>> inputs;
  std::map<std::string, std::vector<ValueId>> outputs;
  for (const auto& [slot, vars] : op.inputs()) {
    for (const Var* var : vars) {
      if (is_constant(*var)) {
        inputs[slot].push_back({.constant = constant(*var)});
      } else {
        const auto codes = codes_.find(var);
        const ValueId id = codes != codes_.end() ? codes->second : real(*var);
        inputs[slot].push_back({.value = in_layout(id, *var, false)});
      }
    }
  }
  for (const auto& [slot, vars] : op.outputs()) {
    for (const Var* var : vars) {
      outputs[slot].push_back(add_real(*var, false));
    }
  }
  add_node(make_float_node(graph_, op, std::move(inputs), std::move(outputs)));
}

Lowered lower(const Program& program,
              const Scope& scope,
              const std::vector<std::string>& feeds,
              const std::vector<std::string>& fetches) {
  return Lowering(program, scope, fetches).run(feeds, fetches);
}

}  // namespace intact::integer
