#include "intact/quant/quant_aware.h"

#include <gtest/gtest.h>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "intact/nn/activation.h"
#include "support/expect_error.h"
#include "support/quant_net.h"

namespace intact {
namespace {

TEST(QuantAware, LeavesTheCallersProgramAlone) {
  const Program program = parse_program(kQuantNet);
  const std::string before = to_text(program);
  Scope scope = quant_net_scope();
  const Program quantized = quant_aware(program, CpuPlace{}, {}, {.scope = &scope});
  EXPECT_EQ(to_text(program), before);
  EXPECT_NO_THROW(verify(quantized));
  EXPECT_GT(quantized.ops().size(), program.ops().size());
}

TEST(QuantAware, OnlyAddsToTheScope) {
  const Program program = parse_program(kQuantNet);
  Scope scope = quant_net_scope();
  const Scope untouched = scope.clone();
  quant_aware(program, CpuPlace{}, {}, {.scope = &scope});
  for (const std::string& name : untouched.names()) {
    EXPECT_TRUE(scope.get(name).identical(untouched.get(name))) << name;
  }
  EXPECT_TRUE(scope.get("x@scale").identical(Tensor::from<float>({1}, {0.001f})));
  EXPECT_TRUE(scope.get("c1@scale").identical(Tensor::from<float>({1}, {1.0f})));
}

// The reference resets scales when the evaluation program is made after fine-tuning.
TEST(QuantAware, CallOrderDoesNotMatter) {
  const Program program = parse_program(kQuantNet);
  for (const bool onnx_format : {false, true}) {
    const QuantConfig config{.onnx_format = onnx_format};
    std::vector<Tensor> results;
    for (const bool is_early : {false, true}) {
      Scope scope = quant_net_scope();
      const Program train = quant_aware(program, CpuPlace{}, config, {.scope = &scope});
      Program eval;
      if (is_early) {
        eval = quant_aware(program, CpuPlace{}, config, {.for_test = true, .scope = &scope});
      }
      for (uint64_t step = 0; step < 3; ++step) {
        interpret(train, quant_net_batch(10 + step), {"mean"}, scope);
      }
      if (!is_early) {
        eval = quant_aware(program, CpuPlace{}, config, {.for_test = true, .scope = &scope});
      }
      results.push_back(interpret(eval, quant_net_batch(20), {"y"}, scope)[0]);
      EXPECT_NE(scope.get("x@scale").values<float>()[0], 0.001f);
    }
    EXPECT_TRUE(results[0].identical(results[1])) << "onnx_format " << onnx_format;
  }
}

TEST(QuantAware, BothFormatsComputeTheSame) {
  const Program program = parse_program(kQuantNet);
  std::vector<Tensor> results;
  for (const bool onnx_format : {false, true}) {
    Scope scope = quant_net_scope();
    const Program train =
        quant_aware(program, CpuPlace{}, {.onnx_format = onnx_format}, {.scope = &scope});
    for (uint64_t step = 0; step < 3; ++step) {
      results.push_back(interpret(train, quant_net_batch(step), {"y"}, scope)[0]);
    }
  }
  for (size_t step = 0; step < 3; ++step) {
    EXPECT_TRUE(results[step].identical(results[3 + step])) << "step " << step;
  }
}

TEST(QuantAware, ReportNamesEveryOpThatCouldBeQuantized) {
  const Program program = parse_program(kQuantNet);
  Scope scope = quant_net_scope();
  QuantReport report;
  QuantConfig config;
  config.not_quant_pattern = {"w1"};
  quant_aware(program, CpuPlace{}, config, {.scope = &scope, .report = &report});
  EXPECT_EQ(report.format, "V1");
  EXPECT_EQ(report.quantized_count(), 2u);
  std::map<std::string, std::string> reasons;
  for (const QuantReport::Entry& entry : report.ops) {
    reasons[entry.op] = entry.reason;
  }
  const std::map<std::string, std::string> expected = {
      {"conv2d 'c1'", "not_quant_pattern excludes it"},
      {"relu 'r1'", "'relu' is not among the op types to quantize"},
      {"conv2d 'c2'", ""},
      {"mul 'f'", ""},
      {"elementwise_add 'y'", "'elementwise_add' is not among the op types to quantize"},
      {"reduce_mean 'mean'", "'reduce_mean' is not among the op types to quantize"}};
  EXPECT_EQ(reasons, expected);
  ASSERT_EQ(report.find("c2").size(), 1u);
  const QuantReport::Entry& entry = *report.find("c2").front();
  ASSERT_EQ(entry.operands.size(), 2u);
  EXPECT_EQ(entry.operands[0].var, "r1");
  EXPECT_FALSE(entry.operands[0].is_weight);
  EXPECT_EQ(entry.operands[1].var, "w2");
  EXPECT_EQ(entry.operands[1].scale_count, 5u);
  EXPECT_EQ(report.passes.size(), quant_aware_passes().size());
  EXPECT_THAT(report.why("relu"), testing::HasSubstr("relu 'r1' is not quantized"));
  EXPECT_THAT(report.to_text(), testing::HasSubstr("2 of 6 ops quantized, format V1"));
  EXPECT_THAT(report.to_json(), testing::HasSubstr("\"op\": \"conv2d 'c2'\""));
  expect_error(ErrorCode::NotFound, {"no op 'r2'", "nearest"}, [&] { report.why("r2"); });
}

TEST(QuantAware, ReasonsOutliveTheProgramsTextForm) {
  Scope scope = quant_net_scope();
  const Program quantized =
      quant_aware(parse_program(kQuantNet), CpuPlace{}, {}, {.scope = &scope});
  const QuantReport report = inspect_quantization(parse_program(to_text(quantized)), scope);
  EXPECT_THAT(report.why("relu"), testing::HasSubstr("not among the op types"));
}

TEST(QuantAware, FullQuantizationSparesLossAndIntegers) {
  for (const bool onnx_format : {false, true}) {
    Scope scope = quant_net_scope();
    QuantReport report;
    const QuantConfig config{.is_full_quantize = true, .onnx_format = onnx_format};
    const Program quantized = quant_aware(
        parse_program(kQuantNet), CpuPlace{}, config, {.scope = &scope, .report = &report});
    EXPECT_TRUE(report.find("relu").front()->is_quantized);
    EXPECT_EQ(report.find("reduce_mean").front()->reason, "it computes the loss or a metric");
    EXPECT_EQ(report.find("elementwise_add").front()->is_quantized, onnx_format);
  }
}

TEST(QuantAware, ScalesStayWhenTheyAreNotTrainable) {
  Scope scope = quant_net_scope();
  const Program train = quant_aware(parse_program(kQuantNet),
                                    CpuPlace{},
                                    {.scale_trainable = false},
                                    {.scope = &scope, .scale_dict = {{"x", 2}, {"c1", 3}}});
  interpret(train, quant_net_batch(1), {"mean"}, scope);
  EXPECT_TRUE(scope.get("x@scale").identical(Tensor::from<float>({1}, {2})));
  EXPECT_TRUE(scope.get("c1@scale").identical(Tensor::from<float>({1}, {3})));
  EXPECT_TRUE(scope.get("r1@scale").identical(Tensor::from<float>({1}, {0.001f})));
}

TEST(QuantAware, FunctionsReplaceAndPrecedeTheQuantizers) {
  Scope scope = quant_net_scope();
  std::vector<std::string> given;
  const auto relu = [&given](Var& input) -> Var& {
    given.push_back(input.name());
    return nn::relu(input);
  };
  const Program quantized =
      quant_aware(parse_program(kQuantNet),
                  CpuPlace{},
                  {.quantize_op_types = {"mul"}},
                  {.scope = &scope, .act_preprocess_func = relu, .weight_quantize_func = relu});
  EXPECT_EQ(given, (std::vector<std::string>{"w3_tmp_input", "c2_tmp_input"}));
  const Op& mul = *quantized.var("f").producer();
  EXPECT_EQ(mul.input("Y").name(), "w3_relu_0.tmp_0");
  EXPECT_EQ(mul.input("X").name(), "c2.quantized.dequantized");
  EXPECT_EQ(mul.input("X").producer()->input("X").producer()->input("X").name(), "c2_relu_0.tmp_0");
  EXPECT_NO_THROW(verify(quantized));
}

TEST(QuantAware, BadArgumentsAreNamed) {
  Scope scope = quant_net_scope();
  const Program program = parse_program(kQuantNet);
  const auto call = [&](Place place, QuantConfig config, QuantAwareOptions options) {
    options.scope = &scope;
    return quant_aware(program, place, config, options);
  };
  expect_error(
      ErrorCode::Unsupported, {"CudaPlace(0)", "CpuPlace"}, [&] { call(CudaPlace{0}, {}, {}); });
  expect_error(ErrorCode::InvalidArgument, {"quant_post_first", "scale_dict"}, [&] {
    call(CpuPlace{}, {.quant_post_first = true}, {});
  });
  expect_error(ErrorCode::InvalidArgument,
               {"'insert_weight_quant'", "nearest is 'insert_weight_fake_quant'"},
               [&] { call(CpuPlace{}, {}, {.disabled_passes = {"insert_weight_quant"}}); });
  expect_error(ErrorCode::InvalidArgument, {"'x'", "-1"}, [&] {
    call(CpuPlace{}, {}, {.scale_dict = {{"x", -1}}});
  });
  const Program quantized = call(CpuPlace{}, {}, {});
  expect_error(ErrorCode::InvalidArgument, {"quantized already"}, [&] {
    quant_aware(quantized, CpuPlace{}, {}, {.scope = &scope});
  });
}

TEST(QuantAware, V2SaysThatItHasOneActivationType) {
  Scope scope = quant_net_scope();
  QuantReport report;
  quant_aware(parse_program(kQuantNet),
              CpuPlace{},
              {.activation_quantize_type = QuantizeType::RangeAbsMax, .onnx_format = true},
              {.scope = &scope, .report = &report});
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_THAT(report.notes[0], testing::HasSubstr("'range_abs_max' has no V2 form"));
}

}  // namespace
}  // namespace intact
