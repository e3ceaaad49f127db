// What is trained is what ships: the codes of every quantized tensor, from the evaluation program
// and from every file made of it.
#include <gtest/gtest.h>

#include <filesystem>

#include "intact/interop/onnx.h"
#include "intact/interop/paddle.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/convert.h"
#include "intact/quant/quant_aware.h"
#include "intact/runtime/integer_model.h"
#include "support/tiny_training.h"

namespace intact {
namespace {

struct Codes {
  TensorMap codes;
  Tensor output;
};

Codes codes_of(const Program& program,
               const Scope& scope,
               const std::string& output,
               const TensorMap& feeds) {
  const DeploymentForm form = deployment_form(program, scope, {output});
  IntegerSession session(IntegerModel::compile(form.program, form.scope, {"image"}, {output}),
                         {.keep_codes = true});
  Codes result{.output = session.run(feeds)[0]};
  result.codes = session.codes();
  return result;
}

void expect_same(const Codes& want, const Codes& got, const std::string& file) {
  ASSERT_EQ(got.codes.size(), want.codes.size()) << file;
  for (const auto& [name, tensor] : want.codes) {
    ASSERT_TRUE(got.codes.contains(name)) << file << ": " << name;
    EXPECT_TRUE(got.codes.at(name).identical(tensor)) << file << ": " << name;
  }
  for (int64_t i = 0; i < want.output.numel(); ++i) {
    // Real outputs of equal codes: a layer behind a flatten may be summed in another order.
    EXPECT_NEAR(got.output.data<float>()[i], want.output.data<float>()[i], 1e-4) << file;
  }
}

/// A trained network in one format and profile, and its files.
class SameCodesTest : public testing::TestWithParam<std::tuple<bool, Deploy>> {
 protected:
  SameCodesTest() {
    config_.onnx_format = std::get<0>(GetParam());
    config_.deploy = std::get<1>(GetParam());
    LoopOptions loop = tiny_.loop();
    DataLoader loader = tiny_.loader();
    Program quantized = quant_aware(tiny_.main, CpuPlace{}, config_, {.scope = &tiny_.scope});
    train_epoch(tiny_.executor, quantized, loader, loop);
    eval_ = quant_aware(tiny_.test, CpuPlace{}, config_, {.for_test = true, .scope = &tiny_.scope});
    feeds_ = {{"image", (*loader.begin()).at("image")}};
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("same_codes_" + std::to_string(config_.onnx_format) + "_" +
               std::to_string(static_cast<int>(config_.deploy)));
    std::filesystem::create_directories(folder_);
  }
  ~SameCodesTest() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  TinyTraining tiny_;
  QuantConfig config_;
  Program eval_;
  TensorMap feeds_;
  std::filesystem::path folder_;
};

TEST_P(SameCodesTest, InEveryFile) {
  const Codes want = codes_of(eval_, tiny_.scope, tiny_.output, feeds_);
  EXPECT_GE(want.codes.size(), 2U);
  const Converted converted =
      convert(eval_, CpuPlace{}, config_, {.save_int8 = true, .scope = &tiny_.scope});
  save_inference_model(
      file("v"), {"image"}, {tiny_.output}, converted.float_program, converted.scope);
  save_inference_model(
      file("int8"), {"image"}, {tiny_.output}, *converted.int8_program, converted.scope);
  const Converted exact = convert(
      eval_, CpuPlace{}, config_, {.save_int8 = true, .exact = true, .scope = &tiny_.scope});
  save_inference_model(file("exact"), {"image"}, {tiny_.output}, exact.float_program, exact.scope);
  save_inference_model(
      file("exact_int8"), {"image"}, {tiny_.output}, *exact.int8_program, exact.scope);
  const DeploymentForm form = deployment_form(eval_, tiny_.scope, {tiny_.output});
  save_onnx_model(file("m.onnx"), {"image"}, {tiny_.output}, form.program, form.scope);
  for (const char* name : {"v", "int8", "exact", "exact_int8", "m.onnx"}) {
    const InferenceModel model = load_model(file(name));
    expect_same(want, codes_of(model.program, model.scope, model.fetches[0], feeds_), name);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats,
                         SameCodesTest,
                         testing::Combine(testing::Bool(),
                                          testing::Values(Deploy::Paddle, Deploy::Portable)));

}  // namespace
}  // namespace intact
