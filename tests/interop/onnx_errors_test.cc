// Damaged and unusual ONNX files: one clear Error each.
#include <gtest/gtest.h>
#include <onnx.pb.h>

#include "intact/interop/onnx.h"
#include "support/expect_error.h"

namespace intact {
namespace {

using onnx_proto::AttributeProto;
using onnx_proto::GraphProto;
using onnx_proto::ModelProto;
using onnx_proto::NodeProto;
using onnx_proto::TensorProto;

void add_input(GraphProto& graph, const std::string& name, const std::vector<int64_t>& dims) {
  auto& info = *graph.add_input();
  info.set_name(name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(TensorProto::FLOAT);
  for (const int64_t dim : dims) {
    type.mutable_shape()->add_dim()->set_dim_value(dim);
  }
}

NodeProto& add_node(GraphProto& graph,
                    const std::string& type,
                    const std::vector<std::string>& inputs,
                    const std::string& output) {
  NodeProto& node = *graph.add_node();
  node.set_op_type(type);
  node.set_name(type + "_node");
  for (const std::string& input : inputs) {
    node.add_input(input);
  }
  node.add_output(output);
  return node;
}

void add_ints(NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
  AttributeProto& attr = *node.add_attribute();
  attr.set_name(name);
  attr.set_type(AttributeProto::INTS);
  attr.mutable_ints()->Add(values.begin(), values.end());
}

/// relu: x [2,3] -> y.
ModelProto small_model() {
  ModelProto model;
  model.add_opset_import()->set_version(13);
  GraphProto& graph = *model.mutable_graph();
  add_input(graph, "x", {2, 3});
  add_node(graph, "Relu", {"x"}, "y");
  graph.add_output()->set_name("y");
  return model;
}

void expect_bad(ErrorCode code, const std::vector<std::string>& parts, const ModelProto& model) {
  expect_error(code, parts, [&] { read_onnx(model.SerializeAsString(), "m.onnx"); });
}

TensorProto tensor(const std::string& name, const std::vector<int64_t>& dims, size_t floats) {
  TensorProto result;
  result.set_name(name);
  result.set_data_type(TensorProto::FLOAT);
  result.mutable_dims()->Add(dims.begin(), dims.end());
  result.set_raw_data(std::string(floats * 4, '\0'));
  return result;
}

TEST(OnnxErrors, SmallModelIsRead) {
  const InferenceModel model = read_onnx(small_model().SerializeAsString(), "m.onnx");
  EXPECT_EQ(model.feeds, std::vector<std::string>{"x"});
  EXPECT_EQ(model.program.var("y").shape(), (Shape{2, 3}));
}

TEST(OnnxErrors, EveryTruncationIsAnErrorOrAModel) {
  const std::string bytes = small_model().SerializeAsString();
  int errors = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    try {
      read_onnx(std::string_view(bytes).substr(0, size), "m.onnx");
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::Format || error.code() == ErrorCode::Unsupported)
          << error.what();
      ++errors;
    }
  }
  EXPECT_EQ(errors, static_cast<int>(bytes.size()));
}

TEST(OnnxErrors, CutFileNamesTheByte) {
  const std::string bytes = small_model().SerializeAsString();
  expect_error(ErrorCode::Format,
               {"m.onnx: is not an ONNX model: damaged or cut off at byte ", "get the file again"},
               [&] { read_onnx(bytes.substr(0, bytes.size() - 3), "m.onnx"); });
}

TEST(OnnxErrors, MissingFile) {
  expect_error(ErrorCode::NotFound, {"no/such.onnx"}, [] { load_model("no/such.onnx"); });
}

TEST(OnnxErrors, NoOpset) {
  ModelProto model = small_model();
  model.clear_opset_import();
  expect_bad(ErrorCode::Format, {"m.onnx: holds no graph or no opset"}, model);
}

TEST(OnnxErrors, FutureOpset) {
  ModelProto model = small_model();
  model.mutable_opset_import(0)->set_version(99);
  expect_bad(ErrorCode::Unsupported, {"follows opset 99; this build reads 1 to 21"}, model);
}

TEST(OnnxErrors, UnknownOp) {
  ModelProto model = small_model();
  model.mutable_graph()->mutable_node(0)->set_op_type("NonMaxSuppression");
  expect_bad(ErrorCode::Unsupported,
             {"m.onnx: NonMaxSuppression 'Relu_node', node 0 at byte ", "does not have the op"},
             model);
}

TEST(OnnxErrors, OpOfAnotherDomain) {
  ModelProto model = small_model();
  model.mutable_graph()->mutable_node(0)->set_domain("com.microsoft");
  expect_bad(ErrorCode::Unsupported, {"domain 'com.microsoft'"}, model);
}

TEST(OnnxErrors, UnknownAttribute) {
  ModelProto model = small_model();
  add_ints(*model.mutable_graph()->mutable_node(0), "knots", {1});
  expect_bad(ErrorCode::Unsupported, {"attribute 'knots' is not supported"}, model);
}

TEST(OnnxErrors, AttributeOfAnotherType) {
  ModelProto model = small_model();
  NodeProto& node = *model.mutable_graph()->mutable_node(0);
  node.set_op_type("Softmax");
  add_ints(node, "axis", {1});
  expect_bad(ErrorCode::Format, {"Softmax", "attribute 'axis' has type 7 instead of 2"}, model);
}

TEST(OnnxErrors, InputThatNobodyWrites) {
  ModelProto model = small_model();
  model.mutable_graph()->mutable_node(0)->set_input(0, "z");
  expect_bad(ErrorCode::Format, {"input 'z' is written by no node before it"}, model);
}

TEST(OnnxErrors, ValueWrittenTwice) {
  ModelProto model = small_model();
  add_node(*model.mutable_graph(), "Relu", {"x"}, "y");
  expect_bad(ErrorCode::Format, {"node 1", "output 'y' is written twice"}, model);
}

TEST(OnnxErrors, OutputThatNobodyWrites) {
  ModelProto model = small_model();
  model.mutable_graph()->mutable_output(0)->set_name("z");
  expect_bad(ErrorCode::Format, {"output 0", "nothing writes 'z'"}, model);
}

TEST(OnnxErrors, InitializerWithTooFewBytes) {
  ModelProto model = small_model();
  *model.mutable_graph()->add_initializer() = tensor("w", {1000, 1000}, 3);
  expect_bad(ErrorCode::Format, {"initializer 'w'", "need more elements than it holds"}, model);
}

TEST(OnnxErrors, InitializerWithCountlessElements) {
  ModelProto model = small_model();
  *model.mutable_graph()->add_initializer() =
      tensor("w", {0, int64_t{1} << 40, int64_t{1} << 40}, 0);
  expect_bad(ErrorCode::Format, {"initializer 'w'"}, model);
}

TEST(OnnxErrors, InitializerOutsideTheFile) {
  ModelProto model = small_model();
  TensorProto& weight = *model.mutable_graph()->add_initializer();
  weight = tensor("w", {1}, 1);
  weight.set_data_location(TensorProto::EXTERNAL);
  expect_bad(ErrorCode::Unsupported, {"'w'", "outside the file"}, model);
}

TEST(OnnxErrors, InitializerOfUnknownType) {
  ModelProto model = small_model();
  TensorProto& weight = *model.mutable_graph()->add_initializer();
  weight = tensor("w", {2}, 1);
  weight.set_data_type(TensorProto::BFLOAT16);
  expect_bad(ErrorCode::Unsupported, {"'w'", "type BFLOAT16"}, model);
}

TEST(OnnxErrors, ImpossibleInputDimension) {
  ModelProto model = small_model();
  model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_value(int64_t{1} << 62);
  expect_bad(ErrorCode::Format, {"input 0", "impossible dimension"}, model);
}

TEST(OnnxErrors, ConvWithWrongChannels) {
  ModelProto model = small_model();
  GraphProto& graph = *model.mutable_graph();
  graph.clear_input();
  add_input(graph, "x", {1, 2, 8, 8});
  *graph.add_initializer() = tensor("w", {4, 3, 3, 3}, 108);
  graph.mutable_node(0)->set_op_type("Conv");
  graph.mutable_node(0)->add_input("w");
  expect_bad(ErrorCode::Format, {"Conv", "has 2 channels but Filter [4,3,3,3] needs 3"}, model);
}

TEST(OnnxErrors, ReshapeToAComputedShape) {
  ModelProto model = small_model();
  GraphProto& graph = *model.mutable_graph();
  add_input(graph, "s", {2});
  graph.mutable_node(0)->set_op_type("Reshape");
  graph.mutable_node(0)->add_input("s");
  expect_bad(ErrorCode::Unsupported, {"Reshape", "must be an initializer"}, model);
}

TEST(OnnxErrors, WriterNamesTheOpItCannotWrite) {
  Program program;
  Block& block = program.block();
  Var& x = block.add_var("x", DType::Float32, {2, 3}, {.is_data = true});
  Var& y = block.add_var("y", DType::Float32, {});
  block.append_op({.type = "mish", .inputs = {{"X", {&x}}}, .outputs = {{"Out", {&y}}}});
  expect_error(ErrorCode::Unsupported, {"write_onnx: mish 'y': has no ONNX form"}, [&] {
    write_onnx({"x"}, {"y"}, program, Scope());
  });
}

TEST(OnnxErrors, WriterWantsKnownOpset) {
  expect_error(ErrorCode::InvalidArgument, {"opset is 12"}, [] {
    write_onnx({"x"}, {"y"}, Program(), Scope(), {.opset = 12});
  });
}

}  // namespace
}  // namespace intact
