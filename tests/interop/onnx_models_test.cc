// Float models as ONNX: written, read again and run. tests/clients compares with ONNX Runtime.
#include <gtest/gtest.h>

#include <map>

#include "intact/data/npy.h"
#include "intact/interop/onnx.h"
#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/verify.h"
#include "support/data_path.h"

namespace intact {
namespace {

struct FloatModel {
  std::string model;
  std::string input;
};

void PrintTo(const FloatModel& model, std::ostream* out) {
  *out << model.model;
}

class OnnxModels : public testing::TestWithParam<FloatModel> {
 protected:
  OnnxModels() : model_(load_inference_model(data_path(GetParam().model))) {}

  std::string written() const {
    return write_onnx(model_.feeds, model_.fetches, model_.program, model_.scope);
  }

  InferenceModel model_;
};

std::map<std::string, int> op_counts(const Program& program) {
  std::map<std::string, int> counts;
  for (const Op* op : program.ops()) {
    ++counts[op->type()];
  }
  return counts;
}

TEST_P(OnnxModels, ReadBackComputesTheSameBits) {
  InferenceModel again = read_onnx(written(), "again.onnx");
  verify(again.program);
  ASSERT_EQ(again.feeds, model_.feeds);
  ASSERT_EQ(again.fetches, model_.fetches);
  const TensorMap feeds = {{model_.feeds[0], load_npy(data_path(GetParam().input))}};
  const auto expected = interpret(model_.program, feeds, model_.fetches, model_.scope);
  const auto actual = interpret(again.program, feeds, again.fetches, again.scope);
  EXPECT_TRUE(actual[0].identical(expected[0]));
}

TEST_P(OnnxModels, ReadBackHasTheSameOps) {
  std::map<std::string, int> expected = op_counts(model_.program);
  expected["assign"] = expected["scale"];  // scale by 1 is an Identity
  expected.erase("scale");
  for (const Op* op : model_.program.ops()) {  // mul flattens by itself, Gemm does not
    const bool flattens = op->type() == "mul" && op->input("X").shape().rank() > 2;
    expected["flatten_contiguous_range"] += flattens ? 1 : 0;
  }
  EXPECT_EQ(op_counts(read_onnx(written(), "again.onnx").program), expected);
}

TEST_P(OnnxModels, WritingTwiceGivesTheSameBytes) {
  const std::string bytes = written();
  EXPECT_EQ(written(), bytes);
  const InferenceModel again = read_onnx(bytes, "again.onnx");
  EXPECT_EQ(write_onnx(again.feeds, again.fetches, again.program, again.scope), bytes);
}

INSTANTIATE_TEST_SUITE_P(Golden,
                         OnnxModels,
                         testing::Values(FloatModel{"lenet/float", "lenet/input.npy"},
                                         FloatModel{"mobilenet_s0125/float",
                                                    "mobilenet_s0125/input.npy"},
                                         FloatModel{"zoo/mbv2_tiny", "zoo/mbv2_tiny_in.npy"},
                                         FloatModel{"zoo/resnet_tiny", "zoo/resnet_tiny_in.npy"}));

}  // namespace
}  // namespace intact
