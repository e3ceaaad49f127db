#include "runtime/lower.h"

#include "base/check.h"

namespace intact {
namespace {

/// Gives every write of a Var a Value of its own.
class Lowering {
 public:
  Lowering(Graph& graph, const TensorMap& feeds, const Scope& scope)
      : graph_(graph), feeds_(feeds), scope_(scope) {}

  void add(const Op& op, size_t order) {
    Node node{.kind = op.type(), .label = op.label(), .op = &op, .attrs = op.attrs()};
    node.order = order;
    for (const auto& [slot, vars] : op.inputs()) {
      for (const Var* var : vars) {
        node.inputs[slot].push_back(read(*var));
      }
    }
    for (const auto& [slot, vars] : op.outputs()) {
      for (const Var* var : vars) {
        node.outputs[slot].push_back(write(*var));
      }
    }
    graph_.add(std::move(node));
  }

  ValueId read(const Var& var) {
    const auto it = current_.find(var.name());
    if (it != current_.end()) {
      return it->second;
    }
    Value value = value_of(var);
    if (const Tensor* tensor = scope_.find(var.name()); var.is_persistable() && tensor != nullptr) {
      check_fits(var, *tensor);
      value.dtype = tensor->dtype();
      value.shape = tensor->shape();
    }
    if (!var.is_persistable() && feeds_.contains(var.name())) {
      value.home = Home::Feed;
    }
    return current_[var.name()] = graph_.add_value(std::move(value));
  }

 private:
  static Value value_of(const Var& var) {
    return {.name = var.name(),
            .dtype = var.dtype(),
            .shape = var.shape(),
            .home = var.is_persistable() ? Home::Scope : Home::Arena};
  }

  /// A scalar may be [] or [1].
  static void check_fits(const Var& var, const Tensor& tensor) {
    check(compatible(var.shape(), tensor.shape()) ||
              (var.shape().numel() == 1 && tensor.numel() == 1),
          "run: '{}' has shape {} in the scope but the program wants {}; load matching parameters",
          var.name(),
          tensor.shape().to_string(),
          var.shape().to_string());
  }

  ValueId write(const Var& var) {
    const ValueId id = graph_.add_value(value_of(var));
    const auto it = current_.find(var.name());
    if (it == current_.end()) {
      return current_[var.name()] = id;
    }
    if (var.is_persistable()) {
      const Value& previous = graph_[it->second];
      check(
          previous.dtype == var.dtype() && previous.shape == var.shape(),
          "run: '{}' is {} {} in the scope but the program writes {} {}; load matching parameters",
          var.name(),
          to_string(previous.dtype),
          previous.shape.to_string(),
          to_string(var.dtype()),
          var.shape().to_string());
      graph_[it->second].next_version = id;
    }
    return it->second = id;
  }

  Graph& graph_;
  const TensorMap& feeds_;
  const Scope& scope_;
  std::map<std::string, ValueId> current_;
};

void check_shape(const std::string& writer, const Value& value) {
  if (!value.shape.is_known()) {
    fail(ErrorCode::Unsupported,
         "{}: shape {} of '{}' does not follow from the feeds' shapes; make it constant",
         writer,
         value.shape.to_string(),
         value.name);
  }
}

void check_sources(const std::string& reader, const Value& value) {
  if (value.producer == nullptr && value.home == Home::Arena) {
    fail(ErrorCode::InvalidArgument,
         "{}: reads '{}', which nothing has written; feed it",
         reader,
         value.name);
  }
}

}  // namespace

LoweredProgram lower(const Program& specialized,
                     const TensorMap& feeds,
                     const std::vector<std::string>& fetches,
                     const Scope& scope,
                     bool keep_unneeded) {
  LoweredProgram result;
  Graph& graph = result.graph;
  Lowering lowering(graph, feeds, scope);
  size_t order = 0;
  for (const Op* op : specialized.ops()) {
    if (op->type() != "feed" && op->type() != "fetch") {  // TensorMap in, vector out
      lowering.add(*op, order++);
    }
  }
  for (const std::string& name : fetches) {
    const ValueId id = lowering.read(specialized.var(name));
    graph[id].is_fetched = true;
    result.fetches.push_back(id);
  }
  if (!keep_unneeded) {
    graph.remove_dead();
  }
  for (const Node* node : graph.nodes()) {
    for (const ValueId id : node->all_inputs()) {
      check_sources(node->label, graph[id]);
    }
    for (const ValueId id : node->all_outputs()) {
      check_shape(node->label, graph[id]);
    }
  }
  for (const ValueId id : result.fetches) {
    check_sources("fetch", graph[id]);
  }
  return result;
}

}  // namespace intact
