#include "support/check_op.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "intact/interop/paddle.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/interpret.h"
#include "intact/ir/op_registry.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "intact/runtime/executor.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

constexpr double kDifferenceStep = 1e-5;

std::string var_name(const std::string& slot, size_t index) {
  return fmt::format("{}_{}", slot, index);
}

/// A Program of one op (and its gradient ops), with the tensors to run it.
struct OneOp {
  Program program;
  TensorMap feeds;
  Scope scope;
  Op* op = nullptr;

  std::vector<std::string> output_names() const {
    std::vector<std::string> names;
    for (const auto& [slot, vars] : op->outputs()) {
      for (const Var* var : vars) {
        names.push_back(var->name());
      }
    }
    return names;
  }
};

const OpDef& definition(const OpCase& op_case) {
  return op_registry().get(op_case.type);
}

/// The output slot that is the same Var as this input slot; "" when none.
std::string in_place_output(const OpDef& def, const std::string& input_slot) {
  for (const auto& [output, input] : def.in_place) {
    if (input == input_slot) {
      return output;
    }
  }
  return "";
}

size_t output_count(const OpCase& op_case, const SlotDef& slot) {
  if (const auto it = op_case.output_counts.find(slot.name); it != op_case.output_counts.end()) {
    return it->second;
  }
  if (const auto it = op_case.expected.find(slot.name); it != op_case.expected.end()) {
    return it->second.size();
  }
  return slot.is_optional ? 0 : 1;
}

/// unknown_batch: slots whose Vars get -1 as their first dimension.
OneOp build(const OpCase& op_case, const std::vector<std::string>& unknown_batch = {}) {
  const OpDef& def = definition(op_case);
  OneOp result;
  Block& block = result.program.block();
  OpSpec spec = {.type = op_case.type, .inputs = {}, .outputs = {}, .attrs = op_case.attrs};
  for (const auto& [slot, tensors] : op_case.inputs) {
    const std::string in_place = in_place_output(def, slot);
    const bool is_batch =
        std::find(unknown_batch.begin(), unknown_batch.end(), slot) != unknown_batch.end();
    for (size_t i = 0; i < tensors.size(); ++i) {
      const std::string name = var_name(slot, i);
      Shape shape = tensors[i].shape();
      if (is_batch && shape.rank() > 0) {
        shape[0] = -1;
      }
      const bool is_persistable = !in_place.empty();
      Var& var = block.add_var(name,
                               tensors[i].dtype(),
                               shape,
                               {.is_persistable = is_persistable, .is_data = !is_persistable});
      spec.inputs[slot].push_back(&var);
      if (is_persistable) {
        spec.outputs[in_place].push_back(&var);
        result.scope.set(name, tensors[i].clone());
      } else {
        result.feeds[name] = tensors[i];
      }
    }
  }
  for (const SlotDef& slot : def.outputs) {
    for (size_t i = spec.outputs[slot.name].size(); i < output_count(op_case, slot); ++i) {
      Var& var = block.add_var("out_" + var_name(slot.name, i), DType::Float32, {});
      spec.outputs[slot.name].push_back(&var);
    }
  }
  result.op = &block.append_op(std::move(spec));
  return result;
}

/// The autodiff of one op: gradients of the named outputs are fed, those of `wanted` are written.
class OneOpGradient : public GradientContext {
 public:
  OneOpGradient(Op& op, std::set<std::string> fed, std::set<std::string> wanted)
      : op_(op), fed_(std::move(fed)), wanted_(std::move(wanted)) {}

  const Op& op() const override { return op_; }
  Block& block() const override { return op_.block(); }

  Var* output_grad(const std::string& slot, size_t index) override {
    if (!fed_.contains(slot)) {
      return nullptr;
    }
    return find_or_add(op_.output(slot, index), {.is_data = true});
  }

  Var* input_grad(const std::string& slot, size_t index) override {
    if (!wanted_.contains(slot)) {
      return nullptr;
    }
    return find_or_add(op_.input(slot, index), {});
  }

  Op& append(OpSpec spec) override {
    spec.attrs["op_role"] = role::kBackward;
    return block().append_op(std::move(spec));
  }

 private:
  Var* find_or_add(const Var& var, VarOptions options) {
    const std::string name = grad_name(var.name());
    Var* existing = block().find_var(name);
    return existing != nullptr ? existing
                               : &block().add_var(name, var.dtype(), var.shape(), options);
  }

  Op& op_;
  std::set<std::string> fed_;
  std::set<std::string> wanted_;
};

/// Adds the gradient ops and feeds `output_grads`. Returns the names of the inputs' gradients.
std::vector<std::string> add_gradient(OneOp& one,
                                      const TensorSlots& output_grads,
                                      const std::vector<std::string>& wanted) {
  std::set<std::string> fed;
  for (const auto& [slot, tensors] : output_grads) {
    fed.insert(slot);
    for (size_t i = 0; i < tensors.size(); ++i) {
      one.feeds[grad_name(one.op->output(slot, i).name())] = tensors[i];
    }
  }
  OneOpGradient context(*one.op, fed, {wanted.begin(), wanted.end()});
  if (!one.op->def().gradient) {
    throw Error(ErrorCode::Unsupported, one.op->label() + ": has no gradient rule");
  }
  one.op->def().gradient(context);
  std::erase_if(one.feeds, [&](const auto& feed) {
    return one.program.block().find_var(feed.first) == nullptr;  // a gradient nothing reads
  });
  std::vector<std::string> names;
  for (const std::string& slot : wanted) {
    for (const Var* var : one.op->input_list(slot)) {
      names.push_back(grad_name(var->name()));
    }
  }
  return names;
}

std::vector<Tensor> run(const OneOp& one, const std::vector<std::string>& fetches) {
  Scope scope = one.scope.clone();
  return interpret(one.program, one.feeds, fetches, scope);
}

TensorSlots run_forward(const OneOp& one) {
  const std::vector<Tensor> results = run(one, one.output_names());
  TensorSlots outputs;
  size_t next = 0;
  for (const auto& [slot, vars] : one.op->outputs()) {
    for (size_t i = 0; i < vars.size(); ++i) {
      outputs[slot].push_back(results[next++]);
    }
  }
  return outputs;
}

OpCase in_double(OpCase op_case) {
  for (auto& [slot, tensors] : op_case.inputs) {
    for (Tensor& tensor : tensors) {
      if (tensor.dtype() == DType::Float32) {
        tensor = tensor.cast(DType::Float64);
      }
    }
  }
  return op_case;
}

std::vector<std::string> output_grad_slots(const OpCase& op_case) {
  if (!op_case.output_grads.empty()) {
    return op_case.output_grads;
  }
  return {definition(op_case).outputs.front().name};
}

TensorSlots random_output_grads(const OpCase& op_case, const TensorSlots& outputs) {
  TensorSlots grads;
  uint64_t seed = 1000;
  for (const std::string& slot : output_grad_slots(op_case)) {
    for (const Tensor& output : outputs.at(slot)) {
      grads[slot].push_back(random_tensor(output.shape(), seed++).cast(output.dtype()));
    }
  }
  return grads;
}

/// sum over outputs of <output, output_grad>: the scalar whose derivative the gradient is.
double weighted_sum(const OneOp& one, const TensorSlots& output_grads) {
  std::vector<std::string> names;
  std::vector<Tensor> weights;
  for (const auto& [slot, grads] : output_grads) {
    for (size_t i = 0; i < grads.size(); ++i) {
      names.push_back(one.op->output(slot, i).name());
      weights.push_back(grads[i]);
    }
  }
  const std::vector<Tensor> outputs = run(one, names);
  double sum = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto output = outputs[i].values<double>();
    const auto weight = weights[i].values<double>();
    for (size_t j = 0; j < output.size(); ++j) {
      sum += output[j] * weight[j];
    }
  }
  return sum;
}

Tensor central_differences(const OpCase& op_case,
                           const std::string& slot,
                           size_t index,
                           const TensorSlots& output_grads) {
  OpCase moved = op_case;
  Tensor input = op_case.inputs.at(slot)[index].clone();
  moved.inputs[slot][index] = input;
  const OneOp one = build(moved);  // the feed shares memory with `input`
  Tensor result(DType::Float64, input.shape());
  const bool is_fed = one.feeds.contains(var_name(slot, index));
  EXPECT_TRUE(is_fed) << slot << " is updated in place: its gradient cannot be checked";
  for (int64_t i = 0; i < input.numel(); ++i) {
    double& element = input.data<double>()[i];
    const double original = element;
    element = original + kDifferenceStep;
    const double above = weighted_sum(one, output_grads);
    element = original - kDifferenceStep;
    const double below = weighted_sum(one, output_grads);
    element = original;
    result.data<double>()[i] = (above - below) / (2 * kDifferenceStep);
  }
  return result;
}

std::vector<std::string> batch_slots(const OpCase& op_case) {
  if (!op_case.has_batch) {
    return {};
  }
  if (!op_case.batch_inputs.empty()) {
    return op_case.batch_inputs;
  }
  return {definition(op_case).inputs.front().name};
}

void check_inference(const OpCase& op_case, const TensorSlots& outputs) {
  for (const auto& unknown : {std::vector<std::string>{}, batch_slots(op_case)}) {
    const OneOp one = build(op_case, unknown);
    for (const auto& [slot, tensors] : outputs) {
      for (size_t i = 0; i < tensors.size(); ++i) {
        const Var& var = one.op->output(slot, i);
        EXPECT_TRUE(compatible(var.shape(), tensors[i].shape()))
            << slot << ": inferred " << var.shape().to_string() << ", computed "
            << tensors[i].shape().to_string();
        EXPECT_STREQ(to_string(var.dtype()), to_string(tensors[i].dtype())) << slot;
        const auto& dims = var.shape().dims();
        EXPECT_LE(std::count(dims.begin(), dims.end(), -1), unknown.empty() ? 0 : 1)
            << slot << ": inferred " << var.shape().to_string();
      }
    }
  }
}

void check_gradients(const OpCase& op_case) {
  const OpCase exact = in_double(op_case);
  const TensorSlots output_grads = random_output_grads(exact, run_reference(exact));
  const TensorSlots together = run_reference_gradient(exact, output_grads);
  for (const std::string& slot : exact.gradients) {
    OpCase only = exact;
    only.gradients = {slot};
    const TensorSlots alone = run_reference_gradient(only, output_grads);
    for (size_t i = 0; i < exact.inputs.at(slot).size(); ++i) {
      expect_close(together.at(slot)[i],
                   central_differences(exact, slot, i, output_grads),
                   exact.gradient_tolerance,
                   fmt::format("gradient of {}[{}] against central differences", slot, i));
      expect_close(alone.at(slot)[i],
                   together.at(slot)[i],
                   0,
                   fmt::format("gradient of {}[{}] asked for alone", slot, i));
    }
  }
}

/// Verified, and the same after a way through the text form and through Paddle's: with the batch
/// unknown, and with the gradient ops.
void check_forms(const OpCase& op_case, const TensorSlots& outputs) {
  for (const bool with_gradient : {false, true}) {
    OneOp one = build(op_case, with_gradient ? std::vector<std::string>{} : batch_slots(op_case));
    if (with_gradient && !op_case.gradients.empty()) {
      add_gradient(one, random_output_grads(op_case, outputs), op_case.gradients);
    }
    EXPECT_NO_THROW(verify(one.program));
    const std::string text = to_text(one.program);
    EXPECT_EQ(to_text(parse_program(text)), text);
    EXPECT_EQ(to_text(read_program(write_program(one.program), op_case.type)), text);
  }
}

/// Executor and interpret on the op, and on the op with its gradient ops.
void check_executor(const OpCase& op_case, const TensorSlots& outputs) {
  for (const bool with_gradient : {false, true}) {
    if (with_gradient && op_case.gradients.empty()) {
      continue;
    }
    OneOp one = build(op_case);
    std::vector<std::string> fetches = one.output_names();
    if (with_gradient) {
      fetches = add_gradient(one, random_output_grads(op_case, outputs), op_case.gradients);
    }
    const std::vector<Tensor> want = run(one, fetches);
    Executor executor;
    Scope scope = one.scope.clone();
    const std::vector<Tensor> got = executor.run(one.program, one.feeds, fetches, scope);
    for (size_t i = 0; i < fetches.size(); ++i) {
      expect_close(got[i], want[i], op_case.fast_tolerance, "Executor, " + fetches[i]);
    }
  }
}

template <class T>
void expect_close_values(const Tensor& got,
                         const Tensor& want,
                         double tolerance,
                         const std::string& what) {
  constexpr int kMaxReports = 3;
  int reports = 0;
  for (int64_t i = 0; i < want.numel(); ++i) {
    const auto a = static_cast<double>(got.data<T>()[i]);
    const auto b = static_cast<double>(want.data<T>()[i]);
    const bool is_same = a == b || (std::isnan(a) && std::isnan(b));
    if (!is_same && !(std::abs(a - b) <= tolerance * (1 + std::abs(b)))) {
      ADD_FAILURE() << what << ": element " << i << " of " << want.shape().to_string() << " is "
                    << fmt::format("{}, not {} (tolerance {})", a, b, tolerance);
      if (++reports == kMaxReports) {
        return;
      }
    }
  }
}

}  // namespace

void expect_close(const Tensor& got,
                  const Tensor& want,
                  double tolerance,
                  const std::string& what) {
  if (got.dtype() != want.dtype() || got.shape() != want.shape()) {
    ADD_FAILURE() << what << ": is " << to_string(got.dtype()) << " " << got.shape().to_string()
                  << ", not " << to_string(want.dtype()) << " " << want.shape().to_string();
  } else if (want.dtype() == DType::Float32) {
    expect_close_values<float>(got, want, tolerance, what);
  } else if (want.dtype() == DType::Float64) {
    expect_close_values<double>(got, want, tolerance, what);
  } else if (!got.identical(want)) {
    expect_close(got.cast(DType::Float64), want.cast(DType::Float64), 0, what);
  }
}

TensorSlots run_reference(const OpCase& op_case) {
  return run_forward(build(op_case));
}

TensorSlots run_reference_gradient(const OpCase& op_case, const TensorSlots& output_grads) {
  OneOp one = build(op_case);
  const std::vector<std::string> names = add_gradient(one, output_grads, op_case.gradients);
  const std::vector<Tensor> results = run(one, names);
  TensorSlots grads;
  size_t next = 0;
  for (const std::string& slot : op_case.gradients) {
    for (const Tensor& input : op_case.inputs.at(slot)) {
      EXPECT_EQ(results[next].shape(), input.shape()) << "gradient of " << slot;
      grads[slot].push_back(results[next++]);
    }
  }
  return grads;
}

void check_op(const OpCase& op_case) {
  SCOPED_TRACE(op_case.type);
  const TensorSlots outputs = run_reference(op_case);
  check_inference(op_case, outputs);
  for (const auto& [slot, tensors] : op_case.expected) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      expect_close(outputs.at(slot)[i],
                   tensors[i],
                   op_case.tolerance,
                   fmt::format("{}[{}] against the expected numbers", slot, i));
    }
  }
  check_forms(op_case, outputs);
  check_executor(op_case, outputs);
  if (!op_case.gradients.empty()) {
    check_gradients(op_case);
  }
}

void expect_op_error(const OpCase& op_case, const std::string& message) {
  SCOPED_TRACE(op_case.type);
  try {
    build(op_case);
    ADD_FAILURE() << "building the op did not throw; expected: " << message;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(message), std::string::npos)
        << "message: " << error.what() << "\nexpected: " << message;
  }
}

}  // namespace intact
