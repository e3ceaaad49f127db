// A Plan must do what interpret() does: over networks, quantization formats, and with each fusion
// left out.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "intact/base/threads.h"
#include "intact/nn/batch_norm.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/fc.h"
#include "intact/quant/quant_aware.h"
#include "support/check_op.h"
#include "support/plan_agrees.h"
#include "support/random_tensor.h"
#include "support/small_nets.h"

namespace intact {
namespace {

/// Kernels sum in another order than the reference; three steps of training with rate 0.1 amplify
/// float32 rounding (6e-8) to some 1e-5.
constexpr double kTolerance = 2e-4;
/// A code that falls on the other side of a tie moves by a whole step of the quantizer (1/127 of
/// the range). Further training would carry it on, so quantized nets are compared after one step.
constexpr double kQuantTolerance = 2e-2;

enum class Form { Float, QuantV1, QuantV2, PortableV1, PortableV2 };

struct PlanCase {
  std::string net;
  Form form = Form::Float;
  std::string disabled = {};
};

std::string case_name(const testing::TestParamInfo<PlanCase>& info) {
  const auto& [net, form, disabled] = info.param;
  constexpr std::array<const char*, 5> kSuffixes = {
      "Float", "V1", "V2", "PortableV1", "PortableV2"};
  return net + kSuffixes[static_cast<size_t>(form)] +
         (disabled.empty() ? "" : "_without_" + disabled);
}

QuantConfig config_of(Form form) {
  const bool is_portable = form == Form::PortableV1 || form == Form::PortableV2;
  return {.onnx_format = form == Form::QuantV2 || form == Form::PortableV2,
          .deploy = is_portable ? Deploy::Portable : Deploy::Paddle};
}

/// Quantizes a TestProgram; its startup program then also makes the scales.
TestProgram quantized(TestProgram program, Form form, bool for_test) {
  if (form != Form::Float) {
    program.scope = initial_scope(program);
    program.main = quant_aware(program.main,
                               CpuPlace{},
                               config_of(form),
                               {.for_test = for_test, .scope = &*program.scope});
  }
  return program;
}

class PlanAgrees : public testing::TestWithParam<PlanCase> {};

TEST_P(PlanAgrees, WithTheReferenceInTraining) {
  const auto& [net, form, disabled] = GetParam();
  TestProgram program = quantized(small_net(net), form, false);
  if (form != Form::Float) {
    program.batches.resize(1);
  }
  expect_plan_agrees(program, form == Form::Float ? kTolerance : kQuantTolerance);
}

TEST_P(PlanAgrees, WithTheReferenceInEvaluation) {
  const auto& [net, form, disabled] = GetParam();
  const TestProgram program = quantized(small_net_for_test(net), form, true);
  expect_plan_agrees(program, form == Form::Float ? kTolerance : kQuantTolerance);
}

std::vector<PlanCase> plan_cases() {
  std::vector<PlanCase> cases;
  for (const std::string& net : small_net_names()) {
    for (const Form form :
         {Form::Float, Form::QuantV1, Form::QuantV2, Form::PortableV1, Form::PortableV2}) {
      cases.push_back({net, form});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Nets, PlanAgrees, testing::ValuesIn(plan_cases()), case_name);

class FusionAgrees : public testing::TestWithParam<PlanCase> {};

/// Fusions keep each element's arithmetic, up to the order of sums.
TEST_P(FusionAgrees, WithThePlanWithoutIt) {
  const auto& [net, form, disabled] = GetParam();
  const TestProgram program = quantized(small_net(net), form, false);
  Scope scope = initial_scope(program);
  Scope scope_without = initial_scope(program);
  const std::vector<Tensor> with = run_steps(program, scope);
  const std::vector<Tensor> without =
      run_steps(program, scope_without, {.disabled_fusions = {disabled}});
  ASSERT_EQ(with.size(), without.size());
  for (size_t i = 0; i < with.size(); ++i) {
    expect_close(with[i], without[i], kTolerance, fmt::format("result {}", i));
  }
}

std::vector<PlanCase> fusion_cases() {
  std::vector<PlanCase> cases;
  for (const PlanCase& plan_case : plan_cases()) {
    for (const std::string& fusion : plan_fusions()) {
      cases.push_back({plan_case.net, plan_case.form, fusion});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Nets, FusionAgrees, testing::ValuesIn(fusion_cases()), case_name);

/// What steps leave, how many steps of some kinds a run has and what it needs, with a fusion and
/// without.
struct WithAndWithout {
  std::vector<Tensor> results[2];
  int64_t convolutions[2] = {};
  size_t arena_bytes[2] = {};

  WithAndWithout(const TestProgram& program, const std::string& fusion) {
    for (const int without : {0, 1}) {
      std::vector<std::string> disabled(static_cast<size_t>(without), fusion);
      Scope scope = initial_scope(program);
      results[without] = run_steps(program, scope, {.disabled_fusions = disabled});
      Executor executor(CpuPlace{}, {.disabled_fusions = disabled, .profile = true});
      executor.run(program.main, program.batches[0], program.fetches, scope);
      const std::vector<ProfileRow> rows = executor.profile();
      convolutions[without] = std::count_if(rows.begin(), rows.end(), [](const ProfileRow& row) {
        return row.kind == "conv2d" || row.kind == "depthwise_conv2d";
      });
      arena_bytes[without] = executor.peak_arena_bytes();
    }
  }

  void expect_same_bits() const {
    ASSERT_EQ(results[0].size(), results[1].size());
    for (size_t i = 0; i < results[0].size(); ++i) {
      EXPECT_TRUE(results[0][i].identical(results[1][i])) << "result " << i;
    }
  }
};

/// The same kernel on the same codes: the same bits.
TEST(Plan, ComputesConvolutionsOfCodesAgainWithoutChangingABit) {
  const WithAndWithout runs(quantized(small_net("mobile"), Form::QuantV1, false), "recompute_conv");
  EXPECT_GT(runs.convolutions[1], 0);
  EXPECT_EQ(runs.convolutions[0], 2 * runs.convolutions[1]);  // all are cheap in a small net
  runs.expect_same_bits();
}

/// The same products and sums before the activation, so the same bits.
TEST(Plan, ComputesActivationsAgainWithoutChangingABit) {
  const WithAndWithout runs(small_net("mobile"), "recompute_activation");
  EXPECT_LT(runs.arena_bytes[0], runs.arena_bytes[1]);
  runs.expect_same_bits();
}

/// The gradient of the 1x1 convolution waits for the new Scale, so it cannot read the old one.
TEST(Plan, LeavesActivationsWhoseScaleIsOverwritten) {
  const TestProgram program = make_test_program(
      []() -> std::vector<Var*> {
        Var& image = nn::data("image", {-1, 3, 6, 6});
        Var& label = nn::data("label", {-1, 1}, DType::Int64);
        Var& x = nn::conv2d(image, {.filters = 8, .kernel = 3, .bias = std::nullopt});
        Var& normalized = nn::batch_norm(x);
        Var& pointwise = nn::conv2d(normalized, {.filters = 8, .kernel = 1, .bias = std::nullopt});
        Block& block = image.block();
        Var* scale = nullptr;
        for (const Op* op : block.ops()) {
          scale = op->type() == "batch_norm" ? &block.var(op->input("Scale").name()) : scale;
        }
        scale->set_stop_gradient(true);
        block.append_op({.type = "scale",
                         .inputs = {{"X", {scale}}},
                         .outputs = {{"Out", {scale}}},
                         .attrs = {{"scale", 2.0f}}});
        Var& product = block.add_var("product", DType::Float32, pointwise.shape());
        block.append_op({.type = "elementwise_mul",
                         .inputs = {{"X", {&pointwise}}, {"Y", {scale}}},
                         .outputs = {{"Out", {&product}}},
                         .attrs = {{"axis", int32_t{1}}}});
        Var& logits = nn::fc(product, {.size = 5});
        Var& loss = nn::cross_entropy(logits, label);
        append_momentum(loss);
        return {&loss, &logits};
      },
      {{{"image", random_tensor({4, 3, 6, 6}, 1)},
        {"label", Tensor::from<int64_t>({4, 1}, {0, 3, 1, 4})}}});
  expect_plan_agrees(program, kTolerance);
}

TEST(Plan, IsBitIdenticalInTwoRunsAndAtOneAndTwoThreads) {
  for (const std::string& net : small_net_names()) {
    const TestProgram program = quantized(small_net(net), Form::QuantV1, false);
    std::vector<std::vector<Tensor>> results;
    for (const int threads : {2, 2, 1}) {
      set_thread_count(threads);
      Scope scope = initial_scope(program);
      results.push_back(run_steps(program, scope));
    }
    set_thread_count(2);
    for (size_t i = 0; i < results[0].size(); ++i) {
      EXPECT_TRUE(results[0][i].identical(results[1][i])) << net << " result " << i << " twice";
      EXPECT_TRUE(results[0][i].identical(results[2][i])) << net << " result " << i << " threads";
    }
  }
}

/// Every float Var of a network, even those that fusions do away with.
TEST(Plan, FetchesIntermediatesThatFusionsRemove) {
  for (const std::string& net : small_net_names()) {
    TestProgram program = small_net(net);
    program.batches.resize(1);
    program.fetches.clear();
    for (const Op* op : program.main.ops()) {
      for (const auto& [slot, vars] : op->outputs()) {
        for (const Var* var : vars) {
          if (slot != "XShape" && !var->is_persistable()) {
            program.fetches.push_back(var->name());
          }
        }
      }
    }
    const std::vector<std::string> all = program.fetches;
    expect_plan_agrees(program, kTolerance);
    for (const std::string& name : all) {
      program.fetches = {name};
      expect_plan_agrees(program, kTolerance);
    }
  }
}

TEST(Plan, UsesTheFusionsItLists) {
  Executor executor;
  const TestProgram program = quantized(small_net("mobile"), Form::QuantV1, false);
  Scope scope = initial_scope(program);
  const std::string text =
      executor.describe(program.main, program.batches[0], program.fetches, scope);
  EXPECT_THAT(text, testing::HasSubstr("fused_batch_norm ["));
  EXPECT_THAT(text, testing::HasSubstr("fused_batch_norm_grad ["));
  EXPECT_THAT(text, testing::HasSubstr("Codes="));
  EXPECT_THAT(text, testing::HasSubstr("conv2d [int8 0..127]"));
  EXPECT_THAT(text, testing::HasSubstr("depthwise_conv2d [int8 0..127]"));
  EXPECT_THAT(text, testing::HasSubstr("mul [int8 0..127]"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("quantize_dequantize")));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("relu")));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("to_nhwc")));
  EXPECT_THAT(
      text,
      testing::Not(testing::HasSubstr("moving_average_abs_max_scale [simd] (InAccum=batch_norm")));
}

/// What is fetched of a quantized tensor is the codes' view: == what floats would give.
TEST(Plan, CarriesTheCodesOfTheReferenceWhereInputsAreEqual) {
  for (const std::string& net : small_net_names()) {
    for (const Form form : {Form::QuantV1, Form::QuantV2}) {
      TestProgram program = quantized(small_net(net), form, false);
      program.batches.resize(1);
      program.fetches.clear();
      for (const Op* op : program.main.ops()) {
        const bool is_dequantizer = op->type() == "fake_dequantize_max_abs" ||
                                    op->type() == "fake_channel_wise_dequantize_max_abs" ||
                                    op->type() == "dequantize_linear";
        // Weights and the image: nothing was computed on the way to them.
        if (is_dequantizer) {
          const Var& out = *op->outputs().begin()->second.front();
          const std::string source = out.name().substr(0, out.name().find(".quantized"));
          if (source == "image" || program.main.var(source).is_persistable()) {
            program.fetches.push_back(out.name());
          }
        }
      }
      ASSERT_GE(program.fetches.size(), 3U) << net;
      Scope scope = initial_scope(program);
      Scope scope_without = initial_scope(program);
      const std::vector<Tensor> with = run_steps(program, scope);
      const std::vector<Tensor> without =
          run_steps(program, scope_without, {.disabled_fusions = {"carry_codes"}});
      for (size_t i = 0; i < program.fetches.size(); ++i) {
        expect_close(with[i], without[i], 0, net + " " + program.fetches[i]);
      }
    }
  }
}

/// An average that a relu did not make: the sign is not known, so the kernel for -128..127 runs.
TEST(Plan, ChoosesTheKernelByTheSignOfTheActivation) {
  Executor executor;
  const TestProgram program = quantized(small_net("lenet"), Form::QuantV1, false);
  Scope scope = initial_scope(program);
  EXPECT_THAT(executor.describe(program.main, program.batches[0], program.fetches, scope),
              testing::HasSubstr("conv2d [int8 -128..127]"));
}

}  // namespace
}  // namespace intact
