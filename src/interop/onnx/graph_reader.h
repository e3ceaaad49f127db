#pragma once

#include <onnx.pb.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "intact/interop/onnx.h"
#include "interop/onnx/tensors.h"

namespace intact {

/// A node with typed access to its attributes. Messages say what is wrong; the reader adds where.
class OnnxNode {
 public:
  explicit OnnxNode(const proto::NodeProto& node) : node_(node) {}

  const std::string& type() const { return node_.op_type(); }
  int input_count() const { return node_.input_size(); }
  int output_count() const { return node_.output_size(); }
  bool has_input(int index) const { return index < input_count() && !node_.input(index).empty(); }
  bool has_output(int index) const {
    return index < output_count() && !node_.output(index).empty();
  }
  const std::string& input(int index) const;   // throws: Format when absent
  const std::string& output(int index) const;  // throws: Format when absent

  bool has_attr(const std::string& name) const { return find(name) != nullptr; }
  /// Throws: Format when the attribute has another type, or is absent without a default.
  int64_t integer(const std::string& name, std::optional<int64_t> otherwise = {}) const;
  int32_t int32(const std::string& name, std::optional<int64_t> otherwise = {}) const;
  float real(const std::string& name, std::optional<float> otherwise = {}) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  Ints ints(const std::string& name, std::optional<Ints> otherwise = {}) const;
  const proto::AttributeProto& attr(const std::string& name) const;
  /// Throws Unsupported when the node has an attribute that is not named, or more inputs or
  /// outputs.
  void expect(int max_inputs, int max_outputs, const std::set<std::string>& attrs) const;

 private:
  const proto::AttributeProto* find(const std::string& name) const;
  const proto::AttributeProto* typed(const std::string& name,
                                     proto::AttributeProto::AttributeType type,
                                     bool is_required) const;

  const proto::NodeProto& node_;
};

/// Turns the nodes of a GraphProto into ops of a Program, one after another.
class OnnxReader {
 public:
  OnnxReader(const proto::GraphProto& graph,
             int64_t opset,
             std::string_view bytes,
             const std::string& where,
             const OnnxReadOptions& options);

  InferenceModel read();

  int64_t opset() const { return opset_; }
  /// A node's input as a Var; an initializer becomes a parameter on its first use.
  Var& input(const OnnxNode& node, int index);
  /// Elements of an input that are known now. find: nullptr when they are not; both throw Format
  /// when the input is absent.
  const Tensor* find_constant(const OnnxNode& node, int index) const;
  const Tensor& constant(const OnnxNode& node, int index) const;
  /// A constant int64 vector, as int32.
  Ints constant_ints(const OnnxNode& node, int index) const;
  void add_constant(const std::string& name, Tensor tensor);

  /// The Var of a node's output.
  Var& output(const OnnxNode& node, int index = 0);
  Var& temporary(const std::string& prefix);
  Var& parameter(const std::string& prefix, const Tensor& tensor);
  Op& append(OpSpec spec) { return block_->append_op(std::move(spec)); }
  /// Another op computes what `op` is read for: it goes, in the end, if nothing reads it any more.
  void supersede(Op& op) { superseded_.push_back(&op); }

 private:
  void read_inputs();
  void read_initializers();
  void read_outputs();
  void read_nodes();
  void read_node(int index);
  void remove_superseded();
  Var& add_parameter(const std::string& name, const Tensor& tensor);
  Shape shape_of(const proto::ValueInfoProto& info) const;
  std::string fresh(const std::string& prefix);
  template <class... Args>
  [[noreturn]] void fail_at(ErrorCode code,
                            int field,
                            int index,
                            const std::string& what,
                            fmt::format_string<Args...> format,
                            Args&&... args) const;

  const proto::GraphProto& graph_;
  int64_t opset_;
  std::string_view bytes_;
  const std::string& where_;
  const OnnxReadOptions& options_;
  InferenceModel model_;
  Block* block_ = nullptr;
  TensorMap constants_;  // initializers, Constant nodes and options_.constants
  std::set<std::string> names_;
  std::vector<Op*> superseded_;
};

/// Reads a node whose op some OpDef names as its ONNX form. Throws: Unsupported.
void read_renamed(OnnxReader& reader, const OnnxNode& node);
/// ONNX op types that read_renamed knows, sorted.
std::vector<std::string> renamed_types();

}  // namespace intact
