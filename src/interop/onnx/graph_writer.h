#pragma once

#include <onnx.pb.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "intact/interop/onnx.h"
#include "interop/onnx/tensors.h"

namespace intact {

using OnnxAttr = std::variant<int64_t, float, std::string, Longs>;
using OnnxAttrs = std::vector<std::pair<std::string, OnnxAttr>>;

/// Turns the ops of an inference Program into the nodes of a GraphProto, one after another.
class OnnxWriter {
 public:
  OnnxWriter(const Program& program,
             const Scope& scope,
             const std::vector<std::string>& fetches,
             int opset,
             proto::GraphProto& graph);

  /// All ops. Throws: Unsupported, naming the op.
  void write();

  int opset() const { return opset_; }
  /// The value that stands for a Var; the first use of a persistable one adds its initializer.
  const std::string& value(const Var& var);
  const std::string& input(const Op& op, const std::string& slot) { return value(op.input(slot)); }
  /// A step or zero point: one element is written as a scalar, as ONNX has it.
  const std::string& step(const Op& op, const std::string& slot);
  const std::string& output(const Op& op, const std::string& slot) const;
  /// Elements of a persistable Var; nullptr for other Vars.
  const Tensor* constant(const Var& var) const;
  bool is_fetched(const Var& var) const { return fetches_.contains(var.name()); }

  void node(const std::string& type,
            const std::vector<std::string>& inputs,
            const std::string& output,
            const OnnxAttrs& attrs = {});
  /// A value of its own for an intermediate result or a constant of `op`.
  std::string fresh(const Op& op, const std::string& what);
  std::string add_constant(const Op& op, const std::string& what, const Tensor& tensor);
  std::string add_longs(const Op& op, const std::string& what, const Longs& values);

  /// Throws Unsupported "write_onnx: <op>: ...".
  template <class... Args>
  [[noreturn]] void refuse(const Op& op, fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorCode::Unsupported,
         "write_onnx: {}: {}",
         op.label(),
         fmt::format(format, std::forward<Args>(args)...));
  }
  /// Throws unless the op reads nothing but these slots: nothing is dropped in silence.
  void require_inputs(const Op& op, const std::set<std::string>& slots) const;

 private:
  void write_op(const Op& op);

  const Program& program_;
  const Scope& scope_;
  std::set<std::string> fetches_;
  int opset_;
  proto::GraphProto& graph_;
  std::set<std::string> names_;         // all values of the graph
  std::set<std::string> initializers_;  // those written
};

/// Writes ops whose OpDef says how they are called in ONNX. Throws: Unsupported.
void write_renamed(OnnxWriter& writer, const Op& op);

/// The elementwise_add of a bias, one value a channel, that alone reads `op`'s output and so
/// becomes an input of its node; nullptr when there is none.
const Op* bias_add_of(const OnnxWriter& writer, const Op& op);
/// Conv and Gemm of conv2d and mul, which take a bias ("" for none) that another op adds.
void write_conv(OnnxWriter& writer,
                const Op& op,
                const std::string& bias,
                const std::string& output);
void write_mul(OnnxWriter& writer,
               const Op& op,
               const std::string& bias,
               const std::string& output);
/// A mul of dequantized codes that it flattens: its Gemm gets the flattened codes.
bool flattens_codes(const Op& op);
/// Writes `producer` (conv2d, mul) with the bias that `add` adds.
void write_with_bias(OnnxWriter& writer, const Op& producer, const Op& add);

}  // namespace intact
