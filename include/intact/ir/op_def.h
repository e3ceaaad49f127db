#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "intact/ir/attribute.h"

namespace intact {

class InferContext;
class KernelContext;
class GradientContext;

struct SlotDef {
  std::string name;
  bool is_optional = false;      // may be absent
  bool is_list = false;          // may hold any number of Vars
  bool is_intermediate = false;  // output that only serves the backward pass
};

struct AttrDef {
  std::string name;
  Attribute default_value;   // also fixes the type
  bool is_required = false;  // no default: the builder must give it
  bool is_extra = false;     // Paddle strips it when it saves; we still write what readers need
};

/// What is known of the sign of an op's outputs. AsInputs: none is below 0 when none of the floats
/// in QuantTraits::inputs is.
enum class OutputSign { Any, NonNegative, AsInputs };

/// What quantization needs to know about an op, as data (spec 2.3, 2.4).
struct QuantTraits {
  std::vector<std::string> inputs;   // slots an activation quantizer may sit in front of
  std::vector<std::string> outputs;  // slots whose scale is recorded
  std::string weight;                // slot of the weight; empty: the op never has one
  int weight_axis = 0;               // channel axis of the weight
  bool in_weight_pass = false;       // "W list"
  bool in_activation_pass = false;   // "A list"
  OutputSign output_sign = OutputSign::Any;
};

/// The ONNX form when it is a pure rename; conversions that need code live in interop/onnx.
struct OnnxTraits {
  std::string type;
  std::vector<std::pair<std::string, std::string>> attrs;  // (ours, theirs)
};

/// Everything the system knows about an op type. Written once, in src/ops/<op>.cc.
struct OpDef {
  std::string type;
  std::vector<SlotDef> inputs;
  std::vector<SlotDef> outputs;
  std::vector<AttrDef> attrs;
  std::function<void(InferContext&)> infer;           // mandatory: shapes and dtypes
  std::function<void(const KernelContext&)> forward;  // mandatory: the readable reference
  std::function<void(GradientContext&)> gradient;     // empty: no gradient flows through
  QuantTraits quant = {};
  OnnxTraits onnx = {};
  /// (output slot, input slot) pairs that must be the same persistable Var: optimizers, moving
  /// statistics.
  std::vector<std::pair<std::string, std::string>> in_place = {};
  bool has_random = false;  // reads the run index: dropout

  const SlotDef* find_input(const std::string& name) const;
  const SlotDef* find_output(const std::string& name) const;
  const AttrDef* find_attr(const std::string& name) const;
};

}  // namespace intact
