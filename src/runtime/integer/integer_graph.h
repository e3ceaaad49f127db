#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/cpu/integer_elementwise.h"
#include "intact/tensor/dtype.h"
#include "intact/tensor/shape.h"

namespace intact::integer {

using ValueId = int;

/// A tensor between steps.
struct Value {
  std::string name;  // of the Var that has its shape, [N,C,H,W]
  DType dtype = DType::Float32;
  bool is_codes = false;
  cpu::CodeScale scale = {};         // of codes
  bool is_channels_last = false;     // rank 4: its elements are in the order N,H,W,C
  bool is_quantizer_output = false;  // `name` is what a quantizer of the Program writes
};

/// What a step sees when it runs: the address of every Value.
struct Addresses {
  void* const* values = nullptr;
  std::byte* workspace = nullptr;

  uint8_t* codes(ValueId id) const { return static_cast<uint8_t*>(values[id]); }
  float* reals(ValueId id) const { return static_cast<float*>(values[id]); }
};

/// A Node made ready for fixed shapes.
struct Step {
  std::function<void(const Addresses&)> run;
  size_t workspace_bytes = 0;
};

enum class Mode { Fast, Reference };

class Node {
 public:
  Node(std::string label, std::vector<ValueId> inputs, std::vector<ValueId> outputs)
      : label_(std::move(label)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}
  virtual ~Node() = default;

  const std::string& label() const { return label_; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }

  /// shapes: of every Value, [N,C,H,W].
  virtual Step prepare(const std::vector<Shape>& shapes, Mode mode) const = 0;
  /// Which kernel, and why it is exact.
  virtual std::string kernel() const = 0;

 protected:
  ValueId in(size_t index = 0) const { return inputs_[index]; }
  ValueId out(size_t index = 0) const { return outputs_[index]; }
  const Shape& shape(const std::vector<Shape>& shapes, ValueId id) const {
    return shapes[static_cast<size_t>(id)];
  }

 private:
  std::string label_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
};

struct Graph {
  std::vector<Value> values;
  std::vector<std::unique_ptr<Node>> nodes;  // in running order
  std::vector<std::string> float_ops;        // with reasons

  const Value& operator[](ValueId id) const { return values[static_cast<size_t>(id)]; }
  ValueId add(Value value) {
    values.push_back(std::move(value));
    return static_cast<ValueId>(values.size()) - 1;
  }
};

}  // namespace intact::integer
