// quant_aware and convert against programs and files that real Paddle wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "intact/data/npy.h"
#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/ir/verify.h"
#include "intact/quant/convert.h"
#include "intact/quant/quant_aware.h"
#include "support/check_op.h"
#include "support/data_path.h"
#include "support/golden_program.h"

namespace intact {
namespace {

struct GoldenCase {
  std::string model;
  std::string tag;
  std::string output;  // softmax
};

/// Both sorted. Prints only the lines that differ.
void expect_same_lines(const std::vector<std::string>& got, const std::vector<std::string>& want) {
  std::vector<std::string> extra;
  std::vector<std::string> missing;
  std::set_difference(got.begin(), got.end(), want.begin(), want.end(), std::back_inserter(extra));
  std::set_difference(
      want.begin(), want.end(), got.begin(), got.end(), std::back_inserter(missing));
  EXPECT_THAT(extra, testing::IsEmpty());
  EXPECT_THAT(missing, testing::IsEmpty());
}

class Golden : public ::testing::TestWithParam<GoldenCase> {
 protected:
  const std::string& model() const { return GetParam().model; }
  const std::string& tag() const { return GetParam().tag; }
  bool is_v2() const { return tag() == "qat_v2"; }

  QuantConfig config() const {
    QuantConfig config = reference_quant_config();
    config.onnx_format = is_v2();
    if (tag() == "qat_v1_range_absmax") {
      config.weight_quantize_type = QuantizeType::AbsMax;
      config.activation_quantize_type = QuantizeType::RangeAbsMax;
      config.window_size = 100;
      config.quantize_op_types.push_back("elementwise_add");
      config.quantize_op_types.push_back("pool2d");
    }
    return config;
  }
  Program program(const std::string& name) const {
    return read_golden_program(model() + "/programs/" + name + ".pb");
  }
  Scope scope(const std::string& prefix) const {
    return golden_scope(model() + "/trace.npz", prefix);
  }
  Scope final_scope() const { return scope(tag() + "_final"); }
  Converted converted(bool save_int8) const {
    const Scope trained = final_scope();
    return convert(
        program(tag() + "_val"), CpuPlace{}, config(), {.save_int8 = save_int8, .scope = &trained});
  }
};

TEST_P(Golden, TrainingProgramHasTheReferencesOps) {
  Scope trained = scope("fp32_step2");
  const Program ours = quant_aware(program("train"), CpuPlace{}, config(), {.scope = &trained});
  EXPECT_NO_THROW(verify(ours));
  expect_same_lines(canonical_ops(ours), canonical_ops(program(tag() + "_train")));
}

TEST_P(Golden, EvaluationProgramHasTheReferencesOps) {
  Scope trained = scope("fp32_step2");
  const Program ours =
      quant_aware(program("val"), CpuPlace{}, config(), {.for_test = true, .scope = &trained});
  EXPECT_NO_THROW(verify(ours));
  expect_same_lines(canonical_ops(ours), canonical_ops(program(tag() + "_val")));
}

TEST_P(Golden, InitialValuesAreTheReferences) {
  Scope trained = scope("fp32_step2");
  quant_aware(program("train"), CpuPlace{}, config(), {.scope = &trained});
  const Scope initial = scope(tag() + "_init");
  size_t compared = 0;
  for (const std::string& name : initial.names()) {
    if (name.find("state") == std::string::npos && name.find("accum") == std::string::npos &&
        !name.starts_with("scales_")) {
      EXPECT_TRUE(trained.get(name).identical(initial.get(name))) << name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 5u);
}

/// The tensor of ours that plays the part of `name` in the reference's model.
const Tensor& counterpart(const std::string& name,
                          const Program& reference,
                          const Program& ours,
                          const Scope& scope) {
  if (!name.starts_with("channel_scale_")) {
    return scope.get(name);
  }
  const Op& reader = *reference.var(name).consumers().front();
  const Op& own = *ours.var(reader.output("Out").name()).producer();
  return scope.get(own.input("Scales").name());
}

TEST_P(Golden, ConvertedTensorsAreTheFilesBitForBit) {
  const Converted result = converted(/*save_int8=*/false);
  const InferenceModel model = load_inference_model(data_path(this->model() + "/" + tag()));
  for (const std::string& name : model.scope.names()) {
    const Tensor& ours = counterpart(name, model.program, result.float_program, result.scope);
    EXPECT_TRUE(ours.identical(model.scope.get(name))) << name;
  }
}

// The reference has no int8 program in V2; ours is its V2 model.
TEST_P(Golden, Int8TensorsAreTheFilesBitForBit) {
  const Converted result = converted(/*save_int8=*/true);
  const InferenceModel model =
      load_inference_model(data_path(this->model() + "/" + tag() + (is_v2() ? "" : "_int8")));
  size_t int8_count = 0;
  for (const std::string& name : model.scope.names()) {
    const Tensor& ours = counterpart(name, model.program, *result.int8_program, result.scope);
    EXPECT_TRUE(ours.identical(model.scope.get(name))) << name;
    int8_count += ours.dtype() == DType::Int8 ? 1 : 0;
  }
  EXPECT_GT(int8_count, 2u);
}

// Without observers, which saving prunes in the reference, and V2's second pairs of the same names.
TEST_P(Golden, FrozenProgramHasTheReferencesOps) {
  const Converted result = converted(/*save_int8=*/true);
  EXPECT_NO_THROW(verify(result.float_program));
  EXPECT_NO_THROW(verify(*result.int8_program));
  std::vector<std::string> expected;
  for (const std::string& line : canonical_ops(program(tag() + "_frozen"))) {
    if (!line.starts_with("moving_average_abs_max_scale:")) {
      expected.push_back(line);
    }
  }
  const Program val = program(tag() + "_val");
  for (const Op* op : val.ops()) {
    if (op->type() == "quantize_linear") {
      const std::string twin = " X=" + op->input("X").name() + ",";
      const std::string twin_codes = " X=" + op->output("Y").name() + ",";
      std::erase_if(expected, [&](const std::string& line) {
        return line.find("only_observer=true") != std::string::npos &&
               (line.find(twin) != std::string::npos || line.find(twin_codes) != std::string::npos);
      });
    }
  }
  expect_same_lines(canonical_ops(result.float_program), expected);
}

TEST_P(Golden, ConvertedModelGivesTheRecordedOutputs) {
  Converted result = converted(/*save_int8=*/false);
  const Program pruned = result.float_program.prune({"image"}, {GetParam().output});
  const Tensor input = load_npy(data_path(model() + "/input.npy"));
  const Tensor want = load_npy(data_path(model() + "/" + tag() + "_out.npy"));
  const Tensor got = interpret(pruned, {{"image", input}}, {GetParam().output}, result.scope)[0];
  // Probabilities; the order of float32 sums differs from Paddle's.
  expect_close(got, want, 1e-5, "converted");
  Scope trained = final_scope();
  const Tensor before = interpret(program(tag() + "_val").prune({"image"}, {GetParam().output}),
                                  {{"image", input}},
                                  {GetParam().output},
                                  trained)[0];
  expect_close(before, got, 1e-6, "before convert");
}

TEST_P(Golden, ConvertTwiceGivesTheSameAndLeavesTheScopeAlone) {
  const Scope trained = final_scope();
  const Scope untouched = trained.clone();
  const Program val = program(tag() + "_val");
  const ConvertOptions options{.save_int8 = true, .scope = &trained};
  const Converted first = convert(val, CpuPlace{}, config(), options);
  const Converted second = convert(val, CpuPlace{}, config(), options);
  ASSERT_EQ(first.scope.names(), second.scope.names());
  for (const std::string& name : first.scope.names()) {
    EXPECT_TRUE(first.scope.get(name).identical(second.scope.get(name))) << name;
  }
  EXPECT_EQ(canonical_ops(first.float_program), canonical_ops(second.float_program));
  for (const std::string& name : untouched.names()) {
    EXPECT_TRUE(trained.get(name).identical(untouched.get(name))) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Paddle,
                         Golden,
                         ::testing::Values(GoldenCase{"lenet", "qat_v1", "fc.tmp_2"},
                                           GoldenCase{"lenet", "qat_v2", "fc.tmp_2"},
                                           GoldenCase{"lenet", "qat_v1_range_absmax", "fc.tmp_2"},
                                           GoldenCase{"mobilenet_s0125", "qat_v1", "fc_0.tmp_2"},
                                           GoldenCase{"mobilenet_s0125", "qat_v2", "fc_0.tmp_2"}),
                         [](const auto& info) { return info.param.model + "_" + info.param.tag; });

}  // namespace
}  // namespace intact
