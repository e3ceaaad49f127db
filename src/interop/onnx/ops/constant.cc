// Constant: known when the file is read. fill_constant is written as an initializer.
#include "interop/onnx/converter.h"

namespace intact {
namespace {

template <class T, class Values>
Tensor vector_of(const Values& values) {
  return Tensor::from<T>({static_cast<int64_t>(values.size())},
                         std::vector<T>(values.begin(), values.end()));
}

Tensor value_of(const OnnxNode& node) {
  if (node.has_attr("value")) {
    const proto::AttributeProto& attr = node.attr("value");
    if (attr.type() != proto::AttributeProto::TENSOR) {
      fail(ErrorCode::Format, "its value is no tensor");
    }
    return from_onnx(attr.t(), "its value");
  }
  if (node.has_attr("value_float")) {
    return Tensor::scalar(node.real("value_float"));
  }
  if (node.has_attr("value_int")) {
    return Tensor::scalar(node.integer("value_int"));
  }
  if (node.has_attr("value_floats")) {
    return vector_of<float>(node.attr("value_floats").floats());
  }
  if (node.has_attr("value_ints")) {
    return vector_of<int64_t>(node.attr("value_ints").ints());
  }
  fail(ErrorCode::Unsupported, "it holds no dense numbers");
}

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(0, 1, {"value", "value_float", "value_floats", "value_int", "value_ints"});
  reader.add_constant(node.output(0), value_of(node));
}

}  // namespace

void register_constant(OnnxConverters& converters) {
  converters.add({.theirs = {"Constant"}, .read = read});
}

}  // namespace intact
