#include "intact/quant/quant_post.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "intact/data/npy.h"
#include "intact/interop/paddle.h"
#include "intact/ir/interpret.h"
#include "intact/nn/batch_norm.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/data.h"
#include "intact/nn/fc.h"
#include "intact/nn/program_guard.h"
#include "support/check_op.h"
#include "support/data_path.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

/// The golden calibration: 32 samples as 4 batches of 8.
void golden_batches(const std::function<void(const TensorMap&)>& use) {
  const Tensor all = load_npy(data_path("ptq_lenet/calib_x.npy"));
  std::vector<int64_t> dims = all.shape().dims();
  dims[0] = 8;
  for (int64_t batch = 0; batch < 4; ++batch) {
    Tensor part(DType::Float32, Shape(dims));
    std::copy_n(all.data<float>() + batch * part.numel(), part.numel(), part.data<float>());
    use({{"image", part}});
  }
}

nlohmann::json golden_case(const std::string& name) {
  std::ifstream file(data_path("ptq_lenet/scales.json"));
  return nlohmann::json::parse(file).at(name);
}

class PtqGolden : public testing::TestWithParam<std::tuple<std::string, bool>> {};

// Every threshold of every algorithm, those of outputs too.
TEST_P(PtqGolden, ThresholdsAreThoseOfPaddle) {
  const auto& [algorithm, onnx_format] = GetParam();
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  const nlohmann::json golden = golden_case(algorithm + "_v2").at("scales");
  const nlohmann::json golden_v1 = golden_case(algorithm + "_v1");
  std::map<std::string, float> want;
  for (const auto& [name, values] : golden.items()) {
    if (values.size() == 1) {
      want[name.substr(0, name.size() - 6)] = values[0].get<float>();
    }
  }
  if (!onnx_format) {
    for (const auto& [name, value] : golden_v1.at("out_threshold").items()) {
      const std::string tensor = name.substr(name.find(':') + 1);
      if (want.contains(tensor)) {
        want[tensor] = value.get<float>();
      }
    }
    want["image"] = golden_v1.at("scales").at("image@scale")[0].get<float>();
  }
  std::vector<std::string> tensors;
  for (const auto& [tensor, value] : want) {
    tensors.push_back(tensor);
  }
  ASSERT_EQ(tensors.size(), 12u);
  const auto got = calibrate(model.program,
                             tensors,
                             golden_batches,
                             {.onnx_format = onnx_format, .round_type = QuantRounding::Reference},
                             {.algorithm = ptq_algorithm(algorithm), .scope = &model.scope});
  for (const auto& [tensor, value] : want) {
    EXPECT_NEAR(got.at(tensor), value, 1e-6 * std::max(1.0f, value)) << tensor;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Algorithms,
    PtqGolden,
    testing::Combine(testing::Values("abs_max", "avg", "hist", "KL", "mse", "emd", "ptf"),
                     testing::Bool()));

// |x| from 0.5 to 1, as an image of dark and bright pixels has: the largest is kept, where the
// reference takes a histogram from 0.5 on for one from 0 on and clips everything to 0.5.
TEST(QuantPost, AHistogramNeedNotBeginAtZero) {
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  const auto batches = [](const std::function<void(const TensorMap&)>& use) {
    Tensor image(DType::Float32, {1, 1, 28, 28});
    for (int64_t i = 0; i < image.numel(); ++i) {
      const float size = 0.5f + 0.5f * static_cast<float>(i) / 783;
      image.data<float>()[i] = i % 2 == 0 ? size : -size;
    }
    use({{"image", image}});
  };
  const auto threshold = [&](const std::string& algorithm, QuantRounding rounding) {
    return calibrate(model.program,
                     {"image"},
                     batches,
                     {.round_type = rounding},
                     {.algorithm = ptq_algorithm(algorithm), .scope = &model.scope})
        .at("image");
  };
  EXPECT_NEAR(threshold("hist", QuantRounding::TiesToEven), 1, 1e-3);
  EXPECT_NEAR(threshold("hist", QuantRounding::Reference), 0.5, 1e-3);
  // Both signs count in the search, too.
  EXPECT_NEAR(threshold("mse", QuantRounding::TiesToEven), 1, 0.02);
}

class PtqOutput : public testing::TestWithParam<std::string> {};

TEST_P(PtqOutput, ConvertedModelComputesWhatPaddlesDoes) {
  const std::string name = GetParam();
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  QuantConfig config{.onnx_format = name.ends_with("v2"), .round_type = QuantRounding::Reference};
  PtqOptions options{.algorithm = PtqAlgorithm::AbsMax, .scope = &model.scope};
  options.bias_correction = name.find("bias") != std::string::npos;
  if (name.find("pertensor") != std::string::npos) {
    config.weight_quantize_type = QuantizeType::AbsMax;
  }
  Converted converted = quant_post_static(model.program, golden_batches, config, options);
  const Tensor got = interpret(converted.float_program,
                               {{"image", load_npy(data_path("lenet/input.npy"))}},
                               model.fetches,
                               converted.scope)[0];
  const Tensor want = load_npy(data_path("ptq_lenet/" + name + "_out.npy"));
  // Probabilities; a code on the other side of a tie moves one by some 1e-3.
  expect_close(got, want, 2e-3, name);
}

INSTANTIATE_TEST_SUITE_P(
    Models,
    PtqOutput,
    testing::Values("abs_max_v1", "abs_max_v2", "abs_max_bias_v1", "abs_max_pertensor_v1"));

TEST(QuantPost, LeavesProgramAndScopeAloneAndHonoursSkips) {
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  const std::vector<std::string> before = model.scope.names();
  QuantConfig config;
  config.not_quant_pattern = {"fc"};
  const Converted converted =
      quant_post_static(model.program, golden_batches, config, {.scope = &model.scope});
  EXPECT_EQ(model.scope.names(), before);
  EXPECT_EQ(converted.report.quantized_count(), 2u);
}

/// Mean squared difference of the class probabilities from the float model's on the golden batches.
double error_of(const InferenceModel& model, Converted& converted) {
  double error = 0;
  golden_batches([&](const TensorMap& feeds) {
    Scope scope = model.scope.clone();
    const Tensor want = interpret(model.program, feeds, model.fetches, scope)[0];
    const Tensor got = interpret(converted.float_program, feeds, model.fetches, converted.scope)[0];
    for (int64_t i = 0; i < want.numel(); ++i) {
      error += std::pow(got.data<float>()[i] - want.data<float>()[i], 2) / want.numel();
    }
  });
  return error;
}

class AdaRound : public testing::TestWithParam<bool> {};

TEST_P(AdaRound, KeepsTheOutputBetterThanTheNearestCodes) {
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  const QuantConfig config{.weight_bits = 4, .onnx_format = GetParam()};
  PtqOptions options{.algorithm = PtqAlgorithm::AbsMax, .scope = &model.scope};
  Converted nearest = quant_post_static(model.program, golden_batches, config, options);
  options.weight_rounding = WeightRounding::Learned;
  Converted learned = quant_post_static(model.program, golden_batches, config, options);
  EXPECT_LT(error_of(model, learned), 0.5 * error_of(model, nearest));
  EXPECT_EQ(learned.report.notes.size(), 3u);
  EXPECT_THAT(learned.report.notes.front(), testing::HasSubstr("codes are not the nearest"));

  int64_t changed = 0;
  for (const std::string& name : model.scope.names()) {
    const Tensor* stored = learned.scope.find(name);
    if (stored == nullptr || !name.ends_with("w_0")) {
      continue;
    }
    const Tensor chosen = stored->cast(DType::Float32);
    const Tensor plain = nearest.scope.get(name).cast(DType::Float32);
    for (int64_t i = 0; i < chosen.numel(); ++i) {
      const float code = chosen.data<float>()[i];
      EXPECT_EQ(code, std::nearbyint(code));
      EXPECT_LE(std::abs(code - plain.data<float>()[i]), 1);
      changed += code != plain.data<float>()[i] ? 1 : 0;
    }
  }
  EXPECT_GT(changed, 0);
}

INSTANTIATE_TEST_SUITE_P(Formats, AdaRound, testing::Bool());

TEST(QuantPost, OptimizeModelFoldsBatchNormBeforeItQuantizes) {
  Program program;
  Program startup;
  const ProgramGuard guard(program, startup);
  Var& x = nn::data("x", {-1, 3, 8, 8});
  Var& conv = nn::conv2d(x, {.filters = 4, .kernel = 3});
  Var& y = nn::fc(nn::batch_norm(conv, {.activation = "relu"}), {.size = 5});
  Scope scope;
  interpret(startup, {}, {}, scope);
  scope.set("batch_norm_0.w_1", Tensor::from<float>({4}, {0.2f, -0.1f, 0.3f, 0.0f}));
  scope.set("batch_norm_0.w_2", Tensor::from<float>({4}, {0.5f, 2.0f, 1.0f, 4.0f}));
  const Program eval = program.clone_for_test();
  const TensorMap feeds = {{"x", random_tensor({16, 3, 8, 8}, 1)}};
  const auto batches = [&](const auto& use) { use(feeds); };
  const std::vector<std::string> before = scope.names();
  Converted made = quant_post_static(
      eval,
      batches,
      {},
      {.algorithm = PtqAlgorithm::AbsMax, .optimize_model = true, .scope = &scope});
  EXPECT_EQ(scope.names(), before);
  for (const Op* op : made.float_program.ops()) {
    EXPECT_NE(op->type(), "batch_norm");
  }
  EXPECT_EQ(made.report.passes.front().name, optimize_model_passes().front());
  const Tensor want = interpret(eval, feeds, {y.name()}, scope)[0];
  const Tensor got = interpret(made.float_program, feeds, {y.name()}, made.scope)[0];
  expect_close(got, want, 0.03, "folded");  // some steps of 8 bits
}

TEST(QuantPost, RefusesWhatItCannotDo) {
  const InferenceModel model = load_inference_model(data_path("lenet/float"));
  const auto refused = [&](const QuantConfig& config, PtqOptions options) {
    options.scope = &model.scope;
    quant_post_static(model.program, golden_batches, config, options);
  };
  const PtqOptions learned{.weight_rounding = WeightRounding::Learned};
  expect_error(ErrorCode::InvalidArgument, {"adaround", "portable"}, [&] {
    refused({.deploy = Deploy::Portable}, learned);
  });
  expect_error(ErrorCode::InvalidArgument, {"adaround needs scales per channel", "abs_max"}, [&] {
    refused({.weight_quantize_type = QuantizeType::AbsMax}, learned);
  });
  expect_error(ErrorCode::InvalidArgument, {"bias_correction rounds anew"}, [&] {
    refused({}, {.bias_correction = true, .weight_rounding = WeightRounding::Learned});
  });
  expect_error(ErrorCode::InvalidArgument, {"rounding_steps is 0"}, [&] {
    refused({}, {.rounding_steps = 0});
  });
  expect_error(ErrorCode::InvalidArgument, {"weight rounding 'up'", "adaround"}, [] {
    weight_rounding("up");
  });
  expect_error(ErrorCode::InvalidArgument, {"'max' is no algorithm", "abs_max, avg"}, [] {
    ptq_algorithm("max");
  });
  expect_error(ErrorCode::InvalidArgument, {"no batch"}, [&] {
    quant_post_static(model.program, [](const auto&) {}, {}, {.scope = &model.scope});
  });
  expect_error(ErrorCode::InvalidArgument, {"hist_percent is 0"}, [&] {
    calibrate(
        model.program, {"image"}, golden_batches, {}, {.hist_percent = 0, .scope = &model.scope});
  });
  expect_error(ErrorCode::InvalidArgument, {"bias_correction", "portable"}, [&] {
    quant_post_static(model.program,
                      golden_batches,
                      {.deploy = Deploy::Portable},
                      {.bias_correction = true, .scope = &model.scope});
  });
}

}  // namespace
}  // namespace intact
