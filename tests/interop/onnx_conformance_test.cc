// ONNX's own node tests (Debian's libonnx-testdata): every test whose ops this build has.
#include <gtest/gtest.h>
#include <onnx.pb.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "base/atomic_file.h"
#include "base/check.h"
#include "intact/interop/onnx.h"
#include "intact/ir/interpret.h"
#include "intact/runtime/executor.h"

namespace intact {
namespace {

namespace fs = std::filesystem;

/// ONNX's backend tests allow 1e-3; sums of at most some hundred floats in another order need less.
constexpr double kRelative = 1e-5;
constexpr double kAbsolute = 1e-6;

/// Tests whose ops are known but not in this form; each must fail with this text, and no other may.
const std::map<std::string, std::string> kRefused = {
    {"test_add_uint8", "only float32 and float64 are supported"},
    {"test_averagepool_1d_default", "only [N,C,H,W] is supported"},
    {"test_averagepool_3d_default", "only [N,C,H,W] is supported"},
    {"test_batchnorm_epsilon_training_mode", "output 1"},
    {"test_batchnorm_example_training_mode", "output 1"},
    {"test_clip_default_int8_inbounds", "only float32 and float64 are supported"},
    {"test_clip_default_int8_max", "instead of one float32"},
    {"test_clip_default_int8_min", "instead of one float32"},
    {"test_div_uint8", "only float32 and float64 are supported"},
    {"test_dropout_default_mask", "output 1"},
    {"test_dropout_default_mask_ratio", "output 1"},
    {"test_max_float16", "only float32 and float64 are supported"},
    {"test_max_int16", "only float32 and float64 are supported"},
    {"test_max_int8", "only float32 and float64 are supported"},
    {"test_max_uint16", "has type UINT16"},
    {"test_max_uint32", "has type UINT32"},
    {"test_max_uint64", "has type UINT64"},
    {"test_max_uint8", "only float32 and float64 are supported"},
    {"test_maxpool_1d_default", "only [N,C,H,W] is supported"},
    {"test_maxpool_2d_dilations", "dilations is"},
    {"test_maxpool_2d_uint8", "only float32 and float64 are supported"},
    {"test_maxpool_3d_default", "only [N,C,H,W] is supported"},
    {"test_maxpool_with_argmax_2d_precomputed_pads", "output 1"},
    {"test_maxpool_with_argmax_2d_precomputed_strides", "output 1"},
    {"test_min_float16", "only float32 and float64 are supported"},
    {"test_min_int16", "only float32 and float64 are supported"},
    {"test_min_int8", "only float32 and float64 are supported"},
    {"test_min_uint16", "has type UINT16"},
    {"test_min_uint32", "has type UINT32"},
    {"test_min_uint64", "has type UINT64"},
    {"test_min_uint8", "only float32 and float64 are supported"},
    {"test_mul_uint8", "only float32 and float64 are supported"},
    {"test_pow_types_float", "cast one of them"},
    {"test_pow_types_float32_int32", "cast one of them"},
    {"test_pow_types_float32_int64", "cast one of them"},
    {"test_pow_types_float32_uint32", "has type UINT32"},
    {"test_pow_types_float32_uint64", "has type UINT64"},
    {"test_pow_types_int", "cast one of them"},
    {"test_pow_types_int32_float32", "cast one of them"},
    {"test_pow_types_int64_float32", "cast one of them"},
    {"test_reshape_allowzero_reordered", "allowzero is set"},
    {"test_sub_uint8", "only float32 and float64 are supported"},
    {"test_training_dropout", "it drops at random"},
    {"test_training_dropout_default", "it drops at random"},
    {"test_training_dropout_default_mask", "output 1"},
    {"test_training_dropout_mask", "output 1"},
    {"test_training_dropout_zero_ratio", "it drops at random"},
    {"test_training_dropout_zero_ratio_mask", "output 1"},
};

struct NodeTest {
  fs::path folder;
  onnx_proto::ModelProto model;
};

std::vector<NodeTest> tests_of_known_ops() {
  const std::vector<std::string> types = onnx_op_types();
  const std::set<std::string> known(types.begin(), types.end());
  std::vector<NodeTest> tests;
  for (const fs::directory_entry& entry : fs::directory_iterator(INTACT_ONNX_TESTDATA)) {
    NodeTest test{entry.path(), {}};
    if (!test.model.ParseFromString(read_file((entry.path() / "model.onnx").string()))) {
      ADD_FAILURE() << entry.path() << " cannot be decoded";
    }
    bool is_known = true;
    for (const auto& node : test.model.graph().node()) {
      const bool is_onnx = node.domain().empty() || node.domain() == "ai.onnx";
      is_known = is_known && is_onnx && known.contains(node.op_type());
    }
    for (const auto& input : test.model.graph().input()) {
      is_known = is_known && input.type().has_tensor_type();
    }
    if (is_known && !test.model.graph().node().empty()) {
      tests.push_back(std::move(test));
    }
  }
  std::sort(
      tests.begin(), tests.end(), [](const auto& a, const auto& b) { return a.folder < b.folder; });
  return tests;
}

std::vector<Tensor> load(const fs::path& folder, const std::string& kind, int count) {
  std::vector<Tensor> tensors;
  for (int i = 0; i < count; ++i) {
    const std::string path = (folder / fmt::format("{}_{}.pb", kind, i)).string();
    tensors.push_back(read_onnx_tensor(read_file(path), path));
  }
  return tensors;
}

/// Empty when equal: integers ==, floats within the tolerance.
std::string difference(const Tensor& actual, const Tensor& expected) {
  if (actual.dtype() != expected.dtype() || actual.shape() != expected.shape()) {
    return fmt::format("{} {} instead of {} {}",
                       to_string(actual.dtype()),
                       actual.shape().to_string(),
                       to_string(expected.dtype()),
                       expected.shape().to_string());
  }
  if (!is_float(actual.dtype())) {
    return actual.identical(expected) ? "" : "other integers";
  }
  const Tensor a = actual.cast(DType::Float64);
  const Tensor e = expected.cast(DType::Float64);
  for (int64_t i = 0; i < a.numel(); ++i) {
    const double x = a.data<double>()[i];
    const double y = e.data<double>()[i];
    if (!(std::abs(x - y) <= kAbsolute + kRelative * std::abs(y)) &&
        !(std::isnan(x) && std::isnan(y))) {
      return fmt::format("element {} is {} instead of {}", i, x, y);
    }
  }
  return "";
}

InferenceModel read(const NodeTest& test, const std::vector<Tensor>& inputs, bool binds) {
  OnnxReadOptions options;
  for (int i = 1; binds && i < test.model.graph().input_size(); ++i) {
    options.constants.emplace(test.model.graph().input(i).name(), inputs[static_cast<size_t>(i)]);
  }
  return read_onnx(test.model.SerializeAsString(), test.folder.filename().string(), options);
}

/// Reads with every input fed; where the op wants attributes, with all but the first known.
InferenceModel read_either_way(const NodeTest& test, const std::vector<Tensor>& inputs) {
  try {
    return read(test, inputs, false);
  } catch (const Error&) {
    return read(test, inputs, true);
  }
}

/// Empty when the test passes, else why not.
std::string run(const NodeTest& test, bool use_reference) {
  const fs::path folder = test.folder / "test_data_set_0";
  try {
    const auto inputs = load(folder, "input", test.model.graph().input_size());
    const auto outputs = load(folder, "output", test.model.graph().output_size());
    InferenceModel model = read_either_way(test, inputs);
    TensorMap feeds;
    for (int i = 0; i < test.model.graph().input_size(); ++i) {
      const std::string& name = test.model.graph().input(i).name();
      const auto fed = std::find(model.feeds.begin(), model.feeds.end(), name);
      if (fed != model.feeds.end()) {
        feeds.emplace(name, inputs[static_cast<size_t>(i)]);
      }
    }
    Executor executor(CpuPlace{}, {.use_reference = use_reference});
    const auto results = executor.run(model.program, feeds, model.fetches, model.scope);
    for (size_t i = 0; i < results.size(); ++i) {
      if (const std::string text = difference(results[i], outputs[i]); !text.empty()) {
        return text;
      }
    }
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(OnnxConformance, EveryNodeTestOfKnownOpsPasses) {
  int passed = 0;
  std::set<std::string> types;
  for (const NodeTest& test : tests_of_known_ops()) {
    const std::string name = test.folder.filename().string();
    const auto refused = kRefused.find(name);
    for (const bool use_reference : {true, false}) {
      const std::string problem = run(test, use_reference);
      if (refused == kRefused.end()) {
        EXPECT_EQ(problem, "") << name << (use_reference ? ", reference" : ", Plan");
      } else {
        EXPECT_NE(problem.find(refused->second), std::string::npos) << name << ": " << problem;
      }
    }
    const std::string result = refused == kRefused.end() ? "passes" : "refused: " + refused->second;
    std::printf("%-55s %s\n", name.c_str(), result.c_str());
    passed += refused == kRefused.end() ? 1 : 0;
    for (const auto& node : test.model.graph().node()) {
      types.insert(node.op_type());
    }
  }
  std::printf("%d node tests of %zu op types pass, %zu are refused\n",
              passed,
              types.size(),
              kRefused.size());
  EXPECT_GT(passed, 100);
}

}  // namespace
}  // namespace intact
