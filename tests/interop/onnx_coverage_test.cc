// The coverage ledger of ONNX files: what is trained is what is read back, and every element that a
// file lacks or has otherwise is reported, by the reader or by the comparison.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx.pb.h>

#include "intact/interop/onnx.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/quant_aware.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

using onnx_proto::AttributeProto;
using onnx_proto::GraphProto;
using onnx_proto::ModelProto;
using onnx_proto::NodeProto;

// A stem, batch norms, a depthwise layer, a residual sum, pools, and a classifier that flattens an
// image of codes.
const char* const kDemo = R"(
  var %x: float32[-1,3,8,8] data stop_gradient
  var %label: int64[-1,1] data stop_gradient
  var %w1: float32[4,3,3,3] persistable parameter
  var %scale: float32[4] persistable parameter
  var %offset: float32[4] persistable parameter
  var %mean: float32[4] persistable
  var %variance: float32[4] persistable
  var %wd: float32[4,1,3,3] persistable parameter
  var %w2: float32[4,4,1,1] persistable parameter
  var %w3: float32[16,5] persistable parameter
  var %b3: float32[5] persistable parameter
  var %w4: float32[5,3] persistable parameter
  var %b4: float32[3] persistable parameter
  Output=%c1 = conv2d(Input=%x, Filter=%w1) {paddings=[1,1]}
  Y=%n1, MeanOut=%mean, VarianceOut=%variance, SavedMean=%m1, SavedVariance=%v1 = batch_norm(X=%c1, Scale=%scale, Bias=%offset, Mean=%mean, Variance=%variance) {is_test=true}
  Out=%r1 = relu(X=%n1)
  Output=%d = depthwise_conv2d(Input=%r1, Filter=%wd) {paddings=[1,1], groups=4}
  Out=%r2 = relu6(X=%d)
  Output=%c2 = conv2d(Input=%r2, Filter=%w2)
  Out=%s = elementwise_add(X=%c2, Y=%r1)
  Out=%p = pool2d(X=%s) {ksize=[4,4], strides=[4,4], pooling_type="max"}
  Out=%f = mul(X=%p, Y=%w3)
  Out=%g = elementwise_add(X=%f, Y=%b3) {axis=1}
  Out=%r3 = relu(X=%g)
  Out=%h = mul(X=%r3, Y=%w4)
  Out=%y = elementwise_add(X=%h, Y=%b4) {axis=1}
  Loss=%loss, Softmax=%prob = softmax_with_cross_entropy(Logits=%y, Label=%label)
  Out=%cost = reduce_mean(X=%loss) {reduce_all=true}
)";

struct Trained {
  InferenceModel model;
  std::string file;
};

Trained train(bool is_portable) {
  QuantConfig config;
  config.deploy = is_portable ? Deploy::Portable : Deploy::Paddle;
  config.quantize_op_types = {"conv2d", "depthwise_conv2d", "mul", "elementwise_add", "pool2d"};
  const Program program = parse_program(kDemo);
  Scope scope;
  uint64_t seed = 1;
  for (const Var* var : program.block().vars()) {
    if (var->is_persistable()) {
      scope.set(var->name(), random_tensor(var->shape(), seed++));
    }
  }
  for (float& value : scope.get("variance").values<float>()) {
    value = 1 + std::abs(value);
  }
  const Program train = quant_aware(program, CpuPlace{}, config, {.scope = &scope});
  for (uint64_t step = 0; step < 2; ++step) {
    interpret(train,
              {{"x", random_tensor({2, 3, 8, 8}, 50 + step)},
               {"label", Tensor::from<int64_t>({2, 1}, {0, 2})}},
              {"cost"},
              scope);
  }
  Trained trained;
  trained.model.program =
      quant_aware(program, CpuPlace{}, config, {.for_test = true, .scope = &scope})
          .prune({"x"}, {"y"});
  trained.model.feeds = {"x"};
  trained.model.fetches = {"y"};
  trained.model.scope = std::move(scope);
  const DeploymentForm form =
      deployment_form(trained.model.program, trained.model.scope, trained.model.fetches);
  trained.file = write_onnx({"x"}, {"y"}, form.program, form.scope);
  return trained;
}

class OnnxCoverage : public testing::TestWithParam<bool> {
 protected:
  OnnxCoverage() { model.ParseFromString(trained.file); }

  /// What says that the model is not the trained one: the reader's error, or differences.
  std::vector<std::string> complaints(const ModelProto& mutated) const {
    try {
      return onnx_differences(trained.model, read_onnx(mutated.SerializeAsString(), "mutated"));
    } catch (const Error& error) {
      return {error.what()};
    }
  }

  void expect_reported(const ModelProto& mutated, const std::string& what) const {
    EXPECT_THAT(complaints(mutated), testing::Not(testing::IsEmpty())) << what;
  }

  Trained trained = train(GetParam());
  ModelProto model;
};

TEST_P(OnnxCoverage, FileHoldsWhatWasTrained) {
  EXPECT_THAT(complaints(model), testing::IsEmpty());
  EXPECT_THAT(onnx_export_differences(trained.model), testing::IsEmpty());
  const InferenceModel file = read_onnx(trained.file, "file");
  const std::vector<QuantizedTensor> tensors = deployed_tensors(file.program, file.scope);
  EXPECT_GE(tensors.size(), 12U);
  for (const QuantizedTensor& tensor : tensors) {
    EXPECT_EQ(tensor.flaw, "") << tensor.name;
    EXPECT_FALSE(tensor.steps.empty()) << tensor.name;
    EXPECT_EQ(tensor.is_weight, !tensor.codes_digest.empty()) << tensor.name;
  }
}

/// What read the node's output reads its first input.
void bypass(GraphProto& graph, int index) {
  const std::string input = graph.node(index).input(0);
  const std::string output = graph.node(index).output(0);
  graph.mutable_node()->DeleteSubrange(index, 1);
  for (NodeProto& node : *graph.mutable_node()) {
    for (std::string& name : *node.mutable_input()) {
      if (name == output) {
        name = input;
      }
    }
  }
  for (auto& info : *graph.mutable_output()) {
    if (info.name() == output) {
      info.set_name(input);
    }
  }
}

TEST_P(OnnxCoverage, EveryDroppedNodeIsReported) {
  ASSERT_GT(model.graph().node_size(), 20);
  for (int i = 0; i < model.graph().node_size(); ++i) {
    const std::string what =
        model.graph().node(i).op_type() + " " + model.graph().node(i).output(0);
    ModelProto dropped = model;
    dropped.mutable_graph()->mutable_node()->DeleteSubrange(i, 1);
    expect_reported(dropped, what + " dropped");
    if (what.starts_with("MaxPool s/")) {
      continue;  // of one element, in front of a sum: bypassed, it is the same model
    }
    ModelProto bypassed = model;
    bypass(*bypassed.mutable_graph(), i);
    expect_reported(bypassed, what + " bypassed");
  }
}

TEST_P(OnnxCoverage, EveryDroppedOrChangedConstantIsReported) {
  ASSERT_GT(model.graph().initializer_size(), 20);
  for (int i = 0; i < model.graph().initializer_size(); ++i) {
    const std::string& name = model.graph().initializer(i).name();
    ModelProto dropped = model;
    dropped.mutable_graph()->mutable_initializer()->DeleteSubrange(i, 1);
    expect_reported(dropped, name + " dropped");
    ModelProto changed = model;
    std::string& raw = *changed.mutable_graph()->mutable_initializer(i)->mutable_raw_data();
    ASSERT_FALSE(raw.empty()) << name;
    for (const size_t byte : {size_t{0}, raw.size() - 1}) {
      raw[byte] = static_cast<char>(raw[byte] ^ 1);
      expect_reported(changed, name + " changed");
      raw[byte] = static_cast<char>(raw[byte] ^ 1);
    }
  }
}

TEST_P(OnnxCoverage, EverySwappedInputIsReported) {
  for (int i = 0; i < model.graph().node_size(); ++i) {
    const NodeProto& node = model.graph().node(i);
    for (int k = 0; k + 1 < node.input_size(); ++k) {
      ModelProto swapped = model;
      swapped.mutable_graph()->mutable_node(i)->mutable_input()->SwapElements(k, k + 1);
      expect_reported(swapped,
                      node.op_type() + " " + node.output(0) + " input " + std::to_string(k));
    }
  }
}

TEST_P(OnnxCoverage, EveryChangedAttributeIsReported) {
  int changed = 0;
  for (int i = 0; i < model.graph().node_size(); ++i) {
    for (int k = 0; k < model.graph().node(i).attribute_size(); ++k) {
      ModelProto mutated = model;
      AttributeProto& attr = *mutated.mutable_graph()->mutable_node(i)->mutable_attribute(k);
      if (attr.type() == AttributeProto::INT) {
        attr.set_i(attr.i() + 1);
      } else if (attr.type() == AttributeProto::INTS) {
        attr.set_ints(0, attr.ints(0) + 1);
      } else {
        continue;
      }
      ++changed;
      expect_reported(mutated, model.graph().node(i).output(0) + " " + attr.name());
    }
  }
  EXPECT_GT(changed, 10);
}

INSTANTIATE_TEST_SUITE_P(Profiles, OnnxCoverage, testing::Bool());

TEST(OnnxCoverageReport, SaysWhichTensorAndHow) {
  const Trained trained = train(true);
  InferenceModel file = read_onnx(trained.file, "file");
  file.scope.get("r1@step").values<float>()[0] *= 2;
  EXPECT_THAT(
      onnx_differences(trained.model, file),
      testing::ElementsAre(testing::AllOf(testing::HasSubstr("'r1' has 8 bits, codes 0..255"),
                                          testing::HasSubstr("step 'r1@step'"))));
  EXPECT_THAT(coverage_json(deployed_tensors(file.program, file.scope)),
              testing::HasSubstr("\"tensor\": \"c1.weight\""));
}

TEST(OnnxDryRun, PortableNetworksOfTheTutorialKindHaveNoGaps) {
  Scope scope;
  const QuantConfig config{.deploy = Deploy::Portable, .coverage = CoveragePolicy::Fail};
  EXPECT_NO_THROW(quant_aware(parse_program(kDemo), CpuPlace{}, config, {.scope = &scope}));
}

// The op in the middle has a Paddle form, but no ONNX form here.
TEST(OnnxDryRun, NamesWhatCannotBeWrittenBeforeTraining) {
  const Program program = parse_program(R"(
    var %x: float32[-1,3,8,8] data stop_gradient
    var %w1: float32[4,3,3,3] persistable parameter
    var %w2: float32[4,4,1,1] persistable parameter
    Output=%c1 = conv2d(Input=%x, Filter=%w1)
    Out=%s = cumsum(X=%c1) {axis=1}
    Output=%c2 = conv2d(Input=%s, Filter=%w2)
    Out=%y = relu(X=%c2)
  )");
  for (const Deploy deploy : {Deploy::Portable, Deploy::Paddle}) {
    Scope scope;
    QuantReport report;
    quant_aware(program, CpuPlace{}, {.deploy = deploy}, {.scope = &scope, .report = &report});
    ASSERT_EQ(report.gaps.size(), deploy == Deploy::Portable ? 1U : 0U);
    if (deploy == Deploy::Portable) {
      EXPECT_EQ(report.gaps[0].op, "cumsum 's'");
      EXPECT_THAT(report.gaps[0].reason, testing::HasSubstr("ONNX"));
      EXPECT_THAT(report.gaps[0].remedy, testing::HasSubstr("deploy"));
    }
  }
  Scope scope;
  expect_error(ErrorCode::InvalidArgument, {"cumsum 's'", "ONNX", "not_quant_pattern"}, [&] {
    quant_aware(program,
                CpuPlace{},
                {.deploy = Deploy::Portable, .coverage = CoveragePolicy::Fail},
                {.scope = &scope});
  });
}

}  // namespace
}  // namespace intact
