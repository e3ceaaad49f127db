#include "interop/onnx/graph_writer.h"

#include "interop/onnx/converter.h"

namespace intact {

OnnxWriter::OnnxWriter(const Program& program,
                       const Scope& scope,
                       const std::vector<std::string>& fetches,
                       int opset,
                       proto::GraphProto& graph)
    : program_(program),
      scope_(scope),
      fetches_(fetches.begin(), fetches.end()),
      opset_(opset),
      graph_(graph) {
  for (const Var* var : program.block().vars()) {
    names_.insert(var->name());
  }
}

void OnnxWriter::write() {
  for (const Op* op : program_.ops()) {
    write_op(*op);
  }
}

void OnnxWriter::write_op(const Op& op) {
  if (auto* const write = onnx_converters().writer(op.type())) {
    write(*this, op);
  } else {
    write_renamed(*this, op);
  }
}

const std::string& OnnxWriter::value(const Var& var) {
  if (var.is_persistable() && initializers_.insert(var.name()).second) {
    to_onnx(var.name(), scope_.get(var.name()), *graph_.add_initializer());
  }
  return var.name();
}

const std::string& OnnxWriter::step(const Op& op, const std::string& slot) {
  const Var& var = op.input(slot);
  const Tensor* tensor = constant(var);
  if (tensor != nullptr && tensor->numel() == 1 && initializers_.insert(var.name()).second) {
    to_onnx(var.name(), tensor->reshaped(Shape{}), *graph_.add_initializer());
  }
  return value(var);
}

const std::string& OnnxWriter::output(const Op& op, const std::string& slot) const {
  const Var& var = op.output(slot);
  if (var.is_persistable()) {
    refuse(op, "writes the parameter '{}', but ONNX has no state; write a temporary", var.name());
  }
  return var.name();
}

const Tensor* OnnxWriter::constant(const Var& var) const {
  return var.is_persistable() ? &scope_.get(var.name()) : nullptr;
}

void OnnxWriter::node(const std::string& type,
                      const std::vector<std::string>& inputs,
                      const std::string& output,
                      const OnnxAttrs& attrs) {
  proto::NodeProto& node = *graph_.add_node();
  node.set_op_type(type);
  node.set_name(output);
  for (const std::string& input : inputs) {
    node.add_input(input);
  }
  node.add_output(output);
  for (const auto& [name, value] : attrs) {
    proto::AttributeProto& attr = *node.add_attribute();
    attr.set_name(name);
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      attr.set_type(proto::AttributeProto::INT);
      attr.set_i(*integer);
    } else if (const auto* real = std::get_if<float>(&value)) {
      attr.set_type(proto::AttributeProto::FLOAT);
      attr.set_f(*real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      attr.set_type(proto::AttributeProto::STRING);
      attr.set_s(*text);
    } else {
      attr.set_type(proto::AttributeProto::INTS);
      for (const int64_t item : std::get<Longs>(value)) {
        attr.add_ints(item);
      }
    }
  }
}

std::string OnnxWriter::fresh(const Op& op, const std::string& what) {
  for (const auto& [slot, vars] : op.outputs()) {
    if (!vars.empty()) {
      std::string name = vars.front()->name() + "/" + what;
      for (int i = 1; !names_.insert(name).second; ++i) {
        name = fmt::format("{}/{}_{}", vars.front()->name(), what, i);
      }
      return name;
    }
  }
  refuse(op, "has no output");
}

std::string OnnxWriter::add_constant(const Op& op, const std::string& what, const Tensor& tensor) {
  std::string name = fresh(op, what);
  to_onnx(name, tensor, *graph_.add_initializer());
  return name;
}

std::string OnnxWriter::add_longs(const Op& op, const std::string& what, const Longs& values) {
  return add_constant(
      op, what, Tensor::from<int64_t>({static_cast<int64_t>(values.size())}, values));
}

void OnnxWriter::require_inputs(const Op& op, const std::set<std::string>& slots) const {
  for (const auto& [slot, vars] : op.inputs()) {
    if (!vars.empty() && !slots.contains(slot)) {
      refuse(op, "reads {} '{}', which has no ONNX form here", slot, vars.front()->name());
    }
  }
}

}  // namespace intact
