#include <limits>

#include "interop/onnx/graph_reader.h"

namespace intact {
namespace {

using Attr = proto::AttributeProto;

int32_t narrowed(int64_t value, const std::string& name) {
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    fail(ErrorCode::Format, "attribute '{}' holds {}, which is out of range", name, value);
  }
  return static_cast<int32_t>(value);
}

}  // namespace

const std::string& OnnxNode::input(int index) const {
  if (!has_input(index)) {
    fail(ErrorCode::Format, "input {} is missing", index);
  }
  return node_.input(index);
}

const std::string& OnnxNode::output(int index) const {
  if (!has_output(index)) {
    fail(ErrorCode::Format, "output {} is missing", index);
  }
  return node_.output(index);
}

const Attr* OnnxNode::find(const std::string& name) const {
  for (const Attr& attr : node_.attribute()) {
    if (attr.name() == name) {
      return &attr;
    }
  }
  return nullptr;
}

const Attr* OnnxNode::typed(const std::string& name,
                            Attr::AttributeType type,
                            bool is_required) const {
  const Attr* attr = find(name);
  if (attr == nullptr && is_required) {
    fail(ErrorCode::Format, "attribute '{}' is missing", name);
  }
  if (attr != nullptr && attr->type() != type) {
    fail(ErrorCode::Format,
         "attribute '{}' has type {} instead of {}",
         name,
         static_cast<int>(attr->type()),
         static_cast<int>(type));
  }
  return attr;
}

const Attr& OnnxNode::attr(const std::string& name) const {
  const Attr* attr = find(name);
  if (attr == nullptr) {
    fail(ErrorCode::Format, "attribute '{}' is missing", name);
  }
  return *attr;
}

int64_t OnnxNode::integer(const std::string& name, std::optional<int64_t> otherwise) const {
  const Attr* attr = typed(name, Attr::INT, !otherwise);
  return attr != nullptr ? attr->i() : *otherwise;
}

int32_t OnnxNode::int32(const std::string& name, std::optional<int64_t> otherwise) const {
  return narrowed(integer(name, otherwise), name);
}

float OnnxNode::real(const std::string& name, std::optional<float> otherwise) const {
  const Attr* attr = typed(name, Attr::FLOAT, !otherwise);
  return attr != nullptr ? attr->f() : *otherwise;
}

std::string OnnxNode::text(const std::string& name, const std::string& otherwise) const {
  const Attr* attr = typed(name, Attr::STRING, false);
  return attr != nullptr ? attr->s() : otherwise;
}

Ints OnnxNode::ints(const std::string& name, std::optional<Ints> otherwise) const {
  const Attr* attr = typed(name, Attr::INTS, !otherwise);
  if (attr == nullptr) {
    return *otherwise;
  }
  Ints result;
  for (const int64_t value : attr->ints()) {
    result.push_back(narrowed(value, name));
  }
  return result;
}

void OnnxNode::expect(int max_inputs, int max_outputs, const std::set<std::string>& attrs) const {
  for (int i = max_inputs; i < input_count(); ++i) {
    if (has_input(i)) {
      fail(ErrorCode::Unsupported, "input {} '{}' is not supported", i, node_.input(i));
    }
  }
  for (int i = max_outputs; i < output_count(); ++i) {
    if (has_output(i)) {
      fail(ErrorCode::Unsupported, "output {} '{}' is not supported", i, node_.output(i));
    }
  }
  std::set<std::string> seen;
  for (const Attr& attr : node_.attribute()) {
    if (!attrs.contains(attr.name())) {
      fail(ErrorCode::Unsupported, "attribute '{}' is not supported", attr.name());
    }
    if (!attr.ref_attr_name().empty()) {
      fail(ErrorCode::Unsupported, "attribute '{}' refers to a function's", attr.name());
    }
    if (!seen.insert(attr.name()).second) {
      fail(ErrorCode::Format, "attribute '{}' is there twice", attr.name());
    }
  }
}

}  // namespace intact
