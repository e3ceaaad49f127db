// Ops that run in float.
#include "backend/cpu/elementwise.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/softmax.h"
#include "intact/ir/kernel_context.h"
#include "runtime/integer/nodes.h"

namespace intact::integer {
namespace {

class FloatNode final : public Node {
 public:
  using Inputs = std::map<std::string, std::vector<FloatInput>>;
  using Outputs = std::map<std::string, std::vector<ValueId>>;

  FloatNode(const Graph& graph, const Op& op, Inputs inputs, Outputs outputs)
      : Node(op.label(), values_of(inputs), values_of(outputs)),
        op_(op),
        input_slots_(std::move(inputs)),
        output_slots_(std::move(outputs)) {
    for (const Value& value : graph.values) {
      dtypes_.push_back(value.dtype);
    }
  }

  std::string kernel() const override { return "float, reference"; }

  Step prepare(const std::vector<Shape>& shapes, Mode) const override {
    return {[this, shapes](const Addresses& at) {
      const auto view = [&](ValueId id) {
        const auto index = static_cast<size_t>(id);
        return Tensor::view(dtypes_[index], shapes[index], at.values[index]);
      };
      KernelContext::TensorSlots inputs;
      KernelContext::TensorSlots outputs;
      for (const auto& [slot, list] : input_slots_) {
        for (const FloatInput& input : list) {
          inputs[slot].push_back(input.value >= 0 ? view(input.value) : input.constant);
        }
      }
      for (const auto& [slot, list] : output_slots_) {
        for (const ValueId id : list) {
          outputs[slot].push_back(view(id));
        }
      }
      op_.def().forward(KernelContext(op_, std::move(inputs), std::move(outputs)));
    }};
  }

 private:
  static std::vector<ValueId> values_of(const Inputs& slots) {
    std::vector<ValueId> values;
    for (const auto& [slot, list] : slots) {
      for (const FloatInput& input : list) {
        if (input.value >= 0) {
          values.push_back(input.value);
        }
      }
    }
    return values;
  }
  static std::vector<ValueId> values_of(const Outputs& slots) {
    std::vector<ValueId> values;
    for (const auto& [slot, list] : slots) {
      values.insert(values.end(), list.begin(), list.end());
    }
    return values;
  }

  const Op& op_;
  Inputs input_slots_;
  Outputs output_slots_;
  std::vector<DType> dtypes_;
};

using FloatKernel = std::function<void(
    const std::vector<const float*>& inputs, const std::vector<Shape>& shapes, float* output)>;

/// A float kernel that takes its inputs in whatever layout they share.
class FastFloatNode final : public Node {
 public:
  FastFloatNode(const Op& op, std::vector<ValueId> inputs, ValueId output, FloatKernel run)
      : Node(op.label(), std::move(inputs), {output}), run_(std::move(run)) {}

  std::string kernel() const override { return "float"; }

  Step prepare(const std::vector<Shape>& shapes, Mode) const override {
    std::vector<Shape> operands;
    for (const ValueId id : inputs()) {
      operands.push_back(shape(shapes, id));
    }
    operands.push_back(shape(shapes, out()));
    return {[this, operands](const Addresses& at) {
      std::vector<const float*> addresses;
      for (const ValueId id : inputs()) {
        addresses.push_back(at.reals(id));
      }
      run_(addresses, operands, at.reals(out()));
    }};
  }

 private:
  FloatKernel run_;
};

FloatKernel activation_kernel(cpu::Activation activation) {
  return [activation](const auto& inputs, const auto& shapes, float* y) {
    cpu::activation_forward(shapes[0].numel(), activation, inputs[0], y);
  };
}

FloatKernel kernel_of(const Op& op) {
  if (op.type() == "relu") {
    return activation_kernel(cpu::Activation::Relu);
  }
  if (op.type() == "relu6" && op.attr_or<float>("threshold", 6.0f) == 6.0f) {
    return activation_kernel(cpu::Activation::Relu6);
  }
  if (op.type() == "elementwise_add") {
    return [](const auto& inputs, const auto& shapes, float* y) {
      cpu::add_activation(shapes[0].numel(), inputs[0], inputs[1], cpu::Activation::None, y);
    };
  }
  if (op.type() == "pool2d") {
    const auto pool = op.attr<std::string>("pooling_type") == "max" ? cpu::max_pool_forward
                                                                    : cpu::avg_pool_forward;
    return [pool, &op](const auto& inputs, const auto& shapes, float* y) {
      pool(pool_shape(op, shapes[0], shapes[1]), inputs[0], y);
    };
  }
  if (op.type() == "softmax") {
    return [](const auto& inputs, const auto& shapes, float* y) {
      const int64_t columns = shapes[0][-1];
      cpu::softmax_forward(shapes[0].numel() / columns, columns, inputs[0], y);
    };
  }
  return {};
}

}  // namespace

std::unique_ptr<Node> make_float_node(const Graph& graph,
                                      const Op& op,
                                      std::map<std::string, std::vector<FloatInput>> inputs,
                                      std::map<std::string, std::vector<ValueId>> outputs) {
  return std::make_unique<FloatNode>(graph, op, std::move(inputs), std::move(outputs));
}

std::unique_ptr<Node> make_fast_float_node(const Graph&,
                                           const Op& op,
                                           const std::vector<ValueId>& inputs,
                                           ValueId output) {
  FloatKernel run = kernel_of(op);
  return run ? std::make_unique<FastFloatNode>(op, inputs, output, std::move(run)) : nullptr;
}

}  // namespace intact::integer
