#pragma once

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "runtime/integer/conv_node.h"
#include "runtime/integer/integer_graph.h"
#include "runtime/integer/nodes.h"

namespace intact::integer {

struct Lowered {
  Graph graph;
  std::vector<ValueId> feeds;
  std::vector<ValueId> fetches;
};

/// A Program in deployment form to steps on codes. `program` must outlive the result, which reads
/// attributes of its ops. Steps share tensors of `scope`.
Lowered lower(const Program& program,
              const Scope& scope,
              const std::vector<std::string>& feeds,
              const std::vector<std::string>& fetches);

/// What onnx_dequantize_linear makes of a stored tensor.
struct ConstantCodes {
  Tensor codes;
  std::vector<float> steps;
  bool has_zero_points = false;
  int axis = 0;
};

/// What follows a sum of products and can be done on the way out.
struct Tail {
  const Var* end = nullptr;  // the last Var in float
  std::vector<const Op*> ops = {};
  std::vector<int32_t> bias = {};
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  const Op* max_pool = nullptr;  // between end and the quantizer, with which it commutes
  const Op* quantizer = nullptr;
};

class Lowering {
 public:
  Lowering(const Program& program, const Scope& scope, const std::vector<std::string>& fetches);
  Lowered run(const std::vector<std::string>& feeds, const std::vector<std::string>& fetches);

 private:
  void lower(const Op& op);
  // Each returns why the op has no integer form, or nothing when it lowered it.
  std::optional<std::string> lower_quantize(const Op& op);
  std::optional<std::string> lower_conv(const Op& op);
  std::optional<std::string> lower_matrix_product(const Op& op);
  std::optional<std::string> lower_sum_or_product(const Op& op);
  std::optional<std::string> lower_pool(const Op& op);
  std::optional<std::string> lower_concat(const Op& op);
  bool lower_reshape(const Op& op);
  void lower_in_float(const Op& op, const std::string& reason);
  bool lower_in_fast_float(const Op& op);

  // What the Program says.
  bool is_constant(const Var& var) const;
  Tensor constant(const Var& var) const;
  const Tensor* stored(const Var& var) const;
  std::optional<ConstantCodes> constant_codes(const Var& var) const;
  std::optional<cpu::CodeScale> scale_of(const Op& quantizer) const;
  const Op* sole_reader(const Var& var) const;
  const Op* sole_quantizer(const Var& var) const;

  // The way from an op's result to its quantizer.
  bool take_bias(const Op& op,
                 const std::vector<float>& steps,
                 float x_step,
                 int64_t outputs,
                 Tail& tail) const;
  Tail follow_activations(const Var& out) const;
  Tail follow_products(const Var& out,
                       const std::vector<float>& steps,
                       float x_step,
                       int64_t outputs) const;
  void take_activations(Tail& tail) const;
  void take_quantizer(Tail& tail) const;
  void add_products(const Op& op, ValueId x, ConvSpec spec, const Tail& tail);

  // Values.
  ValueId add_real(const Var& var, bool is_channels_last);
  ValueId add_codes(const Var& shape_of, const cpu::CodeScale& scale, bool is_channels_last);
  ValueId add_quantized(const Op& quantizer, const Tail& tail);
  std::optional<ValueId> codes_behind(const Var& real);
  ValueId real(const Var& var);
  ValueId in_layout(ValueId id, const Var& var, bool is_channels_last);
  void add_node(std::unique_ptr<Node> node) { graph_.nodes.push_back(std::move(node)); }

  const Program& program_;
  const Scope& scope_;
  std::set<std::string> fetched_;
  Graph graph_;
  std::map<const Var*, ValueId> reals_;
  std::map<const Var*, ValueId> codes_;
  std::map<std::pair<ValueId, bool>, ValueId> in_layout_;
  std::set<const Op*> done_;
};

/// True when both layouts of a tensor are the same bytes.
bool is_layout_free(const Shape& shape);

}  // namespace intact::integer
