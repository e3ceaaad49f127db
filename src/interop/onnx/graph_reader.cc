#include "interop/onnx/graph_reader.h"

#include <algorithm>
#include <limits>

#include "intact/ir/rewriter.h"
#include "interop/onnx/converter.h"
#include "interop/wire.h"

namespace intact {
namespace {

constexpr int kGraphField = 7;  // of ModelProto
constexpr int kNodeField = 1;   // of GraphProto
constexpr int kInitializerField = 5;
constexpr int kInputField = 11;
constexpr int kOutputField = 12;
constexpr int64_t kMaxElements = int64_t{1} << 62;

}  // namespace

template <class... Args>
void OnnxReader::fail_at(ErrorCode code,
                         int field,
                         int index,
                         const std::string& what,
                         fmt::format_string<Args...> format,
                         Args&&... args) const {
  fail(code,
       "{}: {} {} at byte {}: {}",
       where_,
       what,
       index,
       wire_offset(bytes_, {{kGraphField, 0}, {field, index}}),
       fmt::format(format, std::forward<Args>(args)...));
}

OnnxReader::OnnxReader(const proto::GraphProto& graph,
                       int64_t opset,
                       std::string_view bytes,
                       const std::string& where,
                       const OnnxReadOptions& options)
    : graph_(graph),
      opset_(opset),
      bytes_(bytes),
      where_(where),
      options_(options),
      block_(&model_.program.block()) {}

InferenceModel OnnxReader::read() {
  for (const proto::NodeProto& node : graph_.node()) {
    names_.insert(node.output().begin(), node.output().end());
  }
  read_initializers();
  read_inputs();
  read_nodes();
  read_outputs();
  remove_superseded();
  return std::move(model_);
}

void OnnxReader::read_initializers() {
  if (graph_.sparse_initializer_size() > 0) {
    fail(ErrorCode::Unsupported,
         "{}: holds {} sparse initializers; save them dense",
         where_,
         graph_.sparse_initializer_size());
  }
  for (int i = 0; i < graph_.initializer_size(); ++i) {
    const proto::TensorProto& tensor = graph_.initializer(i);
    const auto place = [&] {
      return fmt::format("{}: initializer '{}' at byte {}",
                         where_,
                         tensor.name(),
                         wire_offset(bytes_, {{kGraphField, 0}, {kInitializerField, i}}));
    };
    if (tensor.name().empty() || !names_.insert(tensor.name()).second) {
      fail(ErrorCode::Format, "{}: its name is missing or used twice", place());
    }
    try {
      constants_.emplace(tensor.name(), from_onnx(tensor, ""));
    } catch (const Error& error) {
      throw Error(error.code(), place() + error.what());  // ": what is wrong"
    }
  }
}

Shape OnnxReader::shape_of(const proto::ValueInfoProto& info) const {
  std::vector<int64_t> dims;
  int64_t product = 1;
  for (const auto& dim : info.type().tensor_type().shape().dim()) {
    const int64_t size = dim.has_dim_value() ? dim.dim_value() : -1;
    if (dim.has_dim_value() && (size < 0 || (size > 0 && product > kMaxElements / size))) {
      fail(ErrorCode::Format, "'{}' has an impossible dimension {}", info.name(), size);
    }
    product *= size > 0 ? size : 1;
    dims.push_back(size);
  }
  return Shape(std::move(dims));
}

void OnnxReader::read_inputs() {
  for (int i = 0; i < graph_.input_size(); ++i) {
    const proto::ValueInfoProto& info = graph_.input(i);
    if (constants_.contains(info.name())) {
      continue;  // an initializer that old files list as an input, too
    }
    if (info.name().empty() || !names_.insert(info.name()).second) {
      fail_at(ErrorCode::Format, kInputField, i, "input", "its name is missing or used twice");
    }
    const auto bound = options_.constants.find(info.name());
    if (bound != options_.constants.end()) {
      constants_.insert(*bound);
      continue;
    }
    const auto& type = info.type().tensor_type();
    const std::optional<DType> dtype = from_onnx(type.elem_type());
    if (!info.type().has_tensor_type() || !dtype) {
      fail_at(ErrorCode::Unsupported,
              kInputField,
              i,
              "input",
              "'{}' is no tensor of a type this build has ({})",
              info.name(),
              onnx_type_name(type.elem_type()));
    }
    Shape shape;
    try {
      shape = shape_of(info);
    } catch (const Error& error) {
      fail_at(error.code(), kInputField, i, "input", "{}", error.what());
    }
    block_->add_var(info.name(), *dtype, shape, {.is_data = true, .stop_gradient = true});
    model_.feeds.push_back(info.name());
  }
}

void OnnxReader::read_nodes() {
  for (int i = 0; i < graph_.node_size(); ++i) {
    const proto::NodeProto& node = graph_.node(i);
    const std::string what = fmt::format("{} '{}', node", node.op_type(), node.name());
    try {
      read_node(i);
    } catch (const Error& error) {
      // What a caller of append_op did wrong is here what the file says.
      const bool is_ours =
          error.code() == ErrorCode::Unsupported || error.code() == ErrorCode::Internal;
      fail_at(is_ours ? error.code() : ErrorCode::Format, kNodeField, i, what, "{}", error.what());
    }
  }
}

void OnnxReader::read_node(int index) {
  const proto::NodeProto& proto = graph_.node(index);
  if (!proto.domain().empty() && proto.domain() != "ai.onnx") {
    fail(ErrorCode::Unsupported,
         "the op is of domain '{}'; only ONNX's own ops are read",
         proto.domain());
  }
  const size_t old_count = block_->op_count();
  const OnnxNode node(proto);
  if (auto* const read = onnx_converters().reader(proto.op_type())) {
    read(*this, node);
  } else {
    read_renamed(*this, node);
  }
  const std::vector<Op*> ops = block_->ops();
  for (size_t i = old_count; i < ops.size(); ++i) {
    for (const auto& [slot, vars] : ops[i]->outputs()) {
      for (const Var* var : vars) {
        var->shape().numel();  // throws when the elements cannot be counted
      }
    }
  }
}

void OnnxReader::read_outputs() {
  std::set<std::string> seen;
  for (int i = 0; i < graph_.output_size(); ++i) {
    const std::string& name = graph_.output(i).name();
    const bool is_parameter = constants_.contains(name);
    if (block_->find_var(name) == nullptr && !is_parameter) {
      fail_at(ErrorCode::Format, kOutputField, i, "output", "nothing writes '{}'", name);
    }
    if (!seen.insert(name).second) {
      fail_at(ErrorCode::Format, kOutputField, i, "output", "'{}' is given twice", name);
    }
    if (is_parameter) {
      add_parameter(name, constants_.at(name));
    }
    model_.fetches.push_back(name);
  }
  if (model_.fetches.empty()) {
    fail(ErrorCode::Format, "{}: the graph has no outputs; get the file again", where_);
  }
}

void OnnxReader::remove_superseded() {
  Rewriter rewriter(*block_);
  for (Op* op : superseded_) {
    if (Rewriter::is_erased(*op)) {
      continue;
    }
    Var& output = *op->outputs().begin()->second.front();
    const bool is_fetched =
        std::find(model_.fetches.begin(), model_.fetches.end(), output.name()) !=
        model_.fetches.end();
    if (output.consumers().empty() && !is_fetched) {
      rewriter.erase(*op);
      rewriter.remove_var(output);
    }
  }
}

Var& OnnxReader::add_parameter(const std::string& name, const Tensor& tensor) {
  if (Var* known = block_->find_var(name)) {
    return *known;
  }
  model_.scope.set(name, tensor);
  return block_->add_var(name,
                         tensor.dtype(),
                         tensor.shape(),
                         {.is_persistable = true, .is_parameter = is_float(tensor.dtype())});
}

Var& OnnxReader::input(const OnnxNode& node, int index) {
  const std::string& name = node.input(index);
  const auto constant = constants_.find(name);
  if (constant != constants_.end()) {
    return add_parameter(name, constant->second);
  }
  Var* var = block_->find_var(name);
  if (var == nullptr) {
    fail(ErrorCode::Format, "input '{}' is written by no node before it", name);
  }
  return *var;
}

const Tensor* OnnxReader::find_constant(const OnnxNode& node, int index) const {
  const auto found = constants_.find(node.input(index));
  return found == constants_.end() ? nullptr : &found->second;
}

const Tensor& OnnxReader::constant(const OnnxNode& node, int index) const {
  const Tensor* tensor = find_constant(node, index);
  if (tensor == nullptr) {
    fail(ErrorCode::Unsupported,
         "input {} '{}' is computed; it must be an initializer",
         index,
         node.input(index));
  }
  return *tensor;
}

Ints OnnxReader::constant_ints(const OnnxNode& node, int index) const {
  const Tensor& tensor = constant(node, index);
  if (tensor.dtype() != DType::Int64 || tensor.shape().rank() > 1) {
    fail(ErrorCode::Format,
         "input {} is {} {} instead of an int64 vector",
         index,
         to_string(tensor.dtype()),
         tensor.shape().to_string());
  }
  Ints result;
  for (const int64_t value : tensor.values<int64_t>()) {
    if (value < std::numeric_limits<int32_t>::min() ||
        value > std::numeric_limits<int32_t>::max()) {
      fail(ErrorCode::Format, "input {} holds {}, which is out of range", index, value);
    }
    result.push_back(static_cast<int32_t>(value));
  }
  return result;
}

void OnnxReader::add_constant(const std::string& name, Tensor tensor) {
  if (block_->find_var(name) != nullptr || !constants_.emplace(name, std::move(tensor)).second) {
    fail(ErrorCode::Format, "output '{}' is written twice", name);
  }
}

Var& OnnxReader::output(const OnnxNode& node, int index) {
  const std::string& name = node.output(index);
  if (block_->find_var(name) != nullptr || constants_.contains(name)) {
    fail(ErrorCode::Format, "output '{}' is written twice", name);
  }
  return block_->add_var(name, DType::Float32, {});
}

std::string OnnxReader::fresh(const std::string& prefix) {
  std::string name = model_.program.unique_name(prefix);
  while (names_.contains(name)) {
    name = model_.program.unique_name(prefix);
  }
  return name;
}

Var& OnnxReader::temporary(const std::string& prefix) {
  return block_->add_var(fresh(prefix), DType::Float32, {});
}

Var& OnnxReader::parameter(const std::string& prefix, const Tensor& tensor) {
  return add_parameter(fresh(prefix), tensor);
}

}  // namespace intact
